#include "runtime/files/merged_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/files/copy_up.h"

namespace mini::files {
namespace {

using testing::ElementsAre;

// Layers as directories, without privilege: whiteouts may be made by anybody, and userxattr
// overlays mark with "user.".
class MergedTreeTest : public testing::Test {
 protected:
  MergedTreeTest() : directory_(testing::TempDir() + "/mini-merged-" + random_hex(8)) {
    overlay_.userxattr = true;
    for (const char* layer : {"one", "two", "upper"}) make_directories(cat(directory_, '/', layer));
    overlay_.lower = {directory_ + "/one", directory_ + "/two"};
    overlay_.upper = directory_ + "/upper";
  }
  ~MergedTreeTest() override { remove_tree(directory_); }

  void file(const std::string& path, const std::string& content) {
    const std::string full = cat(directory_, '/', path);
    make_directories(full.substr(0, full.find_last_of('/')));
    replace_file(full, content, false);
  }
  void link(const std::string& path, const std::string& target) {
    ASSERT_EQ(symlink(target.c_str(), cat(directory_, '/', path).c_str()), 0);
  }
  void whiteout(const std::string& path) {
    ASSERT_EQ(mknod(cat(directory_, '/', path).c_str(), S_IFCHR | 0600, 0), 0);
  }
  std::optional<std::string> read(const std::string& path) {
    return MergedTree(overlay_).read_regular(path, 1000);
  }

  std::string directory_;
  Overlay overlay_;
};

TEST_F(MergedTreeTest, TheUppermostWins) {
  file("one/etc/passwd", "one");
  file("two/etc/passwd", "two");
  EXPECT_EQ(read("/etc/passwd"), "two");
  file("upper/etc/passwd", "upper");
  EXPECT_EQ(read("etc/passwd"), "upper");
  EXPECT_EQ(read("/etc/shadow"), std::nullopt);
}

TEST_F(MergedTreeTest, WhiteoutsAndOpaqueDirectoriesHide) {
  file("one/a/file", "one");
  file("one/b/file", "one");
  make_directories(directory_ + "/two/a");
  whiteout("two/a/file");
  EXPECT_EQ(read("/a/file"), std::nullopt);
  make_directories(directory_ + "/two/b");
  EXPECT_EQ(read("/b/file"), "one");
  if (setxattr((directory_ + "/two/b").c_str(), "user.overlay.opaque", "y", 1, 0) < 0)
    GTEST_SKIP() << "no user attributes here";
  EXPECT_EQ(read("/b/file"), std::nullopt);
}

TEST_F(MergedTreeTest, AFileHidesADirectoryAndADirectoryAFile) {
  file("one/x/inner", "one");
  file("two/x", "a file now");
  EXPECT_EQ(read("/x"), "a file now");
  EXPECT_EQ(read("/x/inner"), std::nullopt);
  file("upper/x/other", "upper");
  EXPECT_EQ(read("/x/other"), "upper");
  EXPECT_EQ(read("/x/inner"), std::nullopt);
}

TEST_F(MergedTreeTest, LinksAreFollowedInsideTheMergedViewOnly) {
  file("one/data/passwd", "inside");
  link("two/etc", "data");
  EXPECT_EQ(read("/etc/passwd"), "inside");
  link("two/up", "../../../../data/passwd");
  EXPECT_EQ(read("/up"), "inside");
  link("two/absolute", "/data/passwd");
  EXPECT_EQ(read("/absolute"), "inside");
  link("two/host", "/proc/self/status");
  EXPECT_EQ(read("/host"), std::nullopt);
  link("two/loop", "loop");
  EXPECT_EQ(read("/loop"), std::nullopt);
}

TEST_F(MergedTreeTest, WhatIsNoFileIsRefused) {
  ASSERT_EQ(mkfifo((directory_ + "/two/fifo").c_str(), 0600), 0);
  make_directories(directory_ + "/one/dir");
  file("one/big", std::string(1001, 'x'));
  EXPECT_THROW(read("/fifo"), Error);
  EXPECT_THROW(read("/dir"), Error);
  EXPECT_THROW(read("/big"), Error);
}

TEST_F(MergedTreeTest, FindDoesNotFollowTheLastLink) {
  link("two/dangling", "nowhere");
  const auto found = MergedTree(overlay_).find("/dangling");
  ASSERT_TRUE(found);
  EXPECT_TRUE(S_ISLNK(found->st_mode));
  EXPECT_FALSE(MergedTree(overlay_).find("/nowhere"));
}

TEST_F(MergedTreeTest, WalkGivesTheMergedContentInOrder) {
  file("one/v/a", "");
  file("one/v/sub/gone", "");
  file("two/v/b", "");
  file("two/v/sub/c", "");
  whiteout("two/v/sub/gone");
  std::vector<std::string> paths;
  EXPECT_TRUE(MergedTree(overlay_).walk(
      "/v", [&](const MergedTree::Entry& entry) { paths.push_back(entry.path); }));
  EXPECT_THAT(paths, ElementsAre("", "a", "b", "sub", "sub/c"));
  EXPECT_FALSE(MergedTree(overlay_).walk("/v/a", [](const auto&) {}));
  EXPECT_FALSE(MergedTree(overlay_).walk("/nothing", [](const auto&) {}));
}

TEST_F(MergedTreeTest, CopyUpFillsAnEmptyVolumeOnceAndFollowsNothing) {
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

TEST_F(MergedTreeTest, AVolumesDirectoryStaysTheOneThatOthersHaveMounted) {
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

TEST_F(MergedTreeTest, AKilledCopyIsFinishedAndTakesNothingAway) {
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
