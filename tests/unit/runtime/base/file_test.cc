#include "runtime/base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

class FileTest : public ::testing::Test {
 protected:
  const TemporaryDirectory tmp_;
};

TEST_F(FileTest, ReadsWithALimit) {
  replace_file(tmp_ / "f", "12345", false);
  EXPECT_EQ(read_file(tmp_ / "f", 5), "12345");
  EXPECT_THROW(read_file(tmp_ / "f", 4), Error);
  EXPECT_THROW(read_file(tmp_ / "none"), SysError);
  EXPECT_EQ(read_file_if_exists(tmp_ / "none"), std::nullopt);
  EXPECT_EQ(read_file_if_exists(tmp_ / "f/below"), std::nullopt);
  EXPECT_THAT(read_file_if_exists(tmp_ / "f"), Optional(std::string("12345")));
}

TEST_F(FileTest, ReplaceLeavesOneFileWithExactlyThatMode) {
  const mode_t before = umask(0077);
  replace_file(tmp_ / "f", "old", true, 0644);
  replace_file(tmp_ / "f", "new", false, 0664);
  umask(before);
  struct stat info;
  ASSERT_EQ(stat((tmp_ / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0664u);
  EXPECT_EQ(read_file(tmp_ / "f"), "new");
  EXPECT_THAT(list_directory(tmp_.path()), ElementsAre("f"));
}

TEST_F(FileTest, AFailedReplaceLeavesNothingBehind) {
  make_directories(tmp_ / "f/in the way");
  EXPECT_THROW(replace_file(tmp_ / "f", "x", true), SysError);
  EXPECT_THAT(list_directory(tmp_.path()), ElementsAre("f"));
}

TEST_F(FileTest, WriteExistingDoesNotCreate) {
  EXPECT_THROW(write_existing(tmp_ / "f", "x"), SysError);
  EXPECT_FALSE(exists(tmp_ / "f"));
  EXPECT_THROW(write_existing("/dev/full", "x"), SysError);
  EXPECT_NO_THROW(write_existing("/dev/null", "x"));
}

TEST_F(FileTest, ExistsDoesNotFollowALink) {
  ASSERT_EQ(symlink("nowhere", (tmp_ / "l").c_str()), 0);
  EXPECT_TRUE(exists(tmp_ / "l"));
  EXPECT_FALSE(exists(tmp_ / "nowhere"));
}

TEST_F(FileTest, MakesDirectoriesOnce) {
  make_directories(tmp_ / "a/b//c/");
  make_directories(tmp_ / "a/b/c");
  EXPECT_THAT(list_directory(tmp_ / "a/b"), ElementsAre("c"));
  replace_file(tmp_ / "f", "", false);
  EXPECT_THROW(make_directories(tmp_ / "f"), SysError);
  EXPECT_THROW(make_directories(tmp_ / "f/x"), SysError);
}

TEST_F(FileTest, ListsSortedAndNothingForAMissingDirectory) {
  for (const char* name : {"b", "a", ".h"}) replace_file(tmp_ / name, "", false);
  EXPECT_THAT(list_directory(tmp_.path()), ElementsAre(".h", "a", "b"));
  EXPECT_TRUE(list_directory(tmp_ / "none").empty());
  EXPECT_THROW(list_directory(tmp_ / "a"), SysError);
}

TEST_F(FileTest, RemoveTreeDoesNotFollowLinks) {
  make_directories(tmp_ / "keep/deep");
  replace_file(tmp_ / "keep/deep/f", "x", false);
  make_directories(tmp_ / "go/sub");
  ASSERT_EQ(symlink("../keep", (tmp_ / "go/l").c_str()), 0);
  ASSERT_EQ(symlink("../../keep/deep", (tmp_ / "go/sub/l").c_str()), 0);
  ASSERT_EQ(symlink("keep", (tmp_ / "top").c_str()), 0);
  ASSERT_EQ(mkfifo((tmp_ / "go/fifo").c_str(), 0600), 0);
  remove_tree(tmp_ / "go");
  remove_tree(tmp_ / "top");
  remove_tree(tmp_ / "missing");
  EXPECT_THAT(list_directory(tmp_.path()), ElementsAre("keep"));
  EXPECT_EQ(read_file(tmp_ / "keep/deep/f"), "x");
}

TEST_F(FileTest, RemoveTreeTakesDirectoriesWithoutPermissions) {
  make_directories(tmp_ / "go/sub/sub");
  replace_file(tmp_ / "go/sub/f", "x", false);
  ASSERT_EQ(chmod((tmp_ / "go/sub").c_str(), 0), 0);
  ASSERT_EQ(chmod((tmp_ / "go").c_str(), 0500), 0);
  remove_tree(tmp_ / "go/");
  EXPECT_FALSE(exists(tmp_ / "go"));
}

TEST_F(FileTest, TreesMayBeDeeperThanPathsAndDescriptors) {
  constexpr int kLevels = 4096;
  make_directories(tmp_ / "deep");
  Fd at = open_file(tmp_ / "deep", O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < kLevels; ++i) {
    ASSERT_EQ(mkdirat(at.get(), "directory", 0755), 0);
    at = open_at(at.get(), "directory", O_RDONLY | O_DIRECTORY);
  }
  const Fd file = open_at(at.get(), "f", O_WRONLY | O_CREAT, 0600);
  write_all(file.get(), std::string(100'000, 'x'), "f");
  EXPECT_GE(disk_usage(tmp_ / "deep"), 100'000u);
  remove_tree(tmp_ / "deep");
  EXPECT_FALSE(exists(tmp_ / "deep"));
}

TEST_F(FileTest, DiskUsageCountsAHardLinkOnce) {
  make_directories(tmp_ / "t/sub");
  replace_file(tmp_ / "t/a", std::string(1 << 20, 'x'), false);
  const uint64_t one = disk_usage(tmp_ / "t");
  EXPECT_GE(one, 1u << 20);
  ASSERT_EQ(link((tmp_ / "t/a").c_str(), (tmp_ / "t/sub/b").c_str()), 0);
  ASSERT_EQ(symlink("/usr", (tmp_ / "t/l").c_str()), 0);
  EXPECT_LT(disk_usage(tmp_ / "t"), one + (64 << 10));
  EXPECT_EQ(disk_usage(tmp_ / "none"), 0u);
}

TEST_F(FileTest, SyncsWhatExists) {
  EXPECT_NO_THROW(sync_directory(tmp_.path()));
  EXPECT_NO_THROW(sync_filesystem(tmp_.path()));
  EXPECT_THROW(sync_directory(tmp_ / "none"), SysError);
}

}  // namespace
}  // namespace mini
