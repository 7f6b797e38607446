// The containers on disk.
//
//   <root>/containers/<id>/record.json        written whole by rename; upper/ work/ (overlay), log,
//   hosts, hostname, resolv.conf <root>/containers/names/<name>            holds the id; made with
//   O_EXCL, so a name belongs to one container <run>/containers/<id>/                    only while
//   a monitor lives, which keeps it locked: attach.sock, health.json
//
// Every change is made under the container's lock, flock(2) on its own directory, so the lock lives
// and dies with what it protects. A directory without a record and without a lock was left by a
// dead process and is removed. A record that says "running" without a living monitor is repaired by
// whichever command reads it next: its processes end, its cgroup goes, and it becomes exited (255)
// or, with --rm, is removed. Containers are not synced to disk: a power cut may lose one that ran,
// never an image.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"
#include "runtime/engine/record/record.h"

namespace mini::engine {

enum class Scope { all, live };  // live: has a monitor (running, paused, restarting)

class ContainerStore {
 public:
  explicit ContainerStore(const StatePaths& paths) : paths_(paths) {}

  const StatePaths& paths() const { return paths_; }
  std::string directory(const std::string& id) const;
  std::string run_directory(const std::string& id) const;
  std::string log_path(const std::string& id) const;

  // By name, full id or unique prefix of an id (in this order). `find` throws not_found; both throw
  // when a prefix is ambiguous.
  Record find(const std::string& name_or_id) const;
  std::optional<Record> find_if_exists(const std::string& name_or_id) const;
  // Newest first. One unreadable record is reported by warn_once and left out.
  std::vector<Record> list(Scope scope = Scope::all) const;
  std::optional<Record> load(const std::string& id) const;  // by full id
  // As written, not repaired: for callers that hold the lock.
  std::optional<Record> read(const std::string& id) const;
  // All records as written, unordered, not repaired: safe while other locks are held.
  // One that does not parse is an error (its layers and volumes are unknown), as in `read`.
  std::vector<Record> snapshot() const;

  // Bounded; the Error names the holder. Nothing when the container has been removed meanwhile.
  std::optional<FileLock> lock(const std::string& id) const;
  // Reads, changes and writes the record under the lock; nothing when the container is gone.
  std::optional<Record> update(const std::string& id,
                               const std::function<void(Record&)>& change) const;
  void write(const Record& record) const;  // the caller holds the lock

  // A new container's directory (with upper/ and work/) and its name, locked. `name` empty: a
  // random one is chosen. Throws conflict when the name is taken, naming the container that has it.
  // Until a record is written, the next command of anybody removes it once the lock is gone.
  struct Claim {
    std::string id, name;
    FileLock lock;
    FileLock run_lock;  // of its run directory, by which a killed owner is found
  };
  Claim claim(const std::string& name) const;
  void rename(Record& record, const std::string& name) const;  // the caller holds the lock
  // Record, directory, name and run directory, in this order; the caller holds the lock. Volumes
  // are the caller's business.
  void remove(const std::string& id, const std::string& name) const;
  // A container whose record does not parse, with all that is left of it; false when there is none
  // or its record is fine. Takes the locks itself.
  bool remove_unreadable(const std::string& name_or_id) const;
  // And the anonymous volumes, as --rm and `rm -v` do.
  void remove_with_volumes(const Record& record) const;

  // The monitor's mark: its run directory, locked as long as the monitor lives.
  FileLock make_run_directory(const std::string& id) const;
  void remove_run_directory(const std::string& id) const;
  bool has_monitor(const std::string& id) const;
  // Cleans up after monitors that were killed. Cheap: a lock attempt for each live container.
  void sweep() const;

 private:
  std::optional<std::string> id_of(const std::string& name_or_id) const;
  std::optional<Record> reconciled(Record record) const;
  Health running_health(const std::string& id) const;  // as its monitor wrote it last
  std::string claim_name(const std::string& wanted, const std::string& id) const;
  bool name_is_taken(const std::string& name) const;
  Error name_in_use(const std::string& name) const;
  bool is_unreadable(const std::string& id) const;
  void end_processes(const std::string& id, const Record* record) const;
  void remove_abandoned(const std::string& id) const;
  void remove_traces(const std::string& id) const;

  StatePaths paths_;
};

// [a-zA-Z0-9][a-zA-Z0-9_.-]* , as podman's (docker wants two characters); throws Error (usage).
void check_container_name(const std::string& name);
// A monitor is there: the record says running, paused or restarting, and that is true.
bool is_live(const Record& record);

}  // namespace mini::engine
