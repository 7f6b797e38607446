#include "runtime/engine/lifecycle/step.h"

#include <signal.h>

#include <memory>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/poll_round.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/streams.h"
#include "runtime/engine/record/step_mark.h"
#include "runtime/engine/sandbox/container_network.h"
#include "runtime/engine/sandbox/devices.h"
#include "runtime/engine/sandbox/mount_stubs.h"
#include "runtime/engine/sandbox/sandbox.h"
#include "runtime/engine/sandbox/sandbox_facts.h"

namespace mini::engine {
namespace {

// The same name in every build, because a command may write it down.
constexpr const char* kHostName = "mini-build";

// Steps only read it, so all steps with the same content share one file.
std::string shared_file(const StatePaths& paths, const std::string& content) {
  const std::string directory = paths.run + "/etc";
  const std::string path = cat(directory, '/', Digest::of(content).hex());
  if (exists(path)) return path;
  make_directories(paths.run, 0700);
  make_directories(directory, 0711);
  replace_file(path, content, false, 0644);
  return path;
}

container::Mount read_only_bind(const std::string& source, const std::string& destination) {
  return {destination, "bind", source, {"bind", "rprivate", "ro"}, {}, {}};
}

// A step is a temporary container: the same record, in memory only.
Record record_of(const StepRequest& request, const std::string& id) {
  Record record;
  record.id = id;
  record.name = request.name;
  record.args = request.args;
  record.config.hostname = kHostName;
  record.config.env = request.env;
  record.config.user = request.user;
  record.config.working_dir = request.working_dir;
  record.host = request.host;
  record.host.network_mode = request.network_mode;
  if (request.network_mode == network::kDefaultNetwork)
    record.host.networks.push_back({network::kDefaultNetwork, {}, {}, {}, {}});
  record.host.privileged = request.insecure;
  record.host.extra_hosts = request.add_hosts;
  return record;
}

container::Spec spec_of(const StepRequest& request, const Record& record) {
  SandboxFacts facts;
  facts.overlay = request.overlay;
  facts.overlay.throwaway = true;
  facts.user = find_user(request.overlay, request.user, {});
  add_limit_facts(record, facts);
  if (request.insecure) facts.devices = all_host_devices();
  container::Spec spec = make_spec(record, facts);
  spec.mounts.push_back(
      read_only_bind(shared_file(request.paths, hosts_file(request.add_hosts)), "/etc/hosts"));
  if (request.network_mode != "none") {
    const std::string servers =
        has_networks(record.host)
            ? resolver_of(record.host).file
            : resolv_conf(read_file_if_exists("/etc/resolv.conf").value_or(""), record.host);
    spec.mounts.push_back(read_only_bind(shared_file(request.paths, servers), "/etc/resolv.conf"));
  }
  spec.mounts.insert(spec.mounts.end(), request.mounts.begin(), request.mounts.end());
  return spec;
}

class Step {
 public:
  Step(const StepRequest& request, const Record& record, const container::Spec& spec)
      : request_(request) {
    Pipe out = make_pipe(), err = make_pipe();
    container::LaunchOptions options;
    options.name = request.name;
    options.stdio = {-1, out.write.get(), err.write.get()};
    options.die_with_parent = true;
    if (has_networks(record.host)) {
      network_ = std::make_unique<ContainerNetwork>(request.paths, record, std::string());
      options.beside = [&](pid_t process) { network_->connect(record, process); };
    }
    process_ = container::launch(spec, options);
    streams_.push_back(stream(std::move(out.read), false));
    streams_.push_back(stream(std::move(err.read), true));
  }

  ~Step() {
    if (reaped_) return;
    try {
      end();
    } catch (const Error&) {
      // Another error is on its way; the process dies with us.
    }
  }

  int run() {
    bool exited = false;
    while (!exited) {
      PollRound round;
      round.watch(process_.pidfd.get(), POLLIN, [&](short) { exited = true; });
      if (request_.cancel_fd >= 0 && !cancelled_) {
        round.watch(request_.cancel_fd, POLLIN, [this](short) { cancel(); });
      }
      for (const auto& stream : streams_) stream->watch(round, true);
      if (network_) network_->watch(round);
      round.wait();
    }
    for (const auto& stream : streams_) stream->drain();
    const int code = end();
    return cancelled_ ? 137 : code;
  }

 private:
  std::unique_ptr<OutputStream> stream(Fd source, bool is_stderr) {
    return std::make_unique<OutputStream>(std::move(source), -1,
                                          [this, is_stderr](std::string_view data) {
                                            if (request_.on_output)
                                              request_.on_output(is_stderr, data);
                                          });
  }

  void cancel() {
    cancelled_ = true;
    signal_pidfd(process_.pidfd.get(), SIGKILL);
  }

  int end() {
    signal_pidfd(process_.pidfd.get(), SIGKILL);
    const int code = exit_code_of(wait_child(process_.process.pid));
    reaped_ = true;
    process_.cgroup.remove();
    return code;
  }

  const StepRequest& request_;
  std::unique_ptr<ContainerNetwork> network_;
  container::Launched process_;
  std::vector<std::unique_ptr<OutputStream>> streams_;
  bool cancelled_ = false, reaped_ = false;
};

}  // namespace

int run_step(const StepRequest& request) {
  const StepMark mark(request.paths);
  const Record record = record_of(request, mark.id());
  const container::Spec spec = spec_of(request, record);
  const MountStubs stubs(spec);
  const int code = [&] {
    try {
      return Step(request, record, spec).run();
    } catch (...) {
      stubs.remove();
      throw;
    }
  }();
  stubs.remove();
  return code;
}

}  // namespace mini::engine
