#include "runtime/engine/lifecycle/lifecycle.h"

#include <poll.h>
#include <signal.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/engine/lifecycle/run.h"
#include "runtime/engine/monitor/attach.h"
#include "runtime/engine/monitor/attach_protocol.h"
#include "runtime/engine/monitor/signals.h"
#include "runtime/engine/sandbox/container_network.h"

namespace mini::engine {
namespace {

constexpr int kDefaultTimeout = 10;  // seconds, Docker's
constexpr int64_t kSecond = 1'000'000'000;

[[noreturn]] void not_running(const Record& record) {
  throw Error(cat("container ", record.name, ": is not running"), {}, ErrorKind::conflict);
}

// The end of a container that runs: its monitor says so, or dies.
class EndOfContainer {
 public:
  EndOfContainer(const ContainerStore& store, const Record& running)
      : connection_(connect_to_monitor(store, running.id)),
        monitor_(open_pidfd(running.state.monitor)) {
    if (connection_)
      greet(connection_->get(), false,
            {.stdin_open = false, .output = false, .error_output = false});
  }

  // Its monitor will not start it again.
  void forbid_restart() {
    if (connection_) send_frame(connection_->get(), Frame::no_restart, {});
  }

  // False when the time is over. `timeout_ns` negative: for ever.
  bool wait(int64_t timeout_ns) {
    const int64_t until = monotonic_ns() + timeout_ns;
    while (monitor_) {
      pollfd ready[] = {{connection_ ? connection_->get() : -1, POLLIN, 0},
                        {monitor_->get(), POLLIN, 0}};
      int left = -1;
      if (timeout_ns >= 0)
        left =
            static_cast<int>(std::max<int64_t>(0, (until - monotonic_ns() + 999'999) / 1'000'000));
      const int count = poll(ready, 2, left);
      if (count < 0 && errno != EINTR) throw SysError("wait for the container");
      if (count == 0) return false;
      if (count > 0 && ready[0].revents != 0) {
        receive();
      } else if (count > 0) {
        monitor_.reset();
      }
    }
    return true;
  }
  // Nothing when the monitor died.
  std::optional<int> exit_code() const { return exit_code_; }

 private:
  void receive() {
    ReceivedFrame frame;
    const Received outcome = receive_frame(connection_->get(), frame);
    if (outcome == Received::end) connection_.reset();
    if (outcome != Received::frame || frame.type != Frame::exit ||
        frame.payload.size() < sizeof(int32_t))
      return;
    int32_t code = 0;
    memcpy(&code, frame.payload.data(), sizeof code);
    exit_code_ = code;
    monitor_.reset();
  }

  std::optional<Fd> connection_, monitor_;
  std::optional<int> exit_code_;
};

struct RunningContainer {
  Record record;
  EndOfContainer end;
};

enum class Restart { as_its_policy_says, never };

// Nothing when it does not run. Looked at under its lock, which its monitor had when it began to
// listen and takes before it writes how the run ended: so the connection is that of the run which
// the record describes, and the monitor hears the word against a restart in time.
std::optional<RunningContainer> find_running(const ContainerStore& store, const std::string& id,
                                             Restart restart) {
  const auto lock = store.lock(id);
  std::optional<Record> record = lock ? store.read(id) : std::nullopt;
  if (!record || !is_live(*record)) return {};
  EndOfContainer end(store, *record);
  if (restart == Restart::never) end.forbid_restart();
  return RunningContainer{std::move(*record), std::move(end)};
}

int stop_signal(const Record& record, const std::string& wanted) {
  if (!wanted.empty()) return parse_signal(wanted);
  return record.config.stop_signal.empty() ? SIGTERM : parse_signal(record.config.stop_signal);
}

bool send_signal(const Record& record, int signal) {
  const std::optional<Fd> process = open_pidfd(record.state.process);
  return process && signal_pidfd(process->get(), signal);
}

void thaw_if_paused(const Record& record) {
  if (record.state.status == Status::paused) container::Cgroup::from_string(record.cgroup).thaw();
}

std::string ignored_note(const Record& record, int signal, int64_t waited_ns) {
  return cat("container ", record.name, ": ", signal_name(signal), " was ignored for ",
             waited_ns / kSecond,
             " s, because its first process has no handler for it; `mini run --init` puts one in "
             "front of it");
}

// Stops the container `id` and waits until its monitor has cleaned up. Writes nothing: a container
// can be stopped and removed on a full disk, too.
Stopped stop(const ContainerStore& store, const std::string& id, int signal, int64_t timeout_ns) {
  Stopped out;
  std::optional<RunningContainer> running = find_running(store, id, Restart::never);
  if (!running) return out;
  auto& [record, end] = *running;
  if (record.state.status == Status::restarting) {
    end.wait(-1);
  } else {
    const bool taken = takes_signal(record, signal);
    thaw_if_paused(record);
    send_signal(record, signal);
    if (!end.wait(timeout_ns)) {
      if (!taken) out.note = ignored_note(record, signal, timeout_ns);
      send_signal(record, SIGKILL);
      end.wait(-1);
    }
  }
  if (!end.exit_code()) store.load(id);  // cleans up after a monitor that could not
  return out;
}

int64_t timeout_of(const Record& record, const std::optional<int>& wanted) {
  const int seconds = wanted ? *wanted : record.config.stop_timeout.value_or(kDefaultTimeout);
  return seconds < 0 ? -1 : seconds * kSecond;
}

}  // namespace

Stopped stop_container(const ContainerStore& store, const std::string& name,
                       const StopOptions& options) {
  const Record record = store.find(name);
  const int signal = stop_signal(record, options.signal);
  if (!is_live(record)) return {};
  return stop(store, record.id, signal, timeout_of(record, options.timeout_s));
}

Stopped restart_container(Engine& engine, const std::string& name, const StopOptions& options) {
  const Record record = engine.containers.find(name);
  Stopped out = stop_container(engine.containers, record.id, options);
  start_container(engine, record.id);
  return out;
}

void kill_container(const ContainerStore& store, const std::string& name,
                    const std::string& signal_text) {
  const int signal = parse_signal(signal_text);
  const Record found = store.find(name);
  const bool ends = signal == SIGKILL || signal == stop_signal(found, {});
  std::optional<RunningContainer> running =
      find_running(store, found.id, ends ? Restart::never : Restart::as_its_policy_says);
  if (!running) not_running(found);
  auto& [record, end] = *running;
  if (record.state.status != Status::restarting) {
    // Frozen, it could not even die on the v1 freezer.
    if (signal == SIGKILL) thaw_if_paused(record);
    if (!send_signal(record, signal)) not_running(record);
    if (signal != SIGKILL) return;
  } else if (!ends) {
    not_running(record);
  }
  end.wait(-1);
  if (!end.exit_code()) store.load(record.id);
}

void pause_container(const ContainerStore& store, const std::string& name) {
  const Record found = store.find(name);
  const auto lock = store.lock(found.id);
  std::optional<Record> record = lock ? store.read(found.id) : std::nullopt;
  if (!record || !is_live(*record)) not_running(found);
  if (record->state.status != Status::running) {
    throw Error(
        cat("container ", record->name, ": is ", to_string(record->state.status), " already"), {},
        ErrorKind::conflict);
  }
  container::Cgroup::from_string(record->cgroup).freeze();
  record->state.status = Status::paused;
  store.write(*record);
}

void unpause_container(const ContainerStore& store, const std::string& name) {
  const Record found = store.find(name);
  const auto lock = store.lock(found.id);
  std::optional<Record> record = lock ? store.read(found.id) : std::nullopt;
  if (!record || record->state.status != Status::paused) {
    throw Error(cat("container ", found.name, ": is not paused"), {}, ErrorKind::conflict);
  }
  container::Cgroup::from_string(record->cgroup).thaw();
  record->state.status = Status::running;
  store.write(*record);
}

int wait_container(const ContainerStore& store, const std::string& name) {
  const Record record = store.find(name);
  if (auto running = find_running(store, record.id, Restart::as_its_policy_says)) {
    running->end.wait(-1);
    if (const auto code = running->end.exit_code()) return *code;
  }
  const std::optional<Record> ended = store.load(record.id);
  if (!ended)
    throw Error(cat("container ", record.name, ": has been removed; its exit code is unknown"));
  return ended->state.exit_code;
}

void rename_container(const ContainerStore& store, const std::string& name,
                      const std::string& new_name) {
  const Record found = store.find(name);
  const auto lock = store.lock(found.id);
  std::optional<Record> record = lock ? store.read(found.id) : std::nullopt;
  if (!record)
    throw Error(cat("container ", quoted(name), ": has been removed"), {}, ErrorKind::not_found);
  store.rename(*record, new_name);
  rename_in_networks(store, *record);
}

void remove_container(const ContainerStore& store, const std::string& name,
                      const RemoveOptions& options) {
  if (options.force && store.remove_unreadable(name)) return;
  std::optional<Record> record = store.find_if_exists(name);
  if (!record) {
    if (options.force) return;
    store.find(name);
  }
  if (is_live(*record)) {
    if (!options.force) {
      throw Error(cat("container ", record->name, ": is ", to_string(record->state.status)),
                  cat("stop it first (`mini stop ", record->name, "`), or use `mini rm -f`"),
                  ErrorKind::conflict);
    }
    stop(store, record->id, SIGKILL, -1);
  }
  const auto lock = store.lock(record->id);
  record = lock ? store.read(record->id) : std::nullopt;
  if (!record) return;  // --rm was faster
  if (is_live(*record)) {
    throw Error(cat("container ", record->name, ": was restarted in the meantime"), {},
                ErrorKind::conflict);
  }
  if (options.volumes) {
    store.remove_with_volumes(*record);
  } else {
    store.remove(record->id, record->name);
  }
}

}  // namespace mini::engine
