// What dead processes left behind: records that say "running" without a monitor, directories
// without a record, unreadable records.
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/engine/record/container_names.h"
#include "runtime/engine/record/container_store.h"
#include "runtime/engine/record/step_mark.h"
#include "runtime/network/bridge/membership.h"

namespace mini::engine {
namespace {

constexpr int kMonitorKilled = 255;

}  // namespace

void ContainerStore::end_processes(const std::string& id, const Record* record) const {
  auto group = record && !record->cgroup.empty()
                   ? container::Cgroup::from_string(record->cgroup)
                   : container::Cgroup::find(record ? cgroup_path(*record) : id);
  group.remove();
  network::Membership(paths_).leave(id);
  if (!record) return;
  // Without its own cgroup (or moved out of it), the first process is all that is known; its
  // pid namespace ends with it.
  if (const std::optional<Fd> process = open_pidfd(record->state.process)) {
    signal_pidfd(process->get(), SIGKILL);
  }
}

std::optional<Record> ContainerStore::reconciled(Record record) const {
  if (!is_live(record) || has_monitor(record.id)) return record;
  // The holder of the lock is changing it right now: what was read is as good as anything.
  std::optional<FileLock> held = try_lock_directory(directory(record.id), LockMode::exclusive);
  if (!held) return record;
  std::optional<Record> again = read(record.id);
  if (!again || !is_live(*again) || has_monitor(record.id)) return again;
  debug("container ", record.id, ": its monitor is gone, cleaning up");
  end_processes(record.id, &*again);
  again->state.health = after_end(running_health(record.id));
  remove_run_directory(record.id);
  if (again->host.auto_remove) {
    remove_with_volumes(*again);
    return {};
  }
  again->state.status = Status::exited;
  again->state.exit_code = kMonitorKilled;
  again->state.error = "its monitor was killed; the exit code is unknown";
  again->state.finished_ns = now_ns();
  again->state.process = again->state.monitor = {};
  leave_endpoints(again->state);
  again->cgroup.clear();
  write(*again);
  return again;
}

void ContainerStore::remove_abandoned(const std::string& id) const {
  // Created when missing: the holder of the mark decides, and another process may be creating a
  // container of this id right now, whose first mark another sweep has just removed.
  std::optional<FileLock> held;
  if (mkdir(run_directory(id).c_str(), 0700) < 0 && errno != EEXIST)
    make_directories(run_directory(id), 0700);
  const std::optional<FileLock> mark = try_lock_directory(run_directory(id), LockMode::exclusive);
  if (!mark) return;
  if (exists(directory(id))) {
    held = try_lock_directory(directory(id), LockMode::exclusive);
    if (!held || exists(directory(id) + "/record.json")) {
      // A record appeared in the meantime; its owner recreates the mark when there is none.
      remove_run_directory(id);
      return;
    }
  }
  debug("container ", id, ": removing what a dead process left");
  end_processes(id, nullptr);
  remove_tree(directory(id));
  remove_run_directory(id);
}

// Its monitor was killed after the record had said that nothing runs any more, or before it said
// that something does.
void ContainerStore::remove_traces(const std::string& id) const {
  const auto mark = try_lock_directory(run_directory(id), LockMode::exclusive);
  const auto held = try_lock_directory(directory(id), LockMode::exclusive);
  const std::optional<Record> record = mark && held ? read(id) : std::nullopt;
  if (!record || is_live(*record)) return;
  debug("container ", id, ": removing the traces of a start that was killed");
  end_processes(id, &*record);
  remove_run_directory(id);
  if (record->host.auto_remove) remove_with_volumes(*record);
}

// --- an unreadable record ---

bool ContainerStore::is_unreadable(const std::string& id) const {
  try {
    read(id);
    return false;
  } catch (const SysError&) {
    throw;
  } catch (const Error&) {
    return true;
  }
}

bool ContainerStore::remove_unreadable(const std::string& name_or_id) const {
  const std::optional<std::string> id = id_of(name_or_id);
  if (!id) return false;
  std::optional<FileLock> mark, held = lock(*id);  // a writer in place has finished
  if (!held || !is_unreadable(*id)) return false;
  held.reset();
  end_processes(*id, nullptr);
  // A monitor that lives ends with its processes, and needs the container's lock for that.
  if (exists(run_directory(*id))) mark = make_run_directory(*id);
  held = lock(*id);
  if (!held || !is_unreadable(*id)) return false;
  remove(*id, {});
  const FileLock names = lock_names(paths_);
  for (const std::string& name : list_directory(names_directory(paths_)))
    take_name(paths_, name, *id);
  return true;
}

// --- the sweep ---

void ContainerStore::sweep() const {
  StepMark::sweep(paths_);
  for (const std::string& id : list_directory(paths_.run + "/containers")) {
    if (!is_id(id) || has_monitor(id)) continue;
    try {
      const std::optional<Record> record = load(id);
      if (!record) {
        remove_abandoned(id);
      } else if (!is_live(*record)) {
        remove_traces(id);
      }
    } catch (const Error& error) {
      // One container's trouble must not keep the others' commands from working.
      warn_once(cat("container ", id.substr(0, 12), ": ", error.what()));
    }
  }
}

}  // namespace mini::engine
