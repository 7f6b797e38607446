#include "runtime/engine/record/container_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/engine/record/container_names.h"
#include "runtime/engine/record/volumes.h"

namespace mini::engine {
namespace {

using testing::HasSubstr;

class ContainerStoreTest : public testing::Test {
 protected:
  ContainerStoreTest()
      : root_(testing::TempDir() + "/mini-store-" + random_hex(8)),
        store_({root_, root_ + "/run"}) {}
  ~ContainerStoreTest() override { remove_tree(root_); }

  Record make(const std::string& name, Status status = Status::exited) {
    ContainerStore::Claim claim = store_.claim(name);
    Record record;
    record.id = claim.id;
    record.name = claim.name;
    record.state.status = status;
    store_.write(record);
    return record;
  }
  template <class Work>
  std::string error_of(Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::string root_;
  ContainerStore store_;
};

TEST_F(ContainerStoreTest, FindsByNameIdAndUniquePrefix) {
  const Record web = make("web"), db = make("db");
  EXPECT_EQ(store_.find("web").id, web.id);
  EXPECT_EQ(store_.find("/db").id, db.id);
  EXPECT_EQ(store_.find(web.id).name, "web");
  EXPECT_EQ(store_.find(db.id.substr(0, 12)).name, "db");
  EXPECT_THAT(error_of([&] { store_.find("nosuch"); }), HasSubstr("\"nosuch\": not found"));
}

TEST_F(ContainerStoreTest, AnAmbiguousPrefixIsRefused) {
  std::map<char, int> firsts;
  for (int i = 0; i < 17; ++i) ++firsts[make("").id[0]];
  for (const auto& [digit, count] : firsts) {
    if (count < 2) continue;
    EXPECT_THAT(error_of([&] { store_.find(std::string(1, digit)); }),
                HasSubstr("ambiguous ID prefix"));
  }
}

TEST_F(ContainerStoreTest, ANameBelongsToOneContainer) {
  const Record web = make("web");
  EXPECT_THAT(error_of([&] { store_.claim("web"); }), HasSubstr(web.id.substr(0, 12)));
  EXPECT_EQ(store_.list().size(), 1u);  // the failed claim left nothing
  store_.remove(web.id, web.name);
  EXPECT_NO_THROW(make("web"));
}

TEST_F(ContainerStoreTest, RenameFreesTheOldNameAndRespectsOthers) {
  Record web = make("web");
  make("db");
  EXPECT_THAT(error_of([&] { store_.rename(web, "db"); }), HasSubstr("in use"));
  store_.rename(web, "api");
  EXPECT_EQ(store_.find("api").id, web.id);
  EXPECT_FALSE(store_.find_if_exists("web"));
  EXPECT_NO_THROW(make("web"));
}

TEST_F(ContainerStoreTest, WhatADeadProcessLeftHalfMadeIsRemoved) {
  const std::string id = store_.claim("half").id;  // the lock goes with the claim
  EXPECT_TRUE(exists(store_.directory(id)));
  EXPECT_FALSE(store_.find_if_exists("half"));
  EXPECT_TRUE(store_.list().empty());
  EXPECT_FALSE(exists(store_.directory(id)));
  EXPECT_NO_THROW(make("half"));
}

TEST_F(ContainerStoreTest, WhatALivingProcessMakesIsLeftAlone) {
  const ContainerStore::Claim claim = store_.claim("half");
  EXPECT_TRUE(store_.list().empty());
  EXPECT_TRUE(exists(store_.directory(claim.id)));
  EXPECT_THAT(error_of([&] { store_.claim("half"); }), HasSubstr("in use"));
}

TEST_F(ContainerStoreTest, ARecordWithoutItsMonitorIsMended) {
  const Record record = make("web", Status::running);
  const FileLock alive = store_.make_run_directory(record.id);
  EXPECT_EQ(store_.find("web").state.status, Status::running);
  EXPECT_EQ(store_.list(Scope::live).size(), 1u);
}

TEST_F(ContainerStoreTest, AKilledMonitorsContainerBecomesExited) {
  const Record record = make("web", Status::running);
  store_.make_run_directory(record.id).release();
  const Record mended = store_.find("web");
  EXPECT_EQ(mended.state.status, Status::exited);
  EXPECT_EQ(mended.state.exit_code, 255);
  EXPECT_THAT(mended.state.error, HasSubstr("monitor was killed"));
  EXPECT_FALSE(exists(store_.run_directory(record.id)));
  EXPECT_TRUE(store_.list(Scope::live).empty());
}

TEST_F(ContainerStoreTest, AKilledMonitorsContainerIsRemovedWhenItWasSoAsked) {
  Record record = make("web", Status::running);
  record.host.auto_remove = true;
  const VolumeStore volumes(store_.paths());
  MountRequest mount;
  mount.type = MountRequest::Type::volume;
  mount.source = volumes.create("", {}).name;
  mount.anonymous = true;
  record.mounts = {mount};
  store_.write(record);
  store_.make_run_directory(record.id).release();
  store_.sweep();
  EXPECT_FALSE(exists(store_.directory(record.id)));
  EXPECT_FALSE(store_.find_if_exists("web"));
  EXPECT_TRUE(volumes.list().empty());
}

TEST_F(ContainerStoreTest, TracesOfAStartThatWasKilledAreRemoved) {
  const Record record = make("web", Status::created);
  store_.make_run_directory(record.id).release();
  EXPECT_EQ(store_.list().at(0).state.status, Status::created);
  EXPECT_FALSE(exists(store_.run_directory(record.id)));
}

TEST_F(ContainerStoreTest, UpdateChangesUnderTheLockAndKnowsWhatIsGone) {
  const Record record = make("web");
  const auto changed = store_.update(record.id, [](Record& r) { r.restart_count = 7; });
  ASSERT_TRUE(changed);
  EXPECT_EQ(store_.find("web").restart_count, 7);
  store_.remove(record.id, record.name);
  EXPECT_FALSE(store_.update(record.id, [](Record&) { FAIL(); }));
  EXPECT_FALSE(exists(store_.directory(record.id)));
}

TEST_F(ContainerStoreTest, NewestComesFirst) {
  Record a = make("a1"), b = make("b1");
  a.created_ns = 1;
  b.created_ns = 2;
  store_.write(a);
  store_.write(b);
  EXPECT_EQ(store_.list()[0].name, "b1");
}

TEST_F(ContainerStoreTest, AVolumeInUseIsNotRemoved) {
  Record record = make("web");
  const VolumeStore volumes(store_.paths());
  volumes.create("data", {{"k", "v"}});
  MountRequest mount;
  mount.type = MountRequest::Type::volume;
  mount.source = "data";
  record.mounts = {mount};
  store_.write(record);
  EXPECT_THAT(error_of([&] { volumes.remove(store_, "data"); }), HasSubstr("in use by web"));
  store_.remove(record.id, record.name);
  volumes.remove(store_, "data");
  EXPECT_TRUE(volumes.list().empty());
  EXPECT_THAT(error_of([&] { volumes.remove(store_, "data"); }), HasSubstr("not found"));
  EXPECT_NO_THROW(volumes.remove(store_, "data", true));
  EXPECT_THAT(error_of([&] { volumes.create("../x"); }), HasSubstr("volume name"));
}

TEST_F(ContainerStoreTest, ATornRecordIsNamedWithItsCureAndRemoved) {
  const Record torn = make("torn");
  make("web");
  replace_file(store_.directory(torn.id) + "/record.json", "", false);
  make_directories(store_.run_directory(torn.id));  // as a power cut's monitor leaves it
  EXPECT_EQ(store_.list().size(), 1u);
  try {
    store_.snapshot();
    FAIL() << "the garbage collection would not see its layers";
  } catch (const Error& error) {
    EXPECT_EQ(error.hint(), cat("remove the container: `mini rm -f ", torn.id.substr(0, 12), "`"));
  }
  EXPECT_FALSE(store_.remove_unreadable("web"));
  EXPECT_FALSE(store_.remove_unreadable("nosuch"));
  EXPECT_TRUE(store_.remove_unreadable(torn.id.substr(0, 12)));
  EXPECT_FALSE(exists(store_.directory(torn.id)));
  EXPECT_FALSE(exists(store_.run_directory(torn.id)));
  EXPECT_FALSE(exists(root_ + "/containers/names/torn"));
  EXPECT_EQ(store_.snapshot().size(), 1u);
}

TEST_F(ContainerStoreTest, ATornDescriptionLeavesAVolumeWithoutLabels) {
  const VolumeStore volumes(store_.paths());
  const Volume data = volumes.create("data", {{"k", "v"}});
  replace_file(data.mountpoint + "/file", "kept", false);
  for (const char* text : {"", "{\"Created\": 5, \"Labels\": 1}"}) {
    replace_file(volumes.directory("data") + "/volume.json", text, false);
    const Volume found = volumes.get("data");
    EXPECT_TRUE(found.labels.empty());
    EXPECT_EQ(found.created_ns, 0);
    EXPECT_EQ(volumes.create("data").mountpoint, data.mountpoint);
    EXPECT_EQ(read_file(data.mountpoint + "/file"), "kept");
    EXPECT_EQ(volumes.list().size(), 1u);
  }
  volumes.remove(store_, "data");
  EXPECT_FALSE(exists(volumes.directory("data")));
  EXPECT_TRUE(list_directory(root_ + "/trash").empty());
}

TEST_F(ContainerStoreTest, WhoeverMakesTheRootKeepsOthersOut) {
  const auto mode = [&] {
    struct stat info;
    return stat(root_.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  };
  VolumeStore(store_.paths()).create("data");
  EXPECT_EQ(mode(), 0700u);
  remove_tree(root_);
  lock_names(store_.paths());
  EXPECT_EQ(mode(), 0700u);
}

}  // namespace
}  // namespace mini::engine
