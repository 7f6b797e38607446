#include "runtime/image/store/garbage.h"

#include <signal.h>
#include <sys/wait.h>

#include "runtime/base/process.h"
#include "runtime/image/store/lease.h"
#include "tests/unit/runtime/image/image_fixture.h"

namespace mini::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GarbageTest : public ImageStoreTest {
 protected:
  Reclaimed collect(const std::set<Digest>& roots = {}, bool dry_run = false) {
    return collect_garbage(
        store_, [&] { return roots; }, dry_run);
  }
  std::vector<std::string> leftovers() const {
    auto names = list_directory(paths_.root + "/tmp");
    for (std::string& name : list_directory(paths_.root + "/trash"))
      names.push_back(std::move(name));
    return names;
  }
};

TEST_F(GarbageTest, ImagesKeepWhatTheyNameAndShareIt) {
  const Layer other = add_layer(store_, "other");
  const ImageEntry small = store_.put(config_of({layer_.diff_id}), {Reference::parse("small")});
  const ImageEntry large =
      store_.put(config_of({layer_.diff_id, other.diff_id}), {Reference::parse("large")});
  EXPECT_THAT(collect().layers, IsEmpty());
  store_.remove("large", false);
  const Reclaimed reclaimed = collect();
  EXPECT_THAT(reclaimed.layers, ElementsAre(other.diff_id));
  EXPECT_THAT(reclaimed.blobs, testing::UnorderedElementsAre(large.id, large.manifest));
  EXPECT_GT(reclaimed.bytes, 0u);
  EXPECT_NO_THROW(store_.load("small"));
  EXPECT_THAT(leftovers(), IsEmpty());
  store_.remove(small.id.hex(), false);
  EXPECT_THAT(collect().layers, ElementsAre(layer_.diff_id));
  EXPECT_THAT(store_.layers().list(), IsEmpty());
}

TEST_F(GarbageTest, ADryRunSaysTheSameAndChangesNothing) {
  const Reclaimed would = collect({}, true);
  EXPECT_THAT(would.layers, ElementsAre(layer_.diff_id));
  EXPECT_TRUE(store_.layers().find(layer_.diff_id));
  const Reclaimed did = collect();
  EXPECT_EQ(did.layers, would.layers);
  EXPECT_EQ(did.bytes, would.bytes);
}

TEST_F(GarbageTest, TheCallersRootsAreKept) {
  EXPECT_THAT(collect({layer_.diff_id}).layers, IsEmpty());
  EXPECT_TRUE(store_.layers().find(layer_.diff_id));
}

TEST_F(GarbageTest, ALeaseProtectsWhileItsOwnerLives) {
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    Lease lease(paths_);
    lease.add(layer_.diff_id);
    raise(SIGSTOP);
    _exit(0);
  }
  int wait_status = 0;
  ASSERT_EQ(waitpid(pid, &wait_status, WUNTRACED), pid);
  EXPECT_THAT(collect().layers, IsEmpty());
  kill(pid, SIGKILL);
  waitpid(pid, &wait_status, 0);
  EXPECT_THAT(collect().layers, ElementsAre(layer_.diff_id));
  EXPECT_THAT(list_directory(paths_.root + "/leases"), IsEmpty());
}

TEST_F(GarbageTest, AnEndedLeaseProtectsNothing) {
  {
    Lease lease(paths_);
    Lease moved(std::move(lease));
    moved.add(layer_.diff_id);
    EXPECT_THAT(Lease::protected_content(paths_), ElementsAre(layer_.diff_id));
  }
  EXPECT_THAT(Lease::protected_content(paths_), IsEmpty());
}

TEST_F(GarbageTest, NothingIsCollectedWhenAnImageCannotBeRead) {
  const ImageEntry entry = put("x", {"web"});
  const Layer unused = add_layer(store_, "unused");
  write_file(cat(paths_.root, "/images/blobs/sha256/", entry.manifest.hex()), "damage");
  EXPECT_NE(message_of([&] { collect(); }), "no error");
  EXPECT_TRUE(store_.layers().find(unused.diff_id));
}

TEST_F(GarbageTest, TheCollectorWaitsForWhoeverMakesReferences) {
  const FileLock shared = store_.lock(LockMode::shared);
  EXPECT_FALSE(FileLock::try_acquire(paths_.root + "/store.lock", LockMode::exclusive));
  EXPECT_NO_THROW(put("x", {"web"})) << "makers of references do not block one another";
}

TEST_F(GarbageTest, WhatADeadProcessLeftIsRemovedAndALivingOnesIsNot) {
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    Draft draft(paths_);
    write_file(draft.tree() + "/half", "written");
    raise(SIGSTOP);
    _exit(0);
  }
  int wait_status = 0;
  ASSERT_EQ(waitpid(pid, &wait_status, WUNTRACED), pid);
  Draft mine(paths_);
  remove_leftovers(paths_);
  EXPECT_EQ(list_directory(paths_.root + "/tmp").size(), 4u) << "two directories and their locks";
  kill(pid, SIGKILL);
  waitpid(pid, &wait_status, 0);
  make_directories(paths_.root + "/trash/half/removed");
  remove_leftovers(paths_);
  EXPECT_EQ(list_directory(paths_.root + "/tmp").size(), 2u);
  EXPECT_TRUE(exists(mine.tree()));
  EXPECT_THAT(list_directory(paths_.root + "/trash"), IsEmpty());
}

TEST_F(GarbageTest, FsckOfASoundStoreFindsNothing) {
  put("x", {"a", "b"});
  put("y", {});
  const FsckReport report = fsck(store_);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.images, 2u);
  EXPECT_EQ(report.blobs, 4u);
  EXPECT_EQ(report.layers, 1u);
  EXPECT_GT(report.bytes_read, layer_.size);
}

TEST_F(GarbageTest, FsckNamesAllDamage) {
  const ImageEntry entry = put("x", {"web"});
  write_file(layer_.lower + "/f", "cOntent");
  write_file(cat(paths_.root, "/images/blobs/sha256/", entry.id.hex()), "damage");
  make_directories(paths_.root + "/layers/stranger");
  std::string all;
  for (const Finding& finding : fsck(store_).findings)
    all += cat(finding.object, ": ", finding.problem, '\n');
  EXPECT_THAT(all, HasSubstr(cat("layer ", layer_.diff_id.str())));
  EXPECT_THAT(all, HasSubstr(cat("blob ", entry.id.str())));
  EXPECT_THAT(all, HasSubstr("image docker.io/library/web:latest"));
  EXPECT_THAT(all, HasSubstr("stranger"));
}

}  // namespace
}  // namespace mini::image
