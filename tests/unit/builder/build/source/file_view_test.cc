#include "builder/build/source/file_view.h"

#include <gmock/gmock.h>
#include <sys/xattr.h>

#include "runtime/base/error.h"
#include "tests/unit/builder/build/scratch_tree.h"

namespace mini::build {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> paths(const std::vector<FileEntry>& entries) {
  std::vector<std::string> result;
  for (const FileEntry& entry : entries) result.push_back(entry.path);
  return result;
}

const FileView::Visitor kAll = [](const FileEntry&) { return FileView::Visit::take; };

TEST(FileView, ResolvesLinksInside) {
  ScratchTree tree;
  tree.file("a/b/file");
  tree.link("short", "a/b");
  tree.link("a/up", "../short/file");
  tree.link("absolute", "/a/b/file");
  const FileView view = tree.view();
  EXPECT_EQ(view.resolve("short/file").path, "a/b/file");
  EXPECT_EQ(view.resolve("a/up").path, "a/b/file");
  EXPECT_EQ(view.resolve("absolute").path, "a/b/file");
  EXPECT_TRUE(view.resolve("absolute").node->is_regular());
  EXPECT_TRUE(view.resolve("absolute", false).node->is_link());
}

TEST(FileView, NeverLeavesTheRoot) {
  ScratchTree outside, tree;
  outside.file("secret");
  tree.link("out", "../../../../../.." + outside.path());
  tree.link("absolute", outside.at("secret"));
  tree.link("dots", "../../../../etc/passwd");
  tree.directory("d");
  tree.link("d/middle", "../../..");
  const FileView view = tree.view();
  EXPECT_FALSE(view.resolve("out/secret").node);
  EXPECT_FALSE(view.resolve("absolute").node);
  EXPECT_FALSE(view.resolve("dots").node);
  EXPECT_FALSE(view.resolve("d/middle/etc/passwd").node);
  EXPECT_EQ(view.resolve("../../d/..").path, "");
  EXPECT_EQ(view.resolve("d/middle/d").path, "d");
}

TEST(FileView, RefusesChainsOfLinks) {
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

TEST(FileView, KeepsWhatDoesNotExistAsWritten) {
  ScratchTree tree;
  tree.directory("real");
  tree.link("link", "real");
  const FileView::Resolved found = tree.view().resolve("link/new/../other/x");
  EXPECT_EQ(found.path, "real/other/x");
  EXPECT_FALSE(found.node);
}

TEST(FileView, WalksInTheLayersOrder) {
  ScratchTree tree;
  tree.file("a/z");
  tree.file("a.txt");
  tree.file("a-b/c");
  tree.file("B");
  EXPECT_THAT(paths(tree.view().walk("", kAll)),
              ElementsAre("B", "a", "a/z", "a-b", "a-b/c", "a.txt"));
  EXPECT_THAT(paths(tree.view().walk("a", kAll)), ElementsAre("a/z"));
}

TEST(FileView, EnteredDirectoriesCountOnlyWithContent) {
  ScratchTree tree;
  tree.file("skip/x");
  tree.file("deep/er/keep");
  tree.file("deep/er/no");
  tree.directory("deep/empty");
  const auto visit = [](const FileEntry& entry) {
    if (entry.path == "deep/er/keep") return FileView::Visit::take;
    return entry.is_directory() ? FileView::Visit::enter : FileView::Visit::skip;
  };
  EXPECT_THAT(paths(tree.view().walk("", visit)), ElementsAre("deep", "deep/er", "deep/er/keep"));
}

TEST(FileView, MergesLayersAsOverlayDoes) {
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
  const FileView view = FileView::of_layers({bottom.path(), top.path()});
  EXPECT_THAT(paths(view.walk("", kAll)),
              ElementsAre("d", "d/both", "d/only-above", "d/only-below", "file-then-directory",
                          "file-then-directory/y", "replaced"));
  EXPECT_EQ(view.resolve("d/both").node->size, 4u);
  EXPECT_FALSE(view.resolve("d/gone").node);
  EXPECT_FALSE(view.resolve("replaced/x").node);
  EXPECT_THAT(view.names("d"), ElementsAre("both", "only-above", "only-below"));
  EXPECT_EQ(view.directories("d").size(), 2u);
}

TEST(FileView, OpaqueDirectoriesHideWhatIsBelow) {
  ScratchTree bottom, top;
  bottom.file("d/old");
  top.file("d/new");
  if (setxattr(top.at("d").c_str(), "user.overlay.opaque", "y", 1, 0) < 0) {
    GTEST_SKIP() << "no user attributes on this file system";
  }
  const FileView view = FileView::of_layers({bottom.path(), top.path()});
  EXPECT_THAT(view.names("d"), ElementsAre("new"));
  EXPECT_FALSE(view.resolve("d/old").node);
}

TEST(FileView, NoLayersAreAnEmptyTree) {
  const FileView view = FileView::of_layers({});
  EXPECT_FALSE(view.resolve("etc/passwd").node);
  EXPECT_TRUE(view.resolve("").node->is_directory());
  EXPECT_THAT(view.walk("", kAll), ElementsAre());
}

TEST(FileView, NoticesAFileThatWasSwapped) {
  ScratchTree tree;
  tree.file("f", "one");
  const FileView view = tree.view();
  const FileView::Resolved found = view.resolve("f");
  tree.file("f", "two");
  EXPECT_THROW(view.open("f", *found.node), Error);
  unlink(tree.at("f").c_str());
  tree.link("f", "/etc/passwd");
  EXPECT_THROW(view.open("f", *found.node), Error);
  unlink(tree.at("f").c_str());
  ASSERT_EQ(mkfifo(tree.at("f").c_str(), 0644), 0);
  EXPECT_THROW(view.open("f", *found.node), Error);  // and does not hang
}

}  // namespace
}  // namespace mini::build
