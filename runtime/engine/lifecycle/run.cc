#include "runtime/engine/lifecycle/run.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/monitor.h"
#include "runtime/engine/monitor/terminal.h"

namespace mini::engine {
namespace {

constexpr int kReport = 3, kLock = 4, kOwner = 5;

// Above the numbers that the monitor expects, so that putting one in place cannot overwrite
// another.
Fd moved_up(int fd) {
  Fd high(fcntl(fd, F_DUPFD_CLOEXEC, 10));
  if (!high) throw SysError("descriptor for the monitor");
  return high;
}

class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    for (int fd = 0; fd <= 2; ++fd)
      posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void give(int fd, int as) { posix_spawn_file_actions_adddup2(&actions_, fd, as); }
  void run(const std::vector<std::string>& args) {
    std::vector<char*> argv;
    for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    char* const no_environment[] = {nullptr};
    pid_t pid = -1;
    const int error =
        posix_spawn(&pid, "/proc/self/exe", &actions_, &attributes_, argv.data(), no_environment);
    if (error != 0) throw SysError(error, "start the container's monitor");
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::string report_of(const Error& error) {
  return canonical(Json{
      {"error", error.what()}, {"hint", error.hint()}, {"kind", static_cast<int>(error.kind())}});
}

void throw_reported(const std::string& report, const std::string& name) {
  if (report == "started") return;
  if (report.empty())
    throw Error(cat("container ", name, ": its monitor exited before the container started"));
  const Json document = parse_json(report, "monitor");
  const JsonView view(document, "monitor");
  throw Error(view.at("error").string(), view.string_or("hint"),
              static_cast<ErrorKind>(view.integer_or("kind")));
}

// The record is written and its lock in our hands; the monitor gets the lock. Returns when the
// container runs.
void spawn_monitor(const StatePaths& paths, const Record& record, FileLock lock, Fd owner) {
  Pipe report = make_pipe();
  {
    SpawnPlan plan;
    const Fd report_end = moved_up(report.write.get()), lock_fd = moved_up(lock.fd());
    const Fd owner_fd = owner ? moved_up(owner.get()) : Fd();
    plan.give(report_end.get(), kReport);
    plan.give(lock_fd.get(), kLock);
    if (owner_fd) plan.give(owner_fd.get(), kOwner);
    plan.run({"mini", "--root", paths.root, "--run-root", paths.run, "monitor", record.id});
  }
  lock.release();
  owner.reset();
  report.write.reset();
  throw_reported(read_all(report.read.get(), "the monitor's report"), record.name);
}

bool needs_monitor_process(const Config& config) {
  return config.tty || config.open_stdin;
}

int spawn_and_attach(const ContainerStore& store, const Record& record, FileLock lock,
                     const AttachOptions& options) {
  auto [ours, theirs] = make_socketpair();
  greet(ours.get(), record.config.tty, options);
  spawn_monitor(store.paths(), record, std::move(lock), std::move(theirs));
  return attach_over(std::move(ours), store, record, options).exit_code;
}

int run_in_foreground(Engine& engine, PreparedContainer prepared, const AttachOptions& attach) {
  MonitorOptions options;
  options.output = attach.output;
  options.error_output = attach.error_output;
  options.foreground = true;
  options.run_lock = std::move(prepared.run_lock);
  options.images = std::move(prepared.images);
  Monitor monitor(engine, std::move(prepared.record), std::move(prepared.lock), std::move(options));
  return monitor.run();
}

// Ready to be started: locked, and not running.
std::pair<Record, FileLock> lock_for_start(const ContainerStore& store, const std::string& name) {
  const Record found = store.find(name);
  std::optional<FileLock> lock = store.lock(found.id);
  std::optional<Record> record = lock ? store.read(found.id) : std::nullopt;
  if (!record)
    throw Error(cat("container ", quoted(name), ": has been removed"), {}, ErrorKind::not_found);
  if (record->state.status == Status::paused) {
    throw Error(cat("container ", record->name, ": is paused"),
                cat("unpause it: `mini unpause ", record->name, "`"), ErrorKind::conflict);
  }
  record->restart_count = 0;
  record->stopped_by_user = false;
  return {std::move(*record), std::move(*lock)};
}

}  // namespace

int run_container(Engine& engine, const CreateRequest& request, const RunOptions& options) {
  if (!options.detach) check_terminal(request.config.tty, options.attach.stdin_open);
  PreparedContainer prepared = prepare_container(engine, request);
  try {
    if (options.on_created) options.on_created(prepared.record);
  } catch (...) {
    engine.containers.remove_with_volumes(prepared.record);
    throw;
  }
  // A client that does not forward signals must be able to end without its container.
  const bool own_process =
      needs_monitor_process(prepared.record.config) || !options.attach.sig_proxy;
  if (!options.detach && !own_process) {
    return run_in_foreground(engine, std::move(prepared), options.attach);
  }
  engine.containers.write(prepared.record);
  prepared.images.release();
  engine.containers.remove_run_directory(prepared.record.id);  // the monitor makes its own
  prepared.run_lock.release();
  if (options.detach) {
    spawn_monitor(engine.paths(), prepared.record, std::move(prepared.lock), {});
    return 0;
  }
  return spawn_and_attach(engine.containers, prepared.record, std::move(prepared.lock),
                          options.attach);
}

void wait_until_ready(Engine& engine, const std::string& id, int64_t timeout_ns) {
  constexpr timespec kPause = {0, 20'000'000};
  const int64_t deadline = monotonic_ns() + timeout_ns;
  while (true) {
    const std::optional<Record> record = engine.containers.load(id);
    if (!record)
      throw Error(cat("container ", id.substr(0, 12), ": was removed before it was ready"));
    const std::string& health = record->state.health.status;
    if (!is_live(*record))
      throw Error(cat("container ", record->name, ": exited with status ", record->state.exit_code,
                      " before it was ready"),
                  cat("`mini logs ", record->name, "` has its output"));
    if (health == "unhealthy")
      throw Error(cat("container ", record->name, ": is unhealthy"),
                  cat("`mini inspect ", record->name, "` has the output of its health check"));
    if (health.empty() || health == "healthy") return;
    if (timeout_ns > 0 && monotonic_ns() > deadline)
      throw Error(cat("container ", record->name, ": is not healthy after ",
                      timeout_ns / 1'000'000'000, " s, but ", health));
    nanosleep(&kPause, nullptr);
  }
}

void start_container(Engine& engine, const std::string& name) {
  engine.containers.sweep();
  auto [record, lock] = lock_for_start(engine.containers, name);
  if (is_live(record)) return;
  engine.containers.write(record);
  spawn_monitor(engine.paths(), record, std::move(lock), {});
}

int start_attached(Engine& engine, const std::string& name, const AttachOptions& options) {
  engine.containers.sweep();
  auto [record, lock] = lock_for_start(engine.containers, name);
  if (is_live(record)) {
    lock.release();
    return attach(engine.containers, record, options).exit_code;
  }
  AttachOptions own = options;
  own.stdin_open = options.stdin_open && record.config.open_stdin;
  check_terminal(record.config.tty, own.stdin_open);
  engine.containers.write(record);
  return spawn_and_attach(engine.containers, record, std::move(lock), own);
}

int run_monitor(Engine& engine, const std::string& id) {
  Fd report(kReport), owner;
  FileLock lock = FileLock::adopt(Fd(kLock));
  for (const int fd : {kReport, kLock}) {
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
      report.release();
      throw Error("monitor: internal command, started by mini itself",
                  "use `mini run -d` or `mini start`", ErrorKind::usage);
    }
  }
  if (fcntl(kOwner, F_SETFD, FD_CLOEXEC) == 0) owner = Fd(kOwner);
  close_range(kOwner + 1, ~0U, 0);
  umask(022);
  try {
    if (chdir("/") < 0) throw SysError("/");
    std::optional<Record> record = engine.containers.read(id);
    if (!record) throw Error(cat("container ", id, ": has been removed"), {}, ErrorKind::not_found);
    MonitorOptions options;
    options.owner = std::move(owner);
    options.on_started = [&] {
      write_all(report.get(), "started", "report");
      report.reset();
    };
    Monitor monitor(engine, std::move(*record), std::move(lock), std::move(options));
    monitor.run();
  } catch (const Error& error) {
    if (report) write_all(report.get(), report_of(error), "report");
    return 1;
  }
  return 0;
}

}  // namespace mini::engine
