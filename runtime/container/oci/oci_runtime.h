// An OCI runtime as its callers know it: create, start, state, kill, delete, run, exec and list of
// containers that live in bundles (runtime.md; the command line is runc's). A container is a
// directory <root>/<id> with state.json, the config.json it was made from and, until it is started,
// a FIFO. state.json is replaced whole, and the directory itself is the container's lock; a
// container whose processes are gone is "stopped" whatever the file says. Nothing is printed:
// results are returned. Error texts are those that callers of runc look for ("container does not
// exist").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/process.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/container/launch/launch.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {

struct OciCreate {
  std::string id, bundle = ".", pid_file, console_socket;
  int preserve_fds = 0;  // 3, 4, … are passed on
  bool detach = false;   // run
  bool keep = false;     // run: do not delete when it ends
};

struct OciExec {
  std::string id, process_file, cwd, user, pid_file,
      console_socket;  // process_file wins over the flags
  std::vector<std::string> args, env, capabilities;
  std::vector<uint32_t> additional_gids;
  bool terminal = false, no_new_privileges = false, detach = false;
  int preserve_fds = 0;
};

struct OciState {
  std::string id, status, bundle, rootfs, created, owner, oci_version;
  pid_t pid = 0;  // 0 when stopped
  std::map<std::string, std::string> annotations;
};

class OciRuntime {
 public:
  explicit OciRuntime(std::string root = "/run/mini-oci");

  void create(const OciCreate& options);
  void start(const std::string& id);
  int run(const OciCreate& options);  // the exit code; 0 when detached
  OciState state(const std::string& id) const;
  void kill(const std::string& id, const std::string& signal, bool all);
  void remove(const std::string& id, bool force);
  int exec(const OciExec& options);  // the exit code; 0 when detached
  std::vector<OciState> list() const;

  struct Record;  // <root>/<id>/state.json and config.json: oci_record.h

 private:
  std::string directory(const std::string& id) const;
  Record load(const std::string& id) const;
  void save(const Record& record) const;
  OciState state_of(const Record& record) const;
  Record begin(const OciCreate& options) const;
  Launched launch_new(Record& record, const OciCreate& options, bool gate);
  void destroy(const Record& record);
  Process exec_process(const OciExec& options, const Record& record) const;

  std::string root_;
};

std::string oci_state_json(const OciState& state);               // what `state` prints
std::string oci_list_json(const std::vector<OciState>& states);  // list -f json
std::string oci_list_table(const std::vector<OciState>& states);
std::string oci_features_json();  // features.md

}  // namespace mini::container
