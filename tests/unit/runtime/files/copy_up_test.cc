#include "runtime/files/copy_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/runtime/files/overlay_layers.h"

namespace mini::files {
namespace {

using testing::ElementsAre;

using CopyUpTest = OverlayLayers;

TEST_F(CopyUpTest, CopyUpFillsAnEmptyVolumeOnceAndFollowsNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "owners can be set by root only";
  file("one/data/file", "content");
  file("two/data/sub/deep", "deep");
  link("two/data/link", "/etc/passwd");
  ASSERT_EQ(chmod((directory_ + "/two/data/sub").c_str(), 0750), 0);
  ASSERT_EQ(chown((directory_ + "/two/data").c_str(), 5, 6), 0);
  const std::string volume = directory_ + "/volume";
  make_directories(volume + "/_data");
  copy_up(overlay_, "/data", volume);
  EXPECT_EQ(read_file(volume + "/_data/file"), "content");
  EXPECT_EQ(read_file(volume + "/_data/sub/deep"), "deep");
  char target[32] = {};
  EXPECT_GT(readlink((volume + "/_data/link").c_str(), target, sizeof target - 1), 0);
  EXPECT_STREQ(target, "/etc/passwd");
  struct stat info;
  ASSERT_EQ(stat((volume + "/_data").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 5u);
  EXPECT_EQ(info.st_gid, 6u);
  ASSERT_EQ(stat((volume + "/_data/sub").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0750u);

  remove_tree(volume + "/_data/file");
  copy_up(overlay_, "/data", volume);  // not empty any more: left alone
  EXPECT_FALSE(exists(volume + "/_data/file"));
  EXPECT_FALSE(exists(volume + "/_copy"));
}

TEST_F(CopyUpTest, HardLinksStay) {
  file("one/data/a", "content");
  ASSERT_EQ(::link((directory_ + "/one/data/a").c_str(), (directory_ + "/one/data/b").c_str()), 0);
  const std::string volume = directory_ + "/volume";
  make_directories(volume + "/_data");
  copy_up(overlay_, "/data", volume);
  struct stat a, b;
  ASSERT_EQ(stat((volume + "/_data/a").c_str(), &a), 0);
  ASSERT_EQ(stat((volume + "/_data/b").c_str(), &b), 0);
  EXPECT_EQ(a.st_ino, b.st_ino);
}

TEST_F(CopyUpTest, AVolumesDirectoryStaysTheOneThatOthersHaveMounted) {
  file("one/data/file", "content");
  ASSERT_EQ(chmod((directory_ + "/one/data").c_str(), 0750), 0);
  const std::string volume = directory_ + "/volume";
  make_directories(volume + "/_data");
  struct stat before, after;
  ASSERT_EQ(stat((volume + "/_data").c_str(), &before), 0);
  copy_up(overlay_, "/data", volume);
  ASSERT_EQ(stat((volume + "/_data").c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(after.st_mode & 07777, 0750u);
  EXPECT_THAT(list_directory(volume), ElementsAre("_data"));
}

TEST_F(CopyUpTest, AKilledCopyIsFinishedAndTakesNothingAway) {
  file("one/data/ignored", "the copy was made before");
  file("volume/_ready/moved", "old");
  file("volume/_ready/both", "image");
  file("volume/_data/both", "container");
  file("volume/_data/first", "moved before the kill");
  file("volume/_copy/rubbish", "half");
  ASSERT_EQ(chmod((directory_ + "/volume/_ready").c_str(), 0701), 0);
  const std::string volume = directory_ + "/volume";
  EXPECT_TRUE(has_unfinished_copy(volume));
  copy_up(overlay_, "/data", volume);
  EXPECT_FALSE(has_unfinished_copy(volume));
  EXPECT_THAT(list_directory(volume), ElementsAre("_data"));
  EXPECT_THAT(list_directory(volume + "/_data"), ElementsAre("both", "first", "moved"));
  EXPECT_EQ(read_file(volume + "/_data/both"), "container");
  struct stat info;
  ASSERT_EQ(stat((volume + "/_data").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0701u);
}

}  // namespace
}  // namespace mini::files
