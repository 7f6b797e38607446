#include "builder/build/source/hash_memo.h"

#include <sys/stat.h>
#include <time.h>

#include "builder/build/cache/step_key.h"
#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "tests/unit/scratch_tree.h"

namespace mini::build {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

files::Node node(uint64_t inode, int64_t ctime_ns) {
  files::Node result;
  result.mode = S_IFREG | 0644;
  result.device = 1;
  result.inode = inode;
  result.size = 10;
  result.mtime = result.ctime = {ctime_ns / kSecond, ctime_ns % kSecond};
  return result;
}

files::ContentHash hash(unsigned char value) {
  files::ContentHash result{};
  result.fill(value);
  return result;
}

TEST(HashMemo, RemembersAcrossBuilds) {
  ScratchTree tree;
  {
    HashMemo memo(tree.at("cache/table"), false);
    memo.add(node(7, 5 * kSecond + 1), hash(1), 100 * kSecond);
    memo.add(node(3, 5 * kSecond + 1), hash(2), 100 * kSecond);
    memo.save();
  }
  HashMemo memo(tree.at("cache/table"), false);
  EXPECT_EQ(memo.find(node(7, 5 * kSecond + 1)), hash(1));
  EXPECT_EQ(memo.find(node(3, 5 * kSecond + 1)), hash(2));
  EXPECT_FALSE(memo.find(node(7, 5 * kSecond + 2)));  // touched
  files::Node grown = node(7, 5 * kSecond + 1);
  grown.size = 11;
  EXPECT_FALSE(memo.find(grown));
}

TEST(HashMemo, DoesNotTrustWhatWasJustWritten) {
  ScratchTree tree;
  const files::Node young = node(1, 100 * kSecond - 1), coarse = node(2, 99 * kSecond);
  {
    HashMemo memo(tree.at("table"), false);
    memo.add(young, hash(1), 100 * kSecond);
    memo.add(coarse, hash(2), 100 * kSecond);
    memo.add(node(3, 1), hash(3), 100 * kSecond);
    EXPECT_EQ(memo.find(young), hash(1));  // within the build it counts
    memo.save();
  }
  HashMemo memo(tree.at("table"), false);
  EXPECT_FALSE(memo.find(young));
  EXPECT_FALSE(memo.find(coarse));
  EXPECT_TRUE(memo.find(node(3, 1)));
}

TEST(HashMemo, NewKnowledgeReplacesOld) {
  ScratchTree tree;
  for (unsigned char round = 1; round <= 3; ++round) {
    HashMemo memo(tree.at("table"), false);
    memo.add(node(1, round), hash(round), 100 * kSecond);
    memo.save();
  }
  HashMemo memo(tree.at("table"), false);
  EXPECT_FALSE(memo.find(node(1, 2)));
  EXPECT_EQ(memo.find(node(1, 3)), hash(3));
}

TEST(HashMemo, TornTablesAreEmpty) {
  ScratchTree tree;
  HashMemo memo(tree.at("table"), true);
  memo.add(node(1, 1), hash(1), 0);
  memo.add(node(2, 1), hash(2), 0);
  memo.save();
  const std::string good = read_file(tree.at("table"));
  for (const size_t at : {size_t{3}, size_t{12}, size_t{20}, good.size() - 1}) {
    std::string torn = good;
    torn[at] = static_cast<char>(torn[at] ^ 0x20);
    tree.file("table", torn);
    EXPECT_FALSE(HashMemo(tree.at("table"), true).find(node(2, 1))) << at;
  }
  tree.file("table", good.substr(0, good.size() - 5));
  EXPECT_FALSE(HashMemo(tree.at("table"), true).find(node(1, 1)));
  tree.file("table", good);
  EXPECT_TRUE(HashMemo(tree.at("table"), true).find(node(1, 1)));
}

TEST(HashContents, HashesManyFilesAndUsesTheMemo) {
  ScratchTree tree;
  for (int i = 0; i < 100; ++i) tree.file("f" + std::to_string(i), std::to_string(i));
  const files::View view = tree.view();
  std::vector<files::Entry> entries =
      view.walk("", [](const files::Entry&) { return files::Visit::take; });
  std::vector<files::Entry*> files;
  for (files::Entry& entry : entries) files.push_back(&entry);
  HashMemo memo;
  const Cancel cancel;
  hash_contents(view, files, memo, cancel);
  for (const files::Entry& entry : entries) {
    EXPECT_EQ(hex_of(entry.content), Digest::of(entry.path.substr(1)).hex());
    EXPECT_EQ(memo.find(entry), entry.content);
  }
}

TEST(HashContents, StopsWhenCancelled) {
  ScratchTree tree;
  tree.file("f");
  const files::View view = tree.view();
  std::vector<files::Entry> entries =
      view.walk("", [](const files::Entry&) { return files::Visit::take; });
  HashMemo memo;
  Cancel cancel;
  cancel.request();
  EXPECT_THROW(hash_contents(view, {&entries[0]}, memo, cancel), Cancelled);
}

}  // namespace
}  // namespace mini::build
