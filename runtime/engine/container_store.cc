#include "runtime/engine/container_store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup.h"
#include "runtime/engine/step_mark.h"
#include "runtime/engine/volumes.h"

namespace mini::engine {
namespace {

constexpr size_t kRecordLimit = 4 << 20;
constexpr int kMonitorKilled = 255;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

bool is_container_name(std::string_view name) {
  return name.size() >= 2 && name.size() <= 255 && is_name_character(name[0]) && name[0] != '_' &&
         name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

bool is_id_prefix(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool is_id(std::string_view text) {
  return text.size() == 64 && is_id_prefix(text);
}

bool has_process(Status status) {
  return status == Status::running || status == Status::paused || status == Status::restarting;
}

void make_directory(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) < 0) throw SysError(path);
}

// A lock on a directory itself: with the slash, a missing one is an error and is not made as a
// file.
std::string itself(const std::string& directory) {
  return directory + "/";
}

std::optional<FileLock> try_lock_directory(const std::string& directory, LockMode mode) {
  return FileLock::try_acquire(itself(directory), mode);
}

std::string names_directory(const StatePaths& paths) {
  return paths.root + "/containers/names";
}

// Everything that changes which name belongs to whom. Taken after a container's own lock, never
// before it.
FileLock lock_names(const StatePaths& paths) {
  return FileLock::acquire(itself(names_directory(paths)), LockMode::exclusive,
                           "the containers' names");
}

std::string owner_of_name(const StatePaths& paths, const std::string& name) {
  return read_file_if_exists(cat(names_directory(paths), '/', name)).value_or("");
}

void put_name(const StatePaths& paths, const std::string& name, const std::string& id) {
  const std::string path = cat(names_directory(paths), '/', name);
  write_all(open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644).get(), id, path);
}

void take_name(const StatePaths& paths, const std::string& name, const std::string& id) {
  if (name.empty() || owner_of_name(paths, name) != id) return;
  unlink(cat(names_directory(paths), '/', name).c_str());
}

}  // namespace

bool is_live(const Record& record) {
  return has_process(record.state.status);
}

void check_container_name(const std::string& name) {
  if (is_container_name(name)) return;
  throw Error(cat("container name ", quoted(name),
                  ": only [a-zA-Z0-9][a-zA-Z0-9_.-]+ is allowed, at most 255 characters"),
              {}, ErrorKind::usage);
}

std::string ContainerStore::directory(const std::string& id) const {
  return cat(paths_.root, "/containers/", id);
}

std::string ContainerStore::run_directory(const std::string& id) const {
  return cat(paths_.run, "/containers/", id);
}

std::string ContainerStore::log_path(const std::string& id) const {
  return directory(id) + "/container.log";
}

std::optional<FileLock> ContainerStore::lock(const std::string& id) const {
  try {
    return FileLock::acquire(itself(directory(id)), LockMode::exclusive,
                             cat("container ", id.substr(0, 12)));
  } catch (const SysError& error) {
    if (error.code() == ENOENT) return {};
    throw;
  }
}

void ContainerStore::write(const Record& record) const {
  replace_file(directory(record.id) + "/record.json", to_json(record), false, 0600);
}

std::optional<Record> ContainerStore::read(const std::string& id) const {
  const std::string path = directory(id) + "/record.json";
  const auto text = read_file_if_exists(path, kRecordLimit);
  if (!text) return {};
  Record record = parse_record(*text, path);
  if (record.id != id) throw Error(cat(path, ": is the record of another container"));
  return record;
}

std::optional<Record> ContainerStore::update(const std::string& id,
                                             const std::function<void(Record&)>& change) const {
  const std::optional<FileLock> held = lock(id);
  if (!held) return {};
  std::optional<Record> record = read(id);
  if (!record) return {};
  change(*record);
  write(*record);
  return record;
}

bool ContainerStore::has_monitor(const std::string& id) const {
  try {
    return !try_lock_directory(run_directory(id), LockMode::shared);
  } catch (const SysError& error) {
    if (error.code() == ENOENT) return false;
    throw;
  }
}

FileLock ContainerStore::make_run_directory(const std::string& id) const {
  const std::string path = run_directory(id);
  if (mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) {
    mini::make_directories(path, 0700);
  }
  return FileLock::acquire(itself(path), LockMode::exclusive,
                           cat("the monitor of container ", id.substr(0, 12)));
}

// --- what dead processes left ---

void ContainerStore::end_processes(const std::string& id, const Record* record) const {
  auto group = record && !record->cgroup.empty() ? container::Cgroup::from_string(record->cgroup)
                                                 : container::Cgroup::find(id);
  group.remove();
  if (!record) return;
  // Without a group of its own (or moved out of it), the first process is all that is known; its
  // pid namespace ends with it.
  if (const std::optional<Fd> process = open_pidfd(record->state.process)) {
    signal_pidfd(process->get(), SIGKILL);
  }
}

std::optional<Record> ContainerStore::reconciled(Record record) const {
  if (!has_process(record.state.status) || has_monitor(record.id)) return record;
  // Somebody who holds the lock is changing it right now: what was read is as good as anything.
  std::optional<FileLock> held = try_lock_directory(directory(record.id), LockMode::exclusive);
  if (!held) return record;
  std::optional<Record> again = read(record.id);
  if (!again || !has_process(again->state.status) || has_monitor(record.id)) return again;
  debug("container ", record.id, ": its monitor is gone, cleaning up");
  end_processes(record.id, &*again);
  remove_tree(run_directory(record.id));
  if (again->host.auto_remove) {
    remove_with_volumes(*again);
    return {};
  }
  again->state.status = Status::exited;
  again->state.exit_code = kMonitorKilled;
  again->state.error = "its monitor was killed; the exit code is unknown";
  again->state.finished_ns = now_ns();
  again->state.process = again->state.monitor = {};
  again->cgroup.clear();
  write(*again);
  return again;
}

void ContainerStore::remove_abandoned(const std::string& id) const {
  std::optional<FileLock> held;
  if (exists(directory(id))) {
    held = try_lock_directory(directory(id), LockMode::exclusive);
    if (!held || exists(directory(id) + "/record.json")) return;
  }
  if (has_monitor(id)) return;
  debug("container ", id, ": removing what a dead process left");
  end_processes(id, nullptr);
  remove_tree(directory(id));
  remove_tree(run_directory(id));
}

void ContainerStore::sweep() const {
  StepMark::sweep(paths_);
  for (const std::string& id : list_directory(paths_.run + "/containers")) {
    if (!is_id(id) || has_monitor(id)) continue;
    if (!load(id)) remove_abandoned(id);
  }
}

// --- finding ---

std::optional<Record> ContainerStore::load(const std::string& id) const {
  std::optional<Record> record = read(id);
  if (record) record = reconciled(std::move(*record));
  if (record && has_process(record->state.status) && record->config.healthcheck) {
    const std::string path = run_directory(id) + "/health.json";
    if (const auto text = read_file_if_exists(path))
      record->state.health = parse_health(*text, path);
  }
  return record;
}

std::optional<std::string> ContainerStore::id_of(const std::string& name_or_id) const {
  std::string name = name_or_id;
  if (name.starts_with('/')) name.erase(0, 1);  // as inspect prints it
  if (is_container_name(name)) {
    const std::string id = owner_of_name(paths_, name);
    if (is_id(id) && exists(directory(id) + "/record.json")) return id;
  }
  if (is_id(name)) return name;
  if (!is_id_prefix(name)) return {};
  std::optional<std::string> found;
  for (std::string& id : list_directory(paths_.root + "/containers")) {
    if (!is_id(id) || !id.starts_with(name)) continue;
    if (found) {
      throw Error(cat("container ", quoted(name), ": more than one id starts like this"),
                  "give more digits", ErrorKind::conflict);
    }
    found = std::move(id);
  }
  return found;
}

std::optional<Record> ContainerStore::find_if_exists(const std::string& name_or_id) const {
  const auto id = id_of(name_or_id);
  return id ? load(*id) : std::nullopt;
}

Record ContainerStore::find(const std::string& name_or_id) const {
  std::optional<Record> record = find_if_exists(name_or_id);
  if (record) return std::move(*record);
  throw Error(cat("container ", quoted(name_or_id), ": not found"),
              "`mini ps -a` lists all containers", ErrorKind::not_found);
}

std::vector<Record> ContainerStore::snapshot() const {
  std::vector<Record> records;
  for (const std::string& id : list_directory(paths_.root + "/containers")) {
    if (!is_id(id)) continue;
    if (std::optional<Record> record = read(id)) records.push_back(std::move(*record));
  }
  return records;
}

std::vector<Record> ContainerStore::list(Scope scope) const {
  std::vector<Record> records;
  const std::string& top = scope == Scope::live ? paths_.run : paths_.root;
  for (const std::string& id : list_directory(top + "/containers")) {
    if (!is_id(id)) continue;
    try {
      std::optional<Record> record = load(id);
      if (!record) {
        remove_abandoned(id);
      } else if (scope == Scope::all || is_live(*record)) {
        records.push_back(std::move(*record));
      }
    } catch (const Error& error) {
      warn_once(cat("container ", id.substr(0, 12), ": ", error.what()));
    }
  }
  if (scope == Scope::all) sweep();
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return std::tie(b.created_ns, b.id) < std::tie(a.created_ns, a.id);
  });
  return records;
}

// --- making and removing ---

ContainerStore::Claim ContainerStore::claim(const std::string& wanted) const {
  if (!wanted.empty()) check_container_name(wanted);
  const std::string id = random_hex(64);
  const std::string path = directory(id);
  if (mkdir(path.c_str(), 0710) < 0) {
    if (errno != ENOENT) throw SysError(path);
    mini::make_directories(names_directory(paths_), 0711);
    make_directory(path, 0710);
  }
  Claim claim{id, wanted,
              FileLock::acquire(itself(path), LockMode::exclusive, cat("container ", id))};
  try {
    const FileLock names = lock_names(paths_);
    if (wanted.empty()) {
      do {
        claim.name = random_name();
      } while (name_is_taken(claim.name));
    } else if (name_is_taken(wanted)) {
      const std::string owner = owner_of_name(paths_, wanted);
      throw Error(
          cat("container name ", quoted(wanted), ": in use by container ", owner.substr(0, 12)),
          cat("remove it (`mini rm ", wanted, "`) or rename it"), ErrorKind::conflict);
    }
    put_name(paths_, claim.name, id);
  } catch (...) {
    rmdir(path.c_str());
    throw;
  }
  make_directory(path + "/upper", 0755);
  make_directory(path + "/work", 0700);
  return claim;
}

// The caller holds the lock of the names. A name whose container is gone, or was never finished by
// a dead process, is free, and freed.
bool ContainerStore::name_is_taken(const std::string& name) const {
  const std::string path = cat(names_directory(paths_), '/', name);
  const auto owner = read_file_if_exists(path);
  if (!owner) return false;
  if (is_id(*owner)) {
    if (exists(directory(*owner) + "/record.json")) return true;
    if (exists(directory(*owner)) && !try_lock_directory(directory(*owner), LockMode::exclusive)) {
      return true;
    }
  }
  unlink(path.c_str());
  return false;
}

void ContainerStore::rename(Record& record, const std::string& name) const {
  check_container_name(name);
  const std::string old = record.name;
  if (old == name) {
    throw Error(cat("container ", name, ": has this name already"), {}, ErrorKind::conflict);
  }
  const FileLock names = lock_names(paths_);
  if (name_is_taken(name)) {
    throw Error(cat("container name ", quoted(name), ": in use by container ",
                    owner_of_name(paths_, name).substr(0, 12)),
                {}, ErrorKind::conflict);
  }
  put_name(paths_, name, record.id);
  record.name = name;
  write(record);
  take_name(paths_, old, record.id);
}

void ContainerStore::remove(const std::string& id, const std::string& name) const {
  const std::string path = directory(id);
  // From here on the container does not exist; what remains is an abandoned directory that anybody
  // may remove.
  if (unlink((path + "/record.json").c_str()) < 0 && errno != ENOENT) throw SysError(path);
  remove_tree(run_directory(id));
  remove_tree(path);
  const FileLock names = lock_names(paths_);
  take_name(paths_, name, id);
}

void ContainerStore::remove_with_volumes(const Record& record) const {
  remove(record.id, record.name);
  const VolumeStore volumes(paths_);
  for (const MountRequest& mount : record.mounts) {
    if (mount.type == MountRequest::Type::volume && mount.anonymous) {
      volumes.remove(*this, mount.source, true);
    }
  }
}

}  // namespace mini::engine
