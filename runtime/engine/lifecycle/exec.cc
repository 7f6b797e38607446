#include "runtime/engine/lifecycle/exec.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "runtime/base/error.h"
#include "runtime/base/poll_round.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/detach_keys.h"
#include "runtime/engine/monitor/signals.h"
#include "runtime/engine/monitor/streams.h"
#include "runtime/engine/monitor/terminal.h"
#include "runtime/engine/sandbox/exec_spec.h"

namespace mini::engine {
namespace {

// The client's side of one exec'd process, which is our own child: its streams, its terminal, its
// signals.
// Docker's exit statuses of a process that cannot be started: 126, with --detach 1.
template <class Work>
auto starting(bool detach, Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::conflict) throw;
    const bool missing = error.kind() == ErrorKind::no_command;
    throw Error(error.what(), error.hint(),
                detach    ? ErrorKind::failed
                : missing ? ErrorKind::no_command
                          : ErrorKind::not_executable);
  }
}

class ExecSession {
 public:
  explicit ExecSession(const ExecRequest& request)
      : tty_(request.tty),
        reads_(request.interactive),
        keys_(parse_detach_keys(request.detach_keys)) {
    signal(SIGPIPE, SIG_IGN);
  }

  int run(const container::Spec& spec, const Record& record) {
    Pipe in, out, err;
    container::LaunchOptions options;
    options.name = record.name;
    options.die_with_parent = true;
    if (!tty_) {
      if (reads_) in = make_pipe();
      out = make_pipe();
      err = make_pipe();
      options.stdio = {in.read.get(), out.write.get(), err.write.get()};
    }
    process_ = starting(false, [&] {
      return container::launch_in(spec, record.state.process,
                                  container::Cgroup::from_string(record.cgroup), options);
    });
    in.read.reset();
    out.write.reset();
    err.write.reset();
    const auto nothing = [](std::string_view) {};
    if (tty_) {
      outputs_.push_back(
          std::make_unique<OutputStream>(process_.console.duplicate(), STDOUT_FILENO, nothing));
      if (reads_) {
        raw_.emplace(STDIN_FILENO);
        input_.emplace(process_.console.get());
      }
      sizes_.emplace();
    } else {
      outputs_.push_back(
          std::make_unique<OutputStream>(std::move(out.read), STDOUT_FILENO, nothing));
      outputs_.push_back(
          std::make_unique<OutputStream>(std::move(err.read), STDERR_FILENO, nothing));
      if (in.write) input_.emplace(std::move(in.write));
    }
    serve();
    return finish();
  }

 private:
  void serve() {
    bool exited = false;
    while (!exited && !keys_.found()) {
      PollRound round;
      round.watch(process_.pidfd.get(), POLLIN, [&](short) { exited = true; });
      round.watch(signals_.fd(), POLLIN, [this](short) {
        for (int signal; (signal = signals_.next()) != 0;)
          signal_pidfd(process_.pidfd.get(), signal);
      });
      if (sizes_) round.watch(sizes_->fd(), POLLIN, [this](short) { forward_size(); });
      for (const auto& output : outputs_) output->watch(round, true);
      if (input_) input_->watch(round);
      if (reads_ && input_ && input_->has_room())
        round.watch(STDIN_FILENO, POLLIN, [this](short) { read_input(); });
      round.wait();
    }
  }

  int finish() {
    // A process that the keys left behind lives on only as long as we do not: die_with_parent ends
    // it with us.
    if (keys_.found()) signal_pidfd(process_.pidfd.get(), SIGHUP);
    for (const auto& output : outputs_) {
      output->drain();
      output->flush();
    }
    raw_.reset();
    return keys_.found() ? 0 : exit_code_of(wait_child(process_.process.pid));
  }

  void forward_size() {
    sizes_->take();
    if (const auto size = terminal_size())
      set_terminal_size(process_.console.get(), size->first, size->second);
  }

  void read_input() {
    char buffer[16 << 10];
    const ssize_t size = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (size <= 0) {
      reads_ = false;
      if (!tty_) input_->close_when_empty();
      return;
    }
    const std::string_view typed(buffer, static_cast<size_t>(size));
    input_->add(tty_ ? keys_.feed(typed) : std::string(typed));
  }

  bool tty_, reads_;
  DetachScanner keys_;
  ForwardedSignals signals_;
  std::optional<SizeChanges> sizes_;
  std::optional<RawTerminal> raw_;
  container::Launched process_;
  std::vector<std::unique_ptr<OutputStream>> outputs_;
  std::optional<InputQueue> input_;
};

void check_running(const Record& record) {
  if (record.state.status == Status::paused) {
    throw Error(cat("container ", record.name, ": is paused"),
                cat("unpause it first: `mini unpause ", record.name, "`"), ErrorKind::conflict);
  }
  if (record.state.status != Status::running) {
    throw Error(cat("container ", record.name, ": is not running"),
                cat("start it: `mini start ", record.name, "`"), ErrorKind::conflict);
  }
}

}  // namespace

int exec_in_container(const ContainerStore& store, const ExecRequest& request) {
  const Record record = store.find(request.container);
  check_running(record);
  if (!request.detach) check_terminal(request.tty, request.interactive);
  ExecSettings settings;
  settings.args = request.args;
  settings.env = request.env;
  settings.working_dir = request.working_dir;
  settings.tty = request.tty && !request.detach;
  settings.privileged = request.privileged;
  const std::string& user = request.user.empty() ? record.config.user : request.user;
  container::Spec spec = starting(request.detach, [&] {
    return make_exec_spec(record, settings, find_running_user(record, user));
  });
  if (request.detach) {
    // Output goes to the container's own /dev/null; the reaper of orphans reaps it.
    container::LaunchOptions options;
    options.name = record.name;
    starting(true, [&] {
      return container::launch_in(spec, record.state.process,
                                  container::Cgroup::from_string(record.cgroup), options);
    });
    return 0;
  }
  if (const auto size = terminal_size(); size && settings.tty) {
    spec.process->console_size = {size->first, size->second};
  }
  return ExecSession(request).run(spec, record);
}

}  // namespace mini::engine
