#include "runtime/base/root.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini {
namespace {

using ::testing::Optional;
using namespace std::string_literals;

int error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const SysError& error) {
    return error.code();
  }
  return 0;
}

// outside/secret is what no path may reach; the root is inside/.
class RootTest : public ::testing::Test {
 protected:
  RootTest() : root_((make_directories(tmp_ / "inside/etc"), tmp_ / "inside")) {
    make_directories(tmp_ / "outside");
    replace_file(tmp_ / "outside/secret", "host", false);
    replace_file(tmp_ / "inside/etc/passwd", "guest", false);
  }

  void link(const std::string& target, const std::string& name) {
    ASSERT_EQ(symlink(target.c_str(), (tmp_ / ("inside/" + name)).c_str()), 0);
  }

  std::optional<std::string> read(const std::string& path) const {
    return root_.read_regular(path, 100);
  }

  const TemporaryDirectory tmp_;
  const Root root_;
};

TEST_F(RootTest, AbsoluteAndRelativeAreTheSame) {
  for (const char* path : {"etc/passwd", "/etc/passwd", "//etc//./passwd", "../../etc/passwd",
                           "/../etc/../../etc/passwd"}) {
    EXPECT_THAT(read(path), Optional("guest"s)) << path;
  }
}

TEST_F(RootTest, LinksStayInside) {
  link("/etc/passwd", "absolute");
  link("../../../../../../etc/passwd", "upward");
  link(tmp_ / "outside", "escape");
  link("../outside/secret", "beside");
  link("/", "top");
  EXPECT_THAT(read("absolute"), Optional("guest"s));
  EXPECT_THAT(read("upward"), Optional("guest"s));
  EXPECT_EQ(read("escape/secret"), std::nullopt);
  EXPECT_EQ(read("beside"), std::nullopt);
  EXPECT_EQ(read("top/../outside/secret"), std::nullopt);
  EXPECT_THAT(read("top/top/top/etc/passwd"), Optional("guest"s));
}

TEST_F(RootTest, FollowsFortyLinksAndNotFortyOne) {
  link("/etc/passwd", "l1");
  for (int i = 2; i <= 41; ++i) link(cat("l", i - 1), cat("l", i));
  EXPECT_THAT(read("l40"), Optional("guest"s));
  EXPECT_EQ(error_of([&] { root_.open("l41", O_RDONLY); }), ELOOP);
}

TEST_F(RootTest, MagicLinksLeadNowhere) {
  const Root proc("/proc");
  EXPECT_EQ(error_of([&] { proc.open("self/root/etc", O_PATH); }), ELOOP);
  EXPECT_EQ(error_of([&] { proc.open("self/exe", O_RDONLY); }), ELOOP);
  EXPECT_EQ(error_of([&] { proc.open(cat("self/fd/", proc.fd()), O_PATH); }), ELOOP);
  EXPECT_EQ(proc.open_if_exists("self/cwd", O_PATH), std::nullopt);
}

TEST_F(RootTest, ANulByteDoesNotCutThePath) {
  EXPECT_EQ(error_of([&] { root_.open("etc/passwd\0.txt"s, O_RDONLY); }), EINVAL);
  EXPECT_EQ(error_of([&] { root_.parent_of("etc/x\0y"s); }), EINVAL);
  EXPECT_EQ(error_of([&] { root_.make_directories("a\0b"s); }), EINVAL);
}

TEST_F(RootTest, OpenIfExistsTellsMissingFromBroken) {
  EXPECT_FALSE(root_.open_if_exists("none", O_RDONLY));
  EXPECT_FALSE(root_.open_if_exists("etc/passwd/x", O_RDONLY));
  EXPECT_TRUE(root_.open_if_exists("", O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(error_of([&] { root_.open_if_exists(std::string(5000, 'x'), O_RDONLY); }),
            ENAMETOOLONG);
}

TEST_F(RootTest, CreatesThroughALinkOnlyInside) {
  link(tmp_ / "outside/new", "l");
  EXPECT_EQ(error_of([&] { root_.open("l", O_WRONLY | O_CREAT, 0600); }), ENOENT);
  root_.open("etc/new", O_WRONLY | O_CREAT | O_EXCL, 0600);
  EXPECT_TRUE(exists(tmp_ / "inside/etc/new"));
  EXPECT_FALSE(exists(tmp_ / "outside/new"));
}

TEST_F(RootTest, MakesDirectoriesThroughLinks) {
  link("/c", "a");
  make_directories(tmp_ / "inside/c");
  root_.make_directories("a/b");
  EXPECT_TRUE(exists(tmp_ / "inside/c/b"));
  root_.make_directories("/x/../y/z/");
  EXPECT_TRUE(exists(tmp_ / "inside/x"));
  EXPECT_TRUE(exists(tmp_ / "inside/y/z"));
  root_.make_directories("/");
}

TEST_F(RootTest, MakesTheTargetOfADanglingLinkInside) {
  link("/run", "etc/run");
  link("../../../../outside/made", "etc/up");
  root_.make_directories("etc/run/lock");
  EXPECT_TRUE(exists(tmp_ / "inside/run/lock"));
  root_.make_directories("etc/up/x");
  EXPECT_TRUE(exists(tmp_ / "inside/outside/made/x"));
  EXPECT_FALSE(exists(tmp_ / "outside/made"));
}

TEST_F(RootTest, ALoopOfLinksEnds) {
  link("two", "one");
  link("one", "two");
  EXPECT_EQ(error_of([&] { root_.make_directories("one/x"); }), ELOOP);
  link("self/x", "self");
  EXPECT_EQ(error_of([&] { root_.make_directories("self"); }), ELOOP);
}

TEST_F(RootTest, MakesPathsLongerThanPathMax) {
  std::string path;
  for (int i = 0; i < 4096; ++i) path += "/d";
  EXPECT_TRUE(root_.make_directories(path));
}

TEST_F(RootTest, AFileInTheWayIsAnError) {
  EXPECT_EQ(error_of([&] { root_.make_directories("etc/passwd"); }), ENOTDIR);
  EXPECT_EQ(error_of([&] { root_.make_directories("etc/passwd/x"); }), ENOTDIR);
}

TEST_F(RootTest, ParentOfSplits) {
  auto [dir, name] = root_.parent_of("/etc/passwd");
  EXPECT_EQ(name, "passwd");
  EXPECT_EQ(faccessat(dir.get(), "passwd", F_OK, 0), 0);
  EXPECT_EQ(root_.parent_of("top").second, "top");
  EXPECT_EQ(root_.parent_of("new/deep/f", true).second, "f");
  EXPECT_TRUE(exists(tmp_ / "inside/new/deep"));
  EXPECT_EQ(error_of([&] { root_.parent_of("missing/f"); }), ENOENT);
  for (const char* path : {"", "/", ".", "..", "a/", "a/.", "a/.."}) {
    EXPECT_EQ(error_of([&] { root_.parent_of(path); }), EINVAL) << path;
  }
}

TEST_F(RootTest, ReadRegularRefusesWhatIsNoSmallFile) {
  ASSERT_EQ(mkfifo((tmp_ / "inside/fifo").c_str(), 0600), 0);
  EXPECT_THROW(root_.read_regular("fifo", 100), Error);
  EXPECT_THROW(root_.read_regular("etc", 100), Error);
  EXPECT_THROW(root_.read_regular("etc/passwd", 4), Error);
  EXPECT_THAT(root_.read_regular("etc/passwd", 5), Optional("guest"s));
  EXPECT_THROW(Root("/dev").read_regular("zero", 100), Error);
}

// Someone swaps a directory for a link to the outside all the time: `..` and the link still lead
// inside, and no rename makes it fail for good.
TEST_F(RootTest, ARaceDoesNotLeadOutside) {
  make_directories(tmp_ / "inside/swap");
  replace_file(tmp_ / "inside/swap/secret", "guest", false);
  link("../outside", "other");
  const std::string one = tmp_ / "inside/swap", two = tmp_ / "inside/other";
  const pid_t swapper = fork();
  if (swapper == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, two.c_str(), RENAME_EXCHANGE);
  }
  int found = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto text = read("swap/../swap/secret");
    if (!text) continue;
    EXPECT_EQ(*text, "guest");
    ++found;
  }
  EXPECT_GT(found, 0);
  kill(swapper, SIGKILL);
  waitpid(swapper, nullptr, 0);
}

TEST_F(RootTest, ResolvesToThePathInside) {
  link("/etc", "l");
  link("/l/../etc/passwd", "m");
  EXPECT_EQ(root_.resolve("l/passwd"), "/etc/passwd");
  EXPECT_EQ(root_.resolve("m"), "/etc/passwd");
  EXPECT_EQ(root_.resolve("../../.."), "/");
  EXPECT_EQ(Root("/").resolve("usr"), "/usr");
  EXPECT_EQ(error_of([&] { root_.resolve("none"); }), ENOENT);
}

TEST(CleanPath, IsLexicalAndNeverLeaves) {
  const std::pair<const char*, const char*> table[] = {{"a//b/./c/..", "a/b"},
                                                       {"../x", "x"},
                                                       {"/..", "/"},
                                                       {"/../../a", "/a"},
                                                       {"", ""},
                                                       {".", ""},
                                                       {"a/..", ""},
                                                       {"/", "/"},
                                                       {"a/b/", "a/b"},
                                                       {"...", "..."},
                                                       {"/a/../../b", "/b"},
                                                       {"..a/b", "..a/b"}};
  for (const auto& [path, clean] : table) EXPECT_EQ(clean_path(path), clean) << path;
}

TEST(Root, KernelFilesAreNotReadAsIfTheyWereContent) {
  EXPECT_THROW(Root("/").read_regular("/proc/version", 4096), Error);
  EXPECT_THROW(Root("/").read_regular("/sys/kernel/uevent_seqnum", 4096), Error);
}

}  // namespace
}  // namespace mini
