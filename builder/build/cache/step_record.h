// The build cache on disk. A record says what a step with a certain key gave:
//
//   <root>/cache/build/<key>         {"description", "parts", "layer", "size", "created"}; its
//   mtime
//                                    is the last use, kept to the hour
//   <root>/cache/build/<key>.files   the files it read, for explanations
//   <root>/cache/history/<id>        the keys of a stage's steps the last time, in order
//
// Written by rename after the layers are durable; never synced, because a record that is lost or
// torn is only a miss. Nothing here throws for bad content.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "builder/build/cache/step_key.h"
#include "runtime/base/state_paths.h"

namespace mini {
class JsonMembers;
}

namespace mini::build {

void describe(JsonMembers& json, KeyPart& part);  // as in runtime/base/json_members.h

struct StepRecord {
  Digest key;
  std::string description;  // "RUN make"
  std::vector<KeyPart> parts;
  Digest layer;  // diff id
  uint64_t size = 0;
  int64_t created_ns = 0, used_ns = 0;
};

struct PastStep {
  std::string instruction;
  Digest key;
  bool operator==(const PastStep&) const = default;
};

class RecordStore {
 public:
  explicit RecordStore(const StatePaths& paths);

  std::optional<StepRecord> find(const Digest& key) const;
  std::string listing(const Digest& key) const;  // empty when unknown
  void put(const StepRecord& record, const std::string& listing) const;
  void mark_used(const StepRecord& record) const;
  void remove(const Digest& key) const;
  std::vector<StepRecord> list() const;

  std::vector<PastStep> history(const std::string& identity, const std::string& stage) const;
  void put_history(const std::string& identity, const std::string& stage,
                   const std::vector<PastStep>& steps) const;

 private:
  std::string path(const Digest& key) const;
  std::string history_path(const std::string& identity, const std::string& stage) const;

  std::string records_, history_;
};

}  // namespace mini::build
