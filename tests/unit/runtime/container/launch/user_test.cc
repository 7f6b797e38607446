#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/container/launch/launch.h"

namespace mini::container {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ResolveUser : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/mini-user-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    make_directories(root_ + "/etc");
    put("/etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nann:x:1000:100:Ann:/home/ann:/bin/sh\n1:x:77:77::/"
        ":\nbad:x:-1:0::/:\n");
    put("/etc/group", "root:x:0:\nusers:x:100:\nwheel:x:10:root,ann\naudio:x:29:ann\n5:x:66:\n");
    fd_ = open_file(root_, O_PATH | O_DIRECTORY);
  }
  void TearDown() override { remove_tree(root_); }
  void put(const std::string& path, const std::string& text) {
    replace_file(root_ + path, text, false);
  }
  ResolvedUser resolve(const std::string& user, const std::vector<std::string>& groups = {}) {
    return resolve_user(fd_.get(), user, groups);
  }
  std::string error_of(const std::string& user) {
    try {
      resolve(user);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  std::string root_;
  Fd fd_;
};

TEST_F(ResolveUser, Names) {
  const auto ann = resolve("ann");
  EXPECT_EQ(ann.user.uid, 1000u);
  EXPECT_EQ(ann.user.gid, 100u);
  EXPECT_EQ(ann.home, "/home/ann");
  EXPECT_THAT(ann.user.additional_gids, ElementsAre(100, 10, 29));
}

TEST_F(ResolveUser, EmptyIsRoot) {
  const auto root = resolve("");
  EXPECT_EQ(root.user.uid, 0u);
  EXPECT_EQ(root.home, "/root");
  EXPECT_THAT(root.user.additional_gids, ElementsAre(0, 10));
}

TEST_F(ResolveUser, AGroupReplacesThoseOfTheAccount) {
  const auto ann = resolve("ann:wheel", {"audio", "4000"});
  EXPECT_EQ(ann.user.gid, 10u);
  EXPECT_THAT(ann.user.additional_gids, ElementsAre(10, 29, 4000));
}

TEST_F(ResolveUser, ANumberWithoutAccount) {
  const auto user = resolve("4321:99");
  EXPECT_EQ(user.user.uid, 4321u);
  EXPECT_EQ(user.user.gid, 99u);
  EXPECT_EQ(user.home, "/");
}

TEST_F(ResolveUser, CVE_2026_30892_NumbersAreNeverNames) {
  EXPECT_EQ(resolve("1").user.uid, 1u);
  EXPECT_EQ(resolve("0:5").user.gid, 5u);
}

TEST_F(ResolveUser, CVE_2026_46680_StrictNumbers) {
  EXPECT_THAT(error_of("4294967296"), HasSubstr("out of range"));
  EXPECT_THAT(error_of("4294967295"), HasSubstr("out of range"));
  EXPECT_THAT(error_of("99999999999999999999"), HasSubstr("out of range"));
  for (const char* text : {"-1", "+1", " 1", "1 ", "0x1", "1e3"})
    EXPECT_THAT(error_of(text), HasSubstr("not found")) << text;
  EXPECT_THAT(error_of("bad"), HasSubstr("no valid ids"));
  EXPECT_THAT(error_of("ann:"), HasSubstr("no group after the colon"));
}

TEST_F(ResolveUser, CVE_2024_9676_HostileFiles) {
  put("/etc/passwd", std::string((1 << 20) + 1, 'x'));
  EXPECT_THAT(error_of("ann"), HasSubstr("passwd"));
  unlink((root_ + "/etc/passwd").c_str());
  ASSERT_EQ(mkfifo((root_ + "/etc/passwd").c_str(), 0600), 0);
  EXPECT_THAT(error_of("ann"), HasSubstr("passwd"));
  unlink((root_ + "/etc/passwd").c_str());
  ASSERT_EQ(symlink("/proc/self/environ", (root_ + "/etc/passwd").c_str()), 0);
  EXPECT_THAT(error_of("ann"), HasSubstr("not found"));
}

TEST_F(ResolveUser, CVE_2022_2990_ThePrimaryGroupIsAlsoSupplementary) {
  EXPECT_THAT(resolve("4321:99").user.additional_gids, ElementsAre(99));
}

}  // namespace
}  // namespace mini::container
