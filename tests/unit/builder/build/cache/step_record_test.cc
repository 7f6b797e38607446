#include "builder/build/cache/step_record.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "builder/build/cache/cache.h"
#include "builder/build/cache/cache_mount.h"
#include "runtime/base/clock.h"
#include "tests/unit/scratch_tree.h"

namespace mini::build {
namespace {

using ::testing::ElementsAre;

StepRecord record_of(const std::string& name) {
  StepRecord record;
  record.key = Digest::of(name);
  record.description = "RUN " + name;
  record.parts = {{"command", name}, {"env X", std::string("a\0b", 3)}};
  record.layer = Digest::of(name + " layer");
  record.size = 10;
  record.created_ns = 5;
  return record;
}

class RecordTest : public ::testing::Test {
 protected:
  void age(const std::string& name, int64_t seconds) const {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    const std::string file = tree.at("root/cache/build/" + Digest::of(name).hex());
    ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  }
  ScratchTree tree;
  StatePaths paths{tree.at("root"), tree.at("run")};
  RecordStore records{paths};
};

TEST_F(RecordTest, KeepsAndFinds) {
  records.put(record_of("a"), "listing");
  const auto found = records.find(Digest::of("a"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->parts, record_of("a").parts);
  EXPECT_EQ(found->layer, Digest::of("a layer"));
  EXPECT_EQ(records.listing(Digest::of("a")), "listing");
  EXPECT_FALSE(records.find(Digest::of("b")));
  EXPECT_EQ(cache_roots(paths), std::set<Digest>{Digest::of("a layer")});
}

TEST_F(RecordTest, WhatIsTornIsMissing) {
  records.put(record_of("a"), "");
  const std::string file = "root/cache/build/" + Digest::of("a").hex();
  const std::string good = read_file(tree.at(file));
  for (const std::string& bad : {std::string(), good.substr(0, good.size() / 2),
                                 std::string(100, '\0'), std::string("{\"parts\":[]}")}) {
    tree.file(file, bad);
    EXPECT_FALSE(records.find(Digest::of("a")));
  }
  tree.file("root/cache/build/not-a-key", good);
  EXPECT_TRUE(records.list().empty());
}

TEST_F(RecordTest, UseIsKeptToTheHour) {
  records.put(record_of("a"), "");
  const int64_t now = now_ns() / 1'000'000'000;
  age("a", now - 100);
  records.mark_used(*records.find(Digest::of("a")));
  EXPECT_EQ(records.find(Digest::of("a"))->used_ns, (now - 100) * 1'000'000'000);
  age("a", now - 7200);
  records.mark_used(*records.find(Digest::of("a")));
  EXPECT_GT(records.find(Digest::of("a"))->used_ns, (now - 100) * 1'000'000'000);
}

TEST_F(RecordTest, History) {
  EXPECT_TRUE(records.history("ctx", "stage").empty());
  const std::vector<PastStep> steps = {{"RUN a", Digest::of("a")}};
  records.put_history("ctx", "stage", steps);
  EXPECT_EQ(records.history("ctx", "stage"), steps);
  EXPECT_TRUE(records.history("ctx", "other").empty());
}

TEST_F(RecordTest, PruneDropsTheLeastRecentlyUsedFirst) {
  for (const char* name : {"a", "b", "c"}) records.put(record_of(name), "x");
  age("b", 100);
  age("c", 200);
  age("a", 300);
  const image::ImageStore store(paths);
  CachePrune prune;
  prune.keep_storage = 10;
  prune.dry_run = true;
  std::vector<std::string> dropped;
  for (const CacheEntry& entry : prune_cache(store, prune)) dropped.push_back(entry.description);
  EXPECT_THAT(dropped, ElementsAre("RUN b", "RUN c"));
  EXPECT_EQ(records.list().size(), 3u);
  prune = {};
  prune.unused_since = 150LL * 1'000'000'000;
  EXPECT_EQ(prune_cache(store, prune).size(), 1u);
  EXPECT_FALSE(records.find(Digest::of("b")));
  EXPECT_EQ(records.listing(Digest::of("b")), "");
  prune = {};
  prune.types = {"exec.cachemount"};
  EXPECT_TRUE(prune_cache(store, prune).empty());
}

TEST_F(RecordTest, CacheMountsNeverUseTheirIdAsAPath) {
  const Cancel cancel;
  CacheMount::Request request;
  request.id = "../../../../tmp/escape";
  request.target = "/c";
  request.uid = geteuid();
  request.gid = getegid();
  {
    const CacheMount mount(paths, request, cancel);
    EXPECT_EQ(mount.directory(),
              paths.root + "/cache/mounts/" + Digest::of(request.id).hex() + "/data");
    EXPECT_TRUE(list_cache_mounts(paths).at(0).in_use);
    EXPECT_FALSE(remove_cache_mount(paths, Digest::of(request.id).hex()));
  }
  ASSERT_EQ(list_cache_mounts(paths).size(), 1u);
  EXPECT_FALSE(list_cache_mounts(paths)[0].in_use);
  EXPECT_EQ(list_cache_mounts(paths)[0].target, "/c");
  EXPECT_TRUE(remove_cache_mount(paths, Digest::of(request.id).hex()));
  EXPECT_TRUE(list_cache_mounts(paths).empty());
}

TEST_F(RecordTest, CacheMountSharing) {
  Cancel cancel;
  CacheMount::Request request;
  request.id = "id";
  request.uid = geteuid();
  request.gid = getegid();
  using dockerfile::MountSharing;
  {
    const CacheMount first(paths, request, cancel), second(paths, request, cancel);
    EXPECT_EQ(first.directory(), second.directory());
    request.sharing = MountSharing::exclusive;
    const CacheMount other(paths, request, cancel);
    EXPECT_NE(other.directory(), first.directory());
    request.sharing = MountSharing::locked;
    cancel.request();  // it would wait for the two above
    EXPECT_THROW(CacheMount(paths, request, cancel), Cancelled);
  }
}

}  // namespace
}  // namespace mini::build
