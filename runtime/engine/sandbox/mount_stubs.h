// Keeps a build step's or a commit's layer free of what only the sandbox needed: the empty
// directories and files that were made so that something could be mounted on them (/proc, /dev,
// /etc/hosts, the targets of RUN --mount). What the image had, or the command filled, stays.
#pragma once

#include <string>
#include <vector>

#include "runtime/container/spec/spec.h"

namespace mini::engine {

class MountStubs {
 public:
  // Before the start: notes which of the Spec's mount targets are not there yet.
  explicit MountStubs(const container::Spec& spec);
  MountStubs(const container::Spec::Overlay& overlay, const std::vector<std::string>& targets);
  // After the end: removes them from the upper directory, when they are still empty.
  void remove() const;
  // Absolute; their missing parents too.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  void tidy_parents(int upper, std::string path) const;

  container::Spec::Overlay overlay_;
  std::vector<std::string> missing_;  // deepest first, parents too
};

}  // namespace mini::engine
