// Volumes: <root>/volumes/<name>/_data and volume.json. An anonymous volume's name is 64 hex
// digits. A volume that a container's record names is in use and is not removed. Naming a volume in
// a record and removing one exclude each other by a lock on <root>/volumes. A directory without
// volume.json was not finished and is not a volume; one whose volume.json does not parse is a
// volume without labels, with a warning. A volume is removed whole or not at all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/engine/record/container_store.h"

namespace mini::engine {

struct Volume {
  std::string name, mountpoint;  // <root>/volumes/<name>/_data
  int64_t created_ns = 0;
  std::map<std::string, std::string> labels;
  bool anonymous = false;
};

class VolumeStore {
 public:
  explicit VolumeStore(const StatePaths& paths) : paths_(paths) {}

  // An existing one is returned as it is. Empty name: an anonymous one with a new name.
  Volume create(const std::string& name, const std::map<std::string, std::string>& labels = {},
                bool anonymous = false) const;
  std::vector<Volume> list() const;           // by name
  Volume get(const std::string& name) const;  // throws not_found
  std::optional<Volume> find(const std::string& name) const;
  // Throws conflict naming the containers that use it; not_found unless `force`.
  void remove(const ContainerStore& containers, const std::string& name, bool force = false) const;
  // Names of the volumes that containers use, with the containers' names.
  std::multimap<std::string, std::string> users(const ContainerStore& containers) const;
  uint64_t disk_usage(const Volume& volume) const;
  std::string directory(const std::string& name) const;
  // Held while a container is created that names volumes.
  FileLock lock(LockMode mode) const;

 private:
  StatePaths paths_;
};

// Docker's grammar [a-zA-Z0-9][a-zA-Z0-9_.-]*; throws Error (usage).
void check_volume_name(const std::string& name);

}  // namespace mini::engine
