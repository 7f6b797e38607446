// What decides a step's result, part by part: the parts' digest is the key under which the result
// is kept, and the parts themselves, compared with those of the last time, are the reason why a
// step runs again. No part may hold a time of the clock, a path of the host or a secret's value.
#pragma once

#include <string>
#include <vector>

#include "builder/build/source/copy_plan.h"
#include "runtime/base/digest.h"

namespace mini::build {

struct KeyPart {
  std::string name;   // "command", "env PATH", "files"
  std::string value;  // for "files": the digest of the listing
  bool operator==(const KeyPart&) const = default;
};

class StepKey {
 public:
  void add(std::string name, std::string value);
  // The files that the step reads: their digest goes into the key. `entries` outlives the key,
  // which looks at them again only to explain.
  void add_files(const std::vector<PlannedEntry>& entries);

  const std::vector<KeyPart>& parts() const { return parts_; }
  Digest digest() const;

  struct File {
    std::string path, source;  // in the layer; where it comes from, for people
    std::string meta;          // type, mode, owner
    std::string content;       // digest or target
  };
  std::vector<File> files() const;
  size_t file_count() const;
  // Each file as "path NUL meta NUL content NUL": what a record keeps of them.
  std::string listing() const;

 private:
  std::vector<KeyPart> parts_;
  std::vector<const std::vector<PlannedEntry>*> files_;
};

std::string hex_of(const files::ContentHash& hash);

// Files as they are (of a bind mount), for add_files().
std::vector<PlannedEntry> planned_as_they_are(std::vector<files::Entry> entries);

}  // namespace mini::build
