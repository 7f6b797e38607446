#include "runtime/engine/record/volumes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json_members.h"
#include "runtime/base/log.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"

namespace mini::engine {
namespace {

bool is_volume_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 255 && letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || c == '_' || c == '.' || c == '-'; });
}

void ensure_directory(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) < 0 && errno != EEXIST) throw SysError(path);
}

// The root is private, whichever process creates it.
std::string make_volumes_directory(const StatePaths& paths) {
  make_directories(paths.root, 0700);
  ensure_directory(paths.root + "/volumes", 0711);
  return paths.root + "/volumes/";
}

}  // namespace

static void describe(JsonMembers& json, Volume& volume) {
  json.always("Created", volume.created_ns);
  json("Labels", volume.labels);
  json("Anonymous", volume.anonymous);
}

void check_volume_name(const std::string& name) {
  if (is_volume_name(name)) return;
  throw Error(cat("volume name ", quoted(name),
                  ": only [a-zA-Z0-9][a-zA-Z0-9_.-]* is allowed, at most 255 characters"),
              "a host path must be absolute", ErrorKind::usage);
}

std::string VolumeStore::directory(const std::string& name) const {
  return cat(paths_.root, "/volumes/", name);
}

FileLock VolumeStore::lock(LockMode mode) const {
  return FileLock::acquire(make_volumes_directory(paths_), mode, "the volumes");
}

std::optional<Volume> VolumeStore::find(const std::string& name) const {
  if (!is_volume_name(name)) return {};
  const std::string path = directory(name) + "/volume.json";
  const auto text = read_file_if_exists(path);
  if (!text) return {};
  Volume volume;
  try {
    volume = read_json<Volume>(*text, path);
  } catch (const Error& error) {
    // Torn by a power cut: the data is worth more than its labels.
    warn_once(cat("volume ", name, ": its labels are ignored: ", error.what()));
  }
  volume.name = name;
  volume.mountpoint = directory(name) + "/_data";
  return volume;
}

Volume VolumeStore::get(const std::string& name) const {
  if (auto volume = find(name)) return std::move(*volume);
  throw Error(cat("volume ", quoted(name), ": not found"), "`mini volume ls` lists all volumes",
              ErrorKind::not_found);
}

Volume VolumeStore::create(const std::string& wanted,
                           const std::map<std::string, std::string>& labels, bool anonymous) const {
  const std::string name = wanted.empty() ? random_hex(64) : wanted;
  check_volume_name(name);
  if (auto have = find(name)) return std::move(*have);
  make_volumes_directory(paths_);
  ensure_directory(directory(name), 0711);
  ensure_directory(directory(name) + "/_data", 0755);
  const Volume volume{name, {}, now_ns(), labels, anonymous || wanted.empty()};
  replace_file(directory(name) + "/volume.json", write_json(volume), true);
  return get(name);
}

std::vector<Volume> VolumeStore::list() const {
  std::vector<Volume> volumes;
  for (const std::string& name : list_directory(paths_.root + "/volumes")) {
    if (auto volume = find(name)) volumes.push_back(std::move(*volume));
  }
  return volumes;
}

std::multimap<std::string, std::string> VolumeStore::users(const ContainerStore& containers) const {
  std::multimap<std::string, std::string> users;
  for (const Record& record : containers.snapshot()) {
    for (const MountRequest& mount : record.mounts) {
      if (mount.type == MountRequest::Type::volume) users.emplace(mount.source, record.name);
    }
  }
  return users;
}

void VolumeStore::remove(const ContainerStore& containers, const std::string& name,
                         bool force) const {
  const FileLock held = lock(LockMode::exclusive);
  if (!find(name)) {
    if (force) return;
    get(name);
  }
  const auto all = users(containers);
  const auto [first, last] = all.equal_range(name);
  if (first != last) {
    std::vector<std::string> names;
    for (auto user = first; user != last; ++user) names.push_back(user->second);
    throw Error(cat("volume ", quoted(name), ": in use by ", join(names, ", ")),
                cat("remove the container first: `mini rm ", names[0], "`"), ErrorKind::conflict);
  }
  // Gone whole by one rename; killed after it, the next command empties the trash.
  ensure_directory(paths_.root + "/trash", 0700);
  const std::string trash = cat(paths_.root, "/trash/", random_hex(24));
  rename_path(directory(name), trash);
  remove_tree(trash);
}

uint64_t VolumeStore::disk_usage(const Volume& volume) const {
  return mini::disk_usage(volume.mountpoint);
}

}  // namespace mini::engine
