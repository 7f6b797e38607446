#include "builder/build/stage/run_step.h"

#include <exception>
#include <map>
#include <thread>

#include "builder/build/stage/stage_builder.h"
#include "runtime/base/error.h"
#include "runtime/base/private_mounts.h"
#include "runtime/base/text.h"
#include "runtime/engine/lifecycle/step.h"
#include "runtime/network/bridge/network_store.h"

namespace mini::build {
namespace {

constexpr int kNotFound = 127, kNotExecutable = 126;

std::string cure(int code, const std::vector<std::string>& argv) {
  if (code == kNotFound)
    return "a command, or the interpreter of a script, is not in the image; scripts with Windows "
           "line endings (CRLF) name an interpreter that does not exist";
  if (code == kNotExecutable)
    return cat("a file in ", quoted(argv.back()),
               " is not executable: `chmod +x`, or COPY --chmod");
  if (code == 137) return "the process was killed, possibly for lack of memory";
  return {};
}

}  // namespace

RunStep::RunStep(Session& session, const StageState& state, const dockerfile::Run& run,
                 const StepInfo& info, const LayersOf& layers_of)
    : session_(session),
      state_(state),
      run_(run),
      info_(info),
      mounts_(session, state, run, layers_of) {
  if (run.security == dockerfile::RunSecurity::insecure && !session.options().allow_insecure) {
    throw Error("--security=insecure: not allowed by default", "--allow security.insecure");
  }
  const BuildOptions& options = session.options();
  if (run.network == dockerfile::RunNetwork::host && options.network != Network::host &&
      !options.allow_host_network) {
    throw Error("--network=host: not allowed by default", "--allow network.host");
  }
  if (run.command.exec) {
    argv_ = run.command.argv;
  } else if (run.is_script_file()) {
    argv_ = state.with_shell({false, "/dev/pipes/" + run.heredocs.front().name, {}});
  } else {
    argv_ = state.with_shell({false, run.script(), {}});
  }
}

std::string RunStep::network_mode() const {
  if (run_.network == dockerfile::RunNetwork::host) return "host";
  if (run_.network == dockerfile::RunNetwork::none) return "none";
  switch (session_.options().network) {
    case Network::host:
      return "host";
    case Network::none:
      return "none";
    case Network::standard:
      break;
  }
  return network::kDefaultNetwork;
}

void RunStep::describe(StepKey& key) {
  key.add("parent", state_.files_key());
  std::string command;
  for (const std::string& word : argv_) command += cat(quoted(word), ' ');
  key.add("command", command);
  if (run_.is_script_file()) key.add("script", run_.script());
  for (const Variable& variable : state_.variables) {
    key.add("env " + variable.name, variable.value);
  }
  key.add("user", state_.config.user);
  key.add("working directory", state_.config.working_dir);
  key.add("network", network_mode());
  if (run_.security == dockerfile::RunSecurity::insecure) key.add("security", "insecure");
  key.add("hosts", join(session_.options().add_hosts, " "));
  key.add("epoch", cat(session_.options().source_date_epoch));
  mounts_.describe(key);
}

std::vector<std::string> RunStep::environment() const {
  std::vector<std::string> env;
  for (const Variable& variable : state_.variables) {
    env.push_back(cat(variable.name, '=', variable.value));
  }
  // A proxy is there for the command under both spellings, and for nothing else unless an ARG
  // declares it: not in the key, not in the image.
  std::map<std::string, std::string> proxies;
  for (const auto& [name, value] : session_.options().build_args) {
    if (!is_proxy_arg(name)) continue;
    proxies[name] = value;
    for (const std::string& other : {lower(name), upper(name)}) {
      if (!session_.options().build_args.contains(other)) proxies[other] = value;
    }
  }
  for (const auto& [name, value] : proxies) {
    if (!state_.variable(name)) env.push_back(cat(name, '=', value));
  }
  return env;
}

LayerResult RunStep::run() {
  if (mounts_.empty()) return execute();
  // Mounts are prepared in a namespace that only this thread and its child see.
  std::optional<LayerResult> result;
  std::exception_ptr problem;
  std::thread thread([&] {
    try {
      enter_private_mount_namespace();
      result.emplace(execute());
    } catch (...) {
      problem = std::current_exception();
    }
  });
  thread.join();
  if (problem) std::rethrow_exception(problem);
  return std::move(*result);
}

LayerResult RunStep::execute() {
  image::Draft draft(session_.paths());
  engine::StepRequest request;
  request.paths = session_.paths();
  request.name = info_.label();
  request.overlay.lower = directories_of(state_.layers);
  if (request.overlay.lower.empty()) request.overlay.lower = {session_.empty_directory()};
  request.overlay.upper = draft.tree();
  request.overlay.work = draft.work();
  request.args = argv_;
  request.env = environment();
  request.user = state_.config.user;
  request.working_dir = state_.config.working_dir.empty() ? "/" : state_.config.working_dir;
  request.mounts = mounts_.prepare();
  for (std::string& variable : mounts_.environment()) request.env.push_back(std::move(variable));
  request.network_mode = network_mode();
  request.insecure = run_.security == dockerfile::RunSecurity::insecure;
  request.add_hosts = session_.options().add_hosts;
  if (session_.options().run_limits) request.host = *session_.options().run_limits;
  request.on_output = [this](bool is_stderr, std::string_view data) {
    session_.reporter().output(info_, is_stderr, data);
  };
  request.cancel_fd = session_.cancel().fd();
  const int code = engine::run_step(request);
  if (code != 0) {
    session_.cancel().check();
    throw Error(cat("process ", quoted(join(argv_, " ")),
                    " did not complete successfully: exit code: ", code),
                cure(code, argv_));
  }
  image::Layer layer = session_.layer_store().seal(draft, session_.options().source_date_epoch);
  return {std::move(draft), std::move(layer)};
}

}  // namespace mini::build
