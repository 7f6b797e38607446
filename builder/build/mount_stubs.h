// A mount needs something to be mounted on. What the sandbox had to make for that in the upper
// directory of a RUN (empty files and directories) is no part of the layer and is taken away again,
// as are parent directories that overlay copied up only because of it. Follows no link
// (CVE-2024-23652), and leaves everything that holds something.
#pragma once

#include <string>
#include <vector>

#include "builder/build/file_view.h"

namespace mini::build {

class MountStubs {
 public:
  // `lower`: the files below the RUN. `targets`: absolute paths as given; the sandbox's own are
  // added.
  MountStubs(const FileView& lower, const std::vector<std::string>& targets);

  void remove_from(const std::string& upper) const;

 private:
  struct Stub {
    std::string path;  // resolved in the lower files; deepest first
    std::optional<FileNode> below;  // the directory of the lower files that it may be a copy of
  };
  std::vector<Stub> stubs_;
};

}  // namespace mini::build
