#include "runtime/container/oci/oci_runtime.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/json_members.h"
#include "runtime/base/lock.h"
#include "runtime/base/text.h"
#include "runtime/container/launch/foreground.h"
#include "runtime/container/launch/hooks.h"
#include "runtime/container/oci/oci_record.h"

namespace mini::container {

namespace {

constexpr const char* kFifo = "/exec.fifo";

void check_id(const std::string& id) {
  const bool clean = std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("_+-.", c);
  });
  if (id.empty() || !clean || id == "." || id == ".." || id.size() > 1024) {
    throw Error(cat("invalid container ID format: ", quoted(id)),
                "letters, digits, _ + - and . are allowed", ErrorKind::usage);
  }
}

[[noreturn]] void does_not_exist(const std::string& id) {
  throw Error(cat("container ", quoted(id), ": container does not exist"), "",
              ErrorKind::not_found);
}

void name_cgroup(Spec& spec, const std::string& id) {
  if (spec.linux_.cgroups_path.empty()) spec.linux_.cgroups_path = cat("oci-", id);
}

std::string absolute(const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  if (!real) throw SysError(cat("bundle ", quoted(path)));
  const std::string out = real;
  free(real);
  return out;
}

}  // namespace

static void describe(JsonMembers& json, OciRuntime::Record& record) {
  std::string cgroup = record.cgroup.str();
  json.required("bundle", record.bundle);
  json.required("created", record.created);
  json.required("pid", record.process.pid);
  json.required("startTime", record.process.start_time);
  json.required("boot", record.process.boot);
  json.required("cgroup", cgroup);
  if (json.reading()) record.cgroup = Cgroup::from_string(cgroup);
}

OciRuntime::OciRuntime(std::string root) : root_(std::move(root)) {}

std::string OciRuntime::directory(const std::string& id) const {
  check_id(id);
  return cat(root_, "/", id);
}

OciRuntime::Record OciRuntime::load(const std::string& id) const {
  const std::string dir = directory(id);
  const auto text = read_file_if_exists(dir + "/state.json");
  if (!text) does_not_exist(id);
  auto record = read_json<Record>(*text, cat(id, "/state.json"));
  record.id = id;
  record.spec = parse_spec(read_file(dir + "/config.json", kJsonLimit));
  name_cgroup(record.spec, id);
  return record;
}

void OciRuntime::save(const Record& record) const {
  replace_file(directory(record.id) + "/state.json", write_json(record), false, 0600);
}

OciState OciRuntime::state_of(const Record& record) const {
  OciState out;
  out.id = record.id;
  out.bundle = record.bundle;
  out.created = record.created;
  out.oci_version = record.spec.oci_version;
  out.annotations = record.spec.annotations;
  out.rootfs = record.spec.root.path;
  if (!out.rootfs.starts_with('/')) out.rootfs = cat(record.bundle, "/", out.rootfs);
  out.owner = "root";
  const bool alive = record.process.pid > 0 && record.process.alive();
  out.pid = alive ? record.process.pid : 0;
  if (!record.process.pid) {
    // Whoever creates it holds the lock; if nobody does, he was killed.
    const bool free = FileLock::try_acquire(directory(record.id), LockMode::shared).has_value();
    out.status = free ? "stopped" : "creating";
  } else if (!alive) {
    out.status = "stopped";
  } else if (exists(directory(record.id) + kFifo)) {
    out.status = "created";
  } else {
    out.status = record.cgroup && record.cgroup.frozen() ? "paused" : "running";
  }
  return out;
}

OciRuntime::Record OciRuntime::begin(const OciCreate& options) const {
  Record record;
  record.id = options.id;
  const std::string dir = directory(options.id);
  record.bundle = absolute(options.bundle);
  const std::string config = read_file(record.bundle + "/config.json", kJsonLimit);
  record.spec = parse_spec(config);
  if (!record.spec.process) throw Error("config.json: process: missing");
  record.created = rfc3339_nano(now_ns());
  name_cgroup(record.spec, options.id);
  make_directories(root_, 0711);
  // mkdir decides between two creates of the same name.
  if (mkdir(dir.c_str(), 0711) < 0) {
    if (errno == EEXIST) {
      throw Error(cat("container ", quoted(options.id), ": container with given ID already exists"),
                  "", ErrorKind::conflict);
    }
    throw SysError(dir);
  }
  try {
    replace_file(dir + "/config.json", config, false, 0600);
    save(record);
  } catch (...) {
    remove_tree(dir);
    throw;
  }
  return record;
}

Launched OciRuntime::launch_new(Record& record, const OciCreate& options, bool gate) {
  const std::string dir = directory(record.id);
  const bool detached = gate || options.detach;
  check_console(record.spec.process->terminal, detached, options.console_socket);
  const Fd console = connect_console(options.console_socket);
  LaunchOptions launch_options;
  launch_options.bundle = record.bundle;
  launch_options.name = record.id;
  launch_options.stdio = {0, 1, 2};
  launch_options.console_socket = console.get();
  launch_options.preserve_fds = preserved_descriptors(options.preserve_fds);
  if (gate) {
    launch_options.start_fifo = dir + kFifo;
    if (mkfifo(launch_options.start_fifo.c_str(), 0600) < 0)
      throw SysError(launch_options.start_fifo);
  }
  Launched launched = launch(record.spec, launch_options);
  Undo undo{&launched};
  record.process = launched.process;
  record.cgroup = launched.cgroup;
  save(record);
  write_pid_file(options.pid_file, launched.process.pid);
  undo.launched = nullptr;
  return launched;
}

void OciRuntime::create(const OciCreate& options) {
  Record record = begin(options);
  const auto lock =
      FileLock::acquire(directory(options.id), LockMode::exclusive, cat("container ", options.id));
  try {
    launch_new(record, options, true);
  } catch (...) {
    destroy(record);
    throw;
  }
}

void OciRuntime::start(const std::string& id) {
  const std::string dir = directory(id);
  if (!exists(dir)) does_not_exist(id);
  const auto lock = FileLock::acquire(dir, LockMode::exclusive, cat("container ", id));
  const Record record = load(id);
  const OciState now = state_of(record);
  if (now.status == "stopped") {
    throw Error(cat("container ", quoted(id), ": cannot start a container that has stopped"), "",
                ErrorKind::conflict);
  }
  if (now.status != "created") {
    throw Error(cat("container ", quoted(id), ": cannot start an already running container"), "",
                ErrorKind::conflict);
  }
  // Without a reader the process has died since; opening would wait for ever.
  const Fd gate = open_file(dir + kFifo, O_WRONLY | O_NONBLOCK);
  write_all(gate.get(), "s", "start gate");
  if (unlink((dir + kFifo).c_str()) < 0) throw SysError(dir + kFifo);
  run_hooks(record.spec.hooks.poststart, "poststart",
            hook_state(record.spec, id, "running", record.bundle).with(record.process.pid));
}

int OciRuntime::run(const OciCreate& options) {
  Record record = begin(options);
  std::optional<Foreground> foreground;
  if (!options.detach) foreground.emplace();
  try {
    const Launched launched = launch_new(record, options, false);
    Undo undo{&launched};
    run_hooks(
        record.spec.hooks.poststart, "poststart",
        hook_state(record.spec, record.id, "running", record.bundle).with(launched.process.pid));
    undo.launched = nullptr;
    if (options.detach) return 0;
    const int code = foreground->wait(launched);
    if (!options.keep) remove(record.id, true);
    return code;
  } catch (...) {
    destroy(record);
    throw;
  }
}

OciState OciRuntime::state(const std::string& id) const {
  return state_of(load(id));
}

void OciRuntime::kill(const std::string& id, const std::string& signal, bool all) {
  const int number = parse_signal(signal);
  const Record record = load(id);
  if (all) {
    for (const pid_t pid : record.cgroup.processes()) ::kill(pid, number);
    return;
  }
  const auto pidfd = open_pidfd(record.process);
  if (!record.process.pid || !pidfd || !signal_pidfd(pidfd->get(), number)) {
    throw Error(cat("container ", quoted(id), ": container not running"), "", ErrorKind::conflict);
  }
}

void OciRuntime::destroy(const Record& record) {
  Cgroup group = record.cgroup ? record.cgroup : Cgroup::find(record.spec.linux_.cgroups_path);
  if (group) group.remove();
  remove_tree(directory(record.id));
}

void OciRuntime::remove(const std::string& id, bool force) {
  const std::string dir = directory(id);
  if (!exists(dir)) {
    if (force) return;
    does_not_exist(id);
  }
  const auto lock = FileLock::acquire(dir, LockMode::exclusive, cat("container ", id));
  if (!exists(dir + "/state.json")) {
    // Its creator was killed before it could write anything down.
    if (!force) does_not_exist(id);
    return remove_tree(dir);
  }
  const Record record = load(id);
  const OciState now = state_of(record);
  if (now.status != "stopped") {
    if (!force && now.status != "created") {
      throw Error(cat("cannot delete container ", id, " that is not stopped: ", now.status),
                  "stop it first, or use --force", ErrorKind::conflict);
    }
    if (const auto pidfd = open_pidfd(record.process)) {
      signal_pidfd(pidfd->get(), SIGKILL);
      if (record.cgroup && record.cgroup.frozen()) record.cgroup.thaw();
      wait_for_end(pidfd->get(), id);
    }
  }
  destroy(record);
  const auto state = hook_state(record.spec, id, "stopped", record.bundle).with(0);
  run_hooks(record.spec.hooks.poststop, "poststop", state);
}

std::vector<OciState> OciRuntime::list() const {
  std::vector<OciState> out;
  for (const auto& id : list_directory(root_)) {
    try {
      out.push_back(state(id));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::usage)
        throw;  // deleted meanwhile, or not a container
    }
  }
  return out;
}

}  // namespace mini::container
