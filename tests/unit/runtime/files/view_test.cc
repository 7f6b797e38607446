#include "runtime/files/view.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "tests/unit/runtime/files/overlay_layers.h"
#include "tests/unit/scratch_tree.h"

namespace mini::files {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> paths(const std::vector<Entry>& entries) {
  std::vector<std::string> result;
  for (const Entry& entry : entries) result.push_back(entry.path);
  return result;
}

const View::Visitor kAll = [](const Entry&) { return Visit::take; };

TEST(View, ResolvesLinksInside) {
  ScratchTree tree;
  tree.file("a/b/file");
  tree.link("short", "a/b");
  tree.link("a/up", "../short/file");
  tree.link("absolute", "/a/b/file");
  const View view = tree.view();
  EXPECT_EQ(view.resolve("short/file").path, "a/b/file");
  EXPECT_EQ(view.resolve("a/up").path, "a/b/file");
  EXPECT_EQ(view.resolve("absolute").path, "a/b/file");
  EXPECT_TRUE(view.resolve("absolute").node->is_regular());
  EXPECT_TRUE(view.resolve("absolute", false).node->is_link());
}

TEST(View, NeverLeavesTheRoot) {
  ScratchTree outside, tree;
  outside.file("secret");
  tree.link("out", "../../../../../.." + outside.path());
  tree.link("absolute", outside.at("secret"));
  tree.link("dots", "../../../../etc/passwd");
  tree.directory("d");
  tree.link("d/middle", "../../..");
  const View view = tree.view();
  EXPECT_FALSE(view.resolve("out/secret").node);
  EXPECT_FALSE(view.resolve("absolute").node);
  EXPECT_FALSE(view.resolve("dots").node);
  EXPECT_FALSE(view.resolve("d/middle/etc/passwd").node);
  EXPECT_EQ(view.resolve("../../d/..").path, "");
  EXPECT_EQ(view.resolve("d/middle/d").path, "d");
}

TEST(View, RefusesChainsOfLinks) {
  ScratchTree tree;
  tree.file("l0");
  for (int i = 1; i <= 41; ++i) {
    tree.link("l" + std::to_string(i), "l" + std::to_string(i - 1));
  }
  tree.link("loop", "loop");
  EXPECT_TRUE(tree.view().resolve("l40").node);
  EXPECT_THROW(tree.view().resolve("l41"), SysError);
  EXPECT_THROW(tree.view().resolve("loop"), SysError);
}

TEST(View, KeepsWhatDoesNotExistAsWritten) {
  ScratchTree tree;
  tree.directory("real");
  tree.link("link", "real");
  const View::Resolved found = tree.view().resolve("link/new/../other/x");
  EXPECT_EQ(found.path, "real/other/x");
  EXPECT_FALSE(found.node);
}

TEST(View, WalksInTheLayersOrder) {
  ScratchTree tree;
  tree.file("a/z");
  tree.file("a.txt");
  tree.file("a-b/c");
  tree.file("B");
  EXPECT_THAT(paths(tree.view().walk("", kAll)),
              ElementsAre("B", "a", "a/z", "a-b", "a-b/c", "a.txt"));
  EXPECT_THAT(paths(tree.view().walk("a", kAll)), ElementsAre("a/z"));
}

TEST(View, EnteredDirectoriesCountOnlyWithContent) {
  ScratchTree tree;
  tree.file("skip/x");
  tree.file("deep/er/keep");
  tree.file("deep/er/no");
  tree.directory("deep/empty");
  const auto visit = [](const Entry& entry) {
    if (entry.path == "deep/er/keep") return Visit::take;
    return entry.is_directory() ? Visit::enter : Visit::skip;
  };
  EXPECT_THAT(paths(tree.view().walk("", visit)), ElementsAre("deep", "deep/er", "deep/er/keep"));
}

TEST(View, MergesLayersAsOverlayDoes) {
  ScratchTree bottom, top;
  bottom.file("d/only-below");
  bottom.file("d/both", "old");
  bottom.file("d/gone");
  bottom.file("replaced/x");
  bottom.file("file-then-directory");
  top.file("d/both", "new!");
  top.file("d/only-above");
  top.whiteout("d/gone");
  top.file("replaced", "now a file");
  top.file("file-then-directory/y");
  const View view = View::of_layers({bottom.path(), top.path()});
  EXPECT_THAT(paths(view.walk("", kAll)),
              ElementsAre("d", "d/both", "d/only-above", "d/only-below", "file-then-directory",
                          "file-then-directory/y", "replaced"));
  EXPECT_EQ(view.resolve("d/both").node->size, 4u);
  EXPECT_FALSE(view.resolve("d/gone").node);
  EXPECT_FALSE(view.resolve("replaced/x").node);
  EXPECT_THAT(view.names("d"), ElementsAre("both", "only-above", "only-below"));
  EXPECT_EQ(view.directories("d").size(), 2u);
}

TEST(View, OpaqueDirectoriesHideWhatIsBelow) {
  ScratchTree bottom, top;
  bottom.file("d/old");
  top.file("d/new");
  const char* mark = geteuid() == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque";
  if (setxattr(top.at("d").c_str(), mark, "y", 1, 0) < 0) {
    GTEST_SKIP() << "no user attributes on this file system";
  }
  const View view = View::of_layers({bottom.path(), top.path()});
  EXPECT_THAT(view.names("d"), ElementsAre("new"));
  EXPECT_FALSE(view.resolve("d/old").node);
}

TEST(View, NoLayersAreAnEmptyTree) {
  const View view = View::of_layers({});
  EXPECT_FALSE(view.resolve("etc/passwd").node);
  EXPECT_TRUE(view.resolve("").node->is_directory());
  EXPECT_THAT(view.walk("", kAll), ElementsAre());
}

TEST(View, NoticesAFileThatWasSwapped) {
  ScratchTree tree;
  tree.file("f", "one");
  const View view = tree.view();
  const View::Resolved found = view.resolve("f");
  tree.file("f", "two");
  EXPECT_THROW(view.open("f", *found.node), Error);
  unlink(tree.at("f").c_str());
  tree.link("f", "/etc/passwd");
  EXPECT_THROW(view.open("f", *found.node), Error);
  unlink(tree.at("f").c_str());
  ASSERT_EQ(mkfifo(tree.at("f").c_str(), 0644), 0);
  EXPECT_THROW(view.open("f", *found.node), Error);  // and does not hang
}

// More levels than there are descriptors: both walks close what they come back to later.
TEST(View, WalksTreesDeeperThanThereAreDescriptors) {
  ScratchTree tree;
  constexpr int kDepth = 200;
  Fd directory = open_file(tree.path(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < kDepth; ++i) {
    for (const char* name : {"d", "e"}) ASSERT_EQ(mkdirat(directory.get(), name, 0755), 0);
    directory = open_at(directory.get(), "d", O_RDONLY | O_DIRECTORY);
  }
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{180, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(tree.view().walk("", kAll).size(), 2u * kDepth);
  for (const View& view : {tree.view(), View::of_layers({tree.path()})}) {
    int visited = 0, left = 0;
    const auto visit = [&](const OpenEntry&) { return ++visited, Visit::take; };
    EXPECT_TRUE(view.visit("", visit, [&](const OpenEntry&) { ++left; }));
    EXPECT_EQ(visited, 2 * kDepth + 1);
    EXPECT_EQ(left, visited);
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

class OverlayViewTest : public OverlayLayers {
 protected:
  void whiteout(const std::string& path) {
    ASSERT_EQ(mknod(cat(directory_, '/', path).c_str(), S_IFCHR | 0600, 0), 0);
  }
  std::optional<std::string> read(const std::string& path) {
    return View::of_overlay(overlay_).read_regular(path, 1000);
  }
};

TEST_F(OverlayViewTest, TheUppermostWins) {
  file("one/etc/passwd", "one");
  file("two/etc/passwd", "two");
  EXPECT_EQ(read("/etc/passwd"), "two");
  file("upper/etc/passwd", "upper");
  EXPECT_EQ(read("etc/passwd"), "upper");
  EXPECT_EQ(read("/etc/shadow"), std::nullopt);
}

TEST_F(OverlayViewTest, WhiteoutsAndOpaqueDirectoriesHide) {
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
  overlay_.userxattr = false;
  EXPECT_EQ(read("/b/file"), "one") << "a user attribute is no mark in root's overlay";
}

TEST_F(OverlayViewTest, AFileHidesADirectoryAndADirectoryAFile) {
  file("one/x/inner", "one");
  file("two/x", "a file now");
  EXPECT_EQ(read("/x"), "a file now");
  EXPECT_EQ(read("/x/inner"), std::nullopt);
  file("upper/x/other", "upper");
  EXPECT_EQ(read("/x/other"), "upper");
  EXPECT_EQ(read("/x/inner"), std::nullopt);
}

TEST_F(OverlayViewTest, LinksAreFollowedInsideTheMergedViewOnly) {
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

TEST_F(OverlayViewTest, WhatIsNoFileIsRefused) {
  ASSERT_EQ(mkfifo((directory_ + "/two/fifo").c_str(), 0600), 0);
  make_directories(directory_ + "/one/dir");
  file("one/big", std::string(1001, 'x'));
  EXPECT_THROW(read("/fifo"), Error);
  EXPECT_THROW(read("/dir"), Error);
  EXPECT_THROW(read("/big"), Error);
}

TEST_F(OverlayViewTest, FindDoesNotFollowTheLastLink) {
  link("two/dangling", "nowhere");
  const auto found = View::of_overlay(overlay_).find("/dangling");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_link());
  EXPECT_FALSE(View::of_overlay(overlay_).find("/nowhere"));
}

TEST_F(OverlayViewTest, VisitGivesTheMergedContentInOrder) {
  file("one/v/a", "");
  file("one/v/sub/gone", "");
  file("two/v/b", "");
  file("two/v/sub/c", "");
  whiteout("two/v/sub/gone");
  const View view = View::of_overlay(overlay_);
  std::vector<std::string> paths, left;
  const auto visit = [&](const OpenEntry& entry) {
    paths.push_back(entry.path);
    EXPECT_EQ(node_at(entry.directory, entry.is_directory() ? "." : entry.name)->inode,
              entry.inode);
    return Visit::take;
  };
  EXPECT_TRUE(view.visit("/v", visit, [&](const OpenEntry& entry) { left.push_back(entry.path); }));
  EXPECT_THAT(paths, ElementsAre("", "a", "b", "sub", "sub/c"));
  EXPECT_THAT(left, ElementsAre("sub", ""));
  EXPECT_FALSE(view.visit("/v/a", visit));
  EXPECT_FALSE(view.visit("/nothing", visit));
}

TEST_F(OverlayViewTest, AVisitDoesNotLookBelowWhatItSkips) {
  file("one/skipped/a", "");
  file("one/taken/a", "");
  std::vector<std::string> paths;
  View::of_overlay(overlay_).visit("", [&](const OpenEntry& entry) {
    paths.push_back(entry.path);
    return entry.path == "skipped" ? Visit::skip : Visit::take;
  });
  EXPECT_THAT(paths, ElementsAre("", "skipped", "taken", "taken/a"));
}

}  // namespace
}  // namespace mini::files
