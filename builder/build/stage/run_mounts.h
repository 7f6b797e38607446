// The mounts of one RUN: bind (context, stage, image), cache, tmpfs, secret, and the file of a
// here-document with "#!". Everything is prepared in a mount namespace of the calling thread's own,
// so nothing is ever mounted on the host and nothing stays when mini is killed. Sources are
// resolved inside the context or the layers and cannot leave them; what a command writes to a bind
// is discarded (CVE-2025-4953); files that .dockerignore leaves out are not visible; secrets live
// in memory only; an SSH agent is reached through a socket of mini's own; a cache id is hashed
// before it names a directory (CVE-2024-9675).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builder/build/cache/step_key.h"
#include "builder/build/stage/session.h"
#include "builder/build/stage/stage_state.h"
#include "runtime/base/lock.h"
#include "runtime/container/spec/spec.h"

namespace mini::build {

// The layers of the stage or image that --from or from= names, bottom first.
using LayersOf = std::function<std::vector<image::Layer>(const std::string& reference,
                                                         const dockerfile::Range& place)>;

class RunMounts {
 public:
  RunMounts(Session& session, const StageState& state, const dockerfile::Run& run,
            const LayersOf& layers_of);
  ~RunMounts();

  bool empty() const { return mounts_.empty() && script_.empty(); }
  void describe(StepKey& key);

  // Only in a thread that has called enter_private_mount_namespace().
  std::vector<container::Mount> prepare();
  std::vector<std::string> environment() const;  // secrets with env=, after prepare()

 private:
  struct Prepared;
  void describe_bind(Prepared& mount, StepKey& key);
  container::Mount bind(Prepared& mount);
  container::Mount bind_directory(Prepared& mount, const files::View& view,
                                  const std::string& path);
  container::Mount bind_file(Prepared& mount, const files::View& view,
                             const files::View::Resolved& source);
  std::optional<container::Mount> secret(Prepared& mount);
  std::optional<container::Mount> ssh(Prepared& mount);
  container::Mount cache(Prepared& mount);
  void seed_cache(const Prepared& mount, const std::string& path);
  container::Mount tmpfs(const Prepared& mount) const;
  std::string new_point(bool directory);

  Session& session_;
  std::vector<std::unique_ptr<Prepared>> mounts_;
  std::string script_, script_path_;
  std::optional<image::Draft> scratch_;  // its work directory carries the tmpfs of mount points
  std::vector<std::string> environment_;
  int points_ = 0, ssh_count_ = 0;
};

}  // namespace mini::build
