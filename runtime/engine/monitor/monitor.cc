#include "runtime/engine/monitor/monitor.h"

#include <signal.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/terminal.h"
#include "runtime/engine/sandbox/sandbox.h"
#include "runtime/engine/sandbox/sandbox_facts.h"

namespace mini::engine {
namespace {

int start_error_code(const Error& error) {
  return error.kind() == ErrorKind::no_command       ? 127
         : error.kind() == ErrorKind::not_executable ? 126
                                                     : 128;
}

}  // namespace

Monitor::Monitor(Engine& engine, Record record, FileLock lock, MonitorOptions options)
    : engine_(engine),
      store_(engine.containers),
      options_(std::move(options)),
      id_(record.id),
      tty_(record.config.tty),
      stdin_once_(record.config.stdin_once),
      auto_remove_(record.host.auto_remove),
      record_(std::move(record)),
      lock_(std::move(lock)) {
  signal(SIGPIPE, SIG_IGN);
  if (record_->host.log_driver != "none") {
    log_ = LogWriter(store_.log_path(id_), record_->host.log_max_size, record_->host.log_max_files);
    if (!auto_remove_) log_.create();
  }
  clients_.on_input = [this](std::string_view data) {
    if (input_) input_->add(data);
  };
  clients_.on_end_of_input = [this] {
    if (input_ && !tty_ && stdin_once_) input_->close_when_empty();
  };
  clients_.on_no_restart = [this] { ended_on_purpose_ = true; };
  clients_.on_resize = [this](uint16_t rows, uint16_t columns) {
    if (process_.console) set_terminal_size(process_.console.get(), rows, columns);
  };
}

int Monitor::run() {
  try {
    if (!options_.run_lock) options_.run_lock = store_.make_run_directory(id_);
    if (options_.owner) clients_.adopt(std::move(options_.owner));
    clients_.listen(store_.run_directory(id_));
    launch();
  } catch (const Error& error) {
    discard_failed_start(error);
    throw;
  }
  if (options_.on_started) options_.on_started();
  for (;;) {
    serve_until_exit();
    reap();
    if (record_end() == Next::end || !pause_before_restart()) break;
  }
  finish();
  return exit_code_;
}

// The record is in record_, its lock held: released as soon as the record says what runs.
void Monitor::launch() {
  Record& record = *record_;
  Pipe in, out, err;
  {
    container::Spec spec = make_spec(record, gather_facts(engine_, record));
    container::LaunchOptions options;
    if (has_networks(record.host) && !network_)
      network_ = std::make_unique<ContainerNetwork>(store_.paths(), record,
                                                    store_.directory(id_) + "/hosts");
    if (network_) {
      options.beside = [&](pid_t process) { network_->connect(record, process); };
    } else if (joins_network(record.host)) {
      options.beside = [&](pid_t process) {
        steer_to_name_server(record, open_pidfd(process).get());
      };
    }
    options.name = id_;
    options.die_with_parent = true;
    connect_streams(spec, options.stdio, in, out, err);
    if (const auto size = clients_.first_size()) {
      spec.process->console_size = {size->first, size->second};
    }
    process_ = container::launch(spec, options);
    running_ = true;
    own_streams(spec, std::move(in), std::move(out), std::move(err));
  }
  started_ns_ = monotonic_ns();
  auto last_addresses = std::move(record.state.last_addresses);
  record.state = {};
  record.state.last_addresses = std::move(last_addresses);
  record.state.status = Status::running;
  record.state.started_ns = now_ns();
  record.state.process = process_.process;
  record.state.monitor = *ProcessId::of(getpid());
  if (network_) {
    record.state.endpoints = network_->endpoints();
    record.state.ports = network_->ports();
  }
  record.stopped_by_user = false;
  record.cgroup = process_.cgroup.str();
  store_.write(record);
  if (record.config.healthcheck) {
    health_ = std::make_unique<HealthMonitor>(store_.run_directory(id_) + "/health.json",
                                              [this] { return store_.load(id_); });
    health_->begin(*record.config.healthcheck, process_.cgroup);
  }
  record_.reset();
  lock_.reset();
  options_.images.reset();
}

void Monitor::connect_streams(const container::Spec& spec, container::Stdio& stdio, Pipe& in,
                              Pipe& out, Pipe& err) {
  if (spec.process->terminal) return;
  if (record_->config.open_stdin) {
    in = make_pipe();
    stdio.in = in.read.get();
  }
  out = make_pipe();
  err = make_pipe();
  stdio.out = out.write.get();
  stdio.err = err.write.get();
}

void Monitor::own_streams(const container::Spec& spec, Pipe in, Pipe out, Pipe err) {
  outputs_.clear();
  const auto sink = [this](bool is_stderr) {
    return [this, is_stderr](std::string_view data) {
      log_.write(is_stderr, data);
      clients_.output(is_stderr, data);
    };
  };
  const int target = options_.foreground && options_.output ? STDOUT_FILENO : -1;
  if (spec.process->terminal) {
    outputs_.push_back(
        std::make_unique<OutputStream>(process_.console.duplicate(), target, sink(false)));
    input_ = std::make_unique<InputQueue>(process_.console.get());
    return;
  }
  outputs_.push_back(std::make_unique<OutputStream>(std::move(out.read), target, sink(false)));
  outputs_.push_back(std::make_unique<OutputStream>(
      std::move(err.read), options_.foreground && options_.error_output ? STDERR_FILENO : -1,
      sink(true)));
  if (in.write) input_ = std::make_unique<InputQueue>(std::move(in.write));
}

void Monitor::serve_until_exit() {
  constexpr int64_t kQuiet = 200'000'000;
  bool exited = false, busy = false;
  while (!exited) {
    PollRound round;
    round.watch(process_.pidfd.get(), POLLIN, [&](short) { exited = true; });
    round.watch(signals_.fd(), POLLIN, [this](short) { take_signal(); });
    for (const auto& output : outputs_) output->watch(round, clients_.keeps_up());
    clients_.watch(round, !input_ || input_->has_room());
    if (input_) input_->watch(round);
    if (health_) health_->watch(round);
    if (network_) network_->watch(round);
    // A foreground run ends soon; a monitor may live for years, most of them asleep.
    if (busy) round.wake_at(monotonic_ns() + kQuiet);
    busy = round.wait(!busy && !options_.foreground) && !options_.foreground;
  }
}

void Monitor::take_signal() {
  for (int signal; (signal = signals_.next()) != 0;) {
    const bool terminates = signal == SIGINT || signal == SIGTERM;
    if (terminates && options_.foreground) {
      if (signal == ignored_signal_) {
        signal_pidfd(process_.pidfd.get(), SIGKILL);
        continue;
      }
      const std::optional<Record> record = store_.load(id_);
      if (record && !takes_signal(*record, signal)) {
        ignored_signal_ = signal;
        warn_once(cat("container ", record->name, ": ignores ", signal_name(signal),
                      ", because its first process has no handler for it (see --init); send it "
                      "again to kill the container"));
      }
    }
    signal_pidfd(process_.pidfd.get(), signal);
  }
}

void Monitor::reap() {
  running_ = false;
  for (const auto& output : outputs_) output->drain();
  exit_code_ = exit_code_of(wait_child(process_.process.pid));
  if (health_) last_health_ = after_end(health_->health());
  health_.reset();
  input_.reset();
  process_.console.reset();
  log_.flush();
  if (network_) network_->disconnect();
  oom_killed_ = process_.cgroup && process_.cgroup.oom_kills() > 0;
  try {
    process_.cgroup.remove();
  } catch (const Error& error) {
    debug("container ", id_, ": ", error.what());
  }
}

Monitor::Next Monitor::record_end() {
  Next next = Next::end;
  lock_ = store_.lock(id_);
  // After the lock: whatever stops a container says so before it looks at the record.
  clients_.hear();
  record_ = lock_ ? store_.read(id_) : std::nullopt;
  if (!record_) return next;  // removed while it ran, by force
  State& state = record_->state;
  state.exit_code = exit_code_;
  state.oom_killed = oom_killed_;
  state.finished_ns = now_ns();
  state.process = {};
  state.health = std::exchange(last_health_, {});
  leave_endpoints(state);
  record_->cgroup.clear();
  record_->stopped_by_user = ended_on_purpose_;
  if (should_restart(record_->host.restart, exit_code_, record_->restart_count,
                     ended_on_purpose_)) {
    next = Next::restart;
    state.status = Status::restarting;
    ++record_->restart_count;
  } else {
    state.status = Status::exited;
    state.monitor = {};
    if (auto_remove_) {
      store_.remove_with_volumes(*record_);
      return next;
    }
  }
  store_.write(*record_);
  if (next == Next::end) store_.remove_run_directory(id_);
  lock_.reset();
  record_.reset();
  return next;
}

// False: not to be started again, because somebody stops it meanwhile.
bool Monitor::pause_before_restart() {
  const int64_t until = monotonic_ns() + pause_.next(monotonic_ns() - started_ns_);
  while (monotonic_ns() < until && !ended_on_purpose_) {
    PollRound round;
    round.wake_at(until);
    round.watch(signals_.fd(), POLLIN, [&](short) {
      while (signals_.next() != 0) ended_on_purpose_ = true;
    });
    clients_.watch(round, false);
    round.wait();
  }
  lock_ = store_.lock(id_);
  clients_.hear();
  record_ = lock_ ? store_.read(id_) : std::nullopt;
  if (!record_) return false;
  std::string problem;
  if (!ended_on_purpose_) {
    try {
      launch();
      return true;
    } catch (const Error& error) {
      problem = error.what();
      exit_code_ = start_error_code(error);
      reap_failed();
    }
  }
  record_->state.status = Status::exited;
  record_->state.exit_code = exit_code_;
  record_->state.error = problem;
  record_->state.monitor = {};
  store_.write(*record_);
  store_.remove_run_directory(id_);
  lock_.reset();
  return false;
}

// A start that failed after the process had come to be (the record could not be written): nothing
// of it stays.
void Monitor::reap_failed() {
  if (network_) network_->disconnect();
  if (!running_) return;
  running_ = false;
  signal_pidfd(process_.pidfd.get(), SIGKILL);
  wait_child(process_.process.pid);
  process_.cgroup.remove();
}

void Monitor::discard_failed_start(const Error& error) {
  reap_failed();
  if (auto_remove_) {
    store_.remove_with_volumes(*record_);
  } else {
    record_->state = {};
    record_->state.status = Status::created;
    record_->state.exit_code = start_error_code(error);
    record_->state.error = error.what();
    record_->cgroup.clear();
    store_.write(*record_);
    store_.remove_run_directory(id_);
  }
}

void Monitor::finish() {
  network_.reset();
  options_.run_lock.reset();
  lock_.reset();
  clients_.finish(exit_code_);
  for (const auto& output : outputs_) output->flush();
}

}  // namespace mini::engine
