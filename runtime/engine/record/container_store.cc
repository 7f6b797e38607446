#include "runtime/engine/record/container_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/engine/record/container_names.h"
#include "runtime/engine/record/volumes.h"

namespace mini::engine {
namespace {

constexpr size_t kRecordLimit = 4 << 20;

void make_directory(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) < 0) throw SysError(path);
}

}  // namespace

bool is_live(const Record& record) {
  const Status status = record.state.status;
  return status == Status::running || status == Status::paused || status == Status::restarting;
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
  const std::string path = directory(record.id) + "/record.json", text = to_json(record);
  try {
    replace_file(path, text, false, 0600);
  } catch (const SysError& error) {
    if ((error.code() != ENOSPC && error.code() != EDQUOT) || !exists(path)) throw;
    // No room for a second one: a full disk must not keep a container from being ended and removed.
    const Fd fd = open_file(path, O_WRONLY);
    write_all(fd.get(), text, path);
    if (ftruncate(fd.get(), static_cast<off_t>(text.size())) < 0) throw SysError(path);
  }
}

std::optional<Record> ContainerStore::read(const std::string& id) const {
  const std::string path = directory(id) + "/record.json";
  const auto text = read_file_if_exists(path, kRecordLimit);
  if (!text) return {};
  try {
    Record record = parse_record(*text, path);
    if (record.id != id) throw Error(cat(path, ": belongs to another container"));
    return record;
  } catch (const Error& error) {
    throw Error(error.what(), cat("remove the container: `mini rm -f ", id.substr(0, 12), "`"));
  }
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
  return exists(run_directory(id)) && !try_lock_directory(run_directory(id), LockMode::shared) &&
         exists(run_directory(id));
}

FileLock ContainerStore::make_run_directory(const std::string& id) const {
  const std::string path = run_directory(id);
  for (;;) {
    if (mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) mini::make_directories(path, 0700);
    try {
      return FileLock::acquire(itself(path), LockMode::exclusive,
                               cat("the monitor of container ", id.substr(0, 12)));
    } catch (const SysError& error) {
      if (error.code() != ENOENT) throw;  // a sweep took the unlocked directory for a dead one's
    }
  }
}

void ContainerStore::remove_run_directory(const std::string& id) const {
  remove_tree(run_directory(id));
}

// --- finding ---

std::optional<Record> ContainerStore::load(const std::string& id) const {
  std::optional<Record> record = read(id);
  if (record) record = reconciled(std::move(*record));
  if (record && is_live(*record) && record->config.healthcheck)
    record->state.health = running_health(id);
  return record;
}

Health ContainerStore::running_health(const std::string& id) const {
  const std::string path = run_directory(id) + "/health.json";
  const auto text = read_file_if_exists(path);
  return text ? parse_health(*text, path) : Health{};
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
      throw Error(cat("container ", quoted(name), ": ambiguous ID prefix"),
                  "give more digits of the ID", ErrorKind::conflict);
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
  sweep();
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
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return std::tie(b.created_ns, b.id) < std::tie(a.created_ns, a.id);
  });
  return records;
}

// --- making and removing ---

ContainerStore::Claim ContainerStore::claim(const std::string& wanted) const {
  if (!wanted.empty()) check_container_name(wanted);
  const std::string id = random_id();
  // First the mark by which the next command finds what a kill leaves here.
  FileLock run_lock = make_run_directory(id);
  const std::string path = directory(id);
  try {
    if (mkdir(path.c_str(), 0710) < 0) {
      if (errno != ENOENT) throw SysError(path);
      make_names_directory(paths_);
      make_directory(path, 0710);
    }
    FileLock lock =
        FileLock::acquire(itself(path), LockMode::exclusive, cat("container ", id.substr(0, 12)));
    std::string name = claim_name(wanted, id);
    make_directory(path + "/upper", 0755);
    make_directory(path + "/work", 0700);
    return {id, std::move(name), std::move(lock), std::move(run_lock)};
  } catch (...) {
    remove_tree(path);
    remove_run_directory(id);
    throw;
  }
}

std::string ContainerStore::claim_name(const std::string& wanted, const std::string& id) const {
  const FileLock names = lock_names(paths_);
  std::string name = wanted;
  if (wanted.empty()) {
    do {
      name = random_name();
    } while (name_is_taken(name));
  } else if (name_is_taken(wanted)) {
    throw name_in_use(wanted);
  }
  put_name(paths_, name, id);
  return name;
}

Error ContainerStore::name_in_use(const std::string& name) const {
  return Error(cat("container name ", quoted(name), ": in use by container ",
                   owner_of_name(paths_, name).substr(0, 12)),
               cat("remove it (`mini rm ", name, "`) or rename it"), ErrorKind::conflict);
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
    throw Error(cat("container ", name, ": already has this name"), {}, ErrorKind::conflict);
  }
  const FileLock names = lock_names(paths_);
  if (name_is_taken(name)) throw name_in_use(name);
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
  remove_run_directory(id);
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
