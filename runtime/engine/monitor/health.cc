#include "runtime/engine/monitor/health.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/exec_spec.h"

namespace mini::engine {
namespace {

constexpr size_t kOutputLimit = 4096, kLogLength = 5;  // Docker's

}  // namespace

image::Healthcheck with_defaults(const image::Healthcheck& check) {
  constexpr int64_t kSecond = 1'000'000'000;
  image::Healthcheck out = check;
  if (out.interval_ns == 0) out.interval_ns = 30 * kSecond;
  if (out.timeout_ns == 0) out.timeout_ns = 30 * kSecond;
  if (out.start_interval_ns == 0) out.start_interval_ns = 5 * kSecond;
  if (out.retries == 0) out.retries = 3;
  return out;
}

void count_probe(Health& health, const image::Healthcheck& check, Health::Probe probe,
                 bool in_start_period) {
  const bool good = probe.exit_code == 0;
  health.log.push_back(std::move(probe));
  if (health.log.size() > kLogLength) health.log.erase(health.log.begin());
  if (good) {
    health.failing_streak = 0;
    health.status = "healthy";
    return;
  }
  if (in_start_period && health.status == "starting") return;
  if (++health.failing_streak >= check.retries) health.status = "unhealthy";
}

std::vector<std::string> probe_command(const image::Healthcheck& check) {
  const std::vector<std::string>& test = check.test;
  if (test.size() < 2) return {};
  if (test[0] == "CMD") return {test.begin() + 1, test.end()};
  if (test[0] == "CMD-SHELL") return {"/bin/sh", "-c", test[1]};
  return {};
}

HealthMonitor::HealthMonitor(std::string file, std::function<std::optional<Record>()> record)
    : file_(std::move(file)), record_(std::move(record)) {}

HealthMonitor::~HealthMonitor() {
  if (!process_) return;
  try {
    signal_pidfd(process_->pidfd.get(), SIGKILL);
    wait_child(process_->process.pid);
  } catch (const Error&) {
    // Its container has ended, and took it along.
  }
}

void HealthMonitor::begin(const image::Healthcheck& check, const container::Cgroup& cgroup) {
  if (probe_command(check).empty()) return;
  check_ = with_defaults(check);
  cgroup_ = cgroup;
  health_.status = "starting";
  began_ns_ = monotonic_ns();
  write();
  plan_next();
}

void HealthMonitor::plan_next() {
  const int64_t now = monotonic_ns();
  const bool starting = health_.status == "starting" && now - began_ns_ < check_.start_period_ns;
  next_ns_ = now + (starting ? check_.start_interval_ns : check_.interval_ns);
}

void HealthMonitor::watch(PollRound& round) {
  if (health_.status.empty()) return;
  const int64_t now = monotonic_ns();
  if (!process_ && now >= next_ns_) start_probe();
  if (process_ && now >= deadline_ns_) end_probe(true);
  if (!process_) return round.wake_at(next_ns_);
  round.wake_at(deadline_ns_);
  if (output_) round.watch(output_.get(), POLLIN, [this](short) { read_output(); });
  round.watch(process_->pidfd.get(), POLLIN, [this](short) { end_probe(false); });
}

void HealthMonitor::start_probe() {
  probe_ = {};
  probe_.start_ns = now_ns();
  deadline_ns_ = monotonic_ns() + check_.timeout_ns;
  try {
    const std::optional<Record> record = record_();
    if (!record || record->state.status == Status::paused) return plan_next();
    ExecSettings settings;
    settings.args = probe_command(check_);
    const container::Spec spec =
        make_exec_spec(*record, settings, find_running_user(*record, record->config.user));
    Pipe pipe = make_pipe();
    container::LaunchOptions options;
    options.name = record->name;
    options.stdio = {-1, pipe.write.get(), pipe.write.get()};
    options.die_with_parent = true;
    process_ = container::launch_in(spec, record->state.process, cgroup_, options);
    output_ = std::move(pipe.read);
  } catch (const Error& error) {
    probe_.end_ns = now_ns();
    probe_.exit_code = -1;
    probe_.output = error.what();
    count_probe(health_, check_, probe_, monotonic_ns() - began_ns_ < check_.start_period_ns);
    write();
    plan_next();
  }
}

void HealthMonitor::read_output() {
  char buffer[kOutputLimit];
  const ssize_t size = ::read(output_.get(), buffer, sizeof buffer);
  if (size <= 0) {
    if (size == 0 || (errno != EINTR && errno != EAGAIN)) output_.reset();
    return;
  }
  const size_t room = kOutputLimit - probe_.output.size();
  probe_.output.append(buffer, std::min(room, static_cast<size_t>(size)));
}

void HealthMonitor::end_probe(bool timed_out) {
  if (!process_) return;
  if (timed_out) signal_pidfd(process_->pidfd.get(), SIGKILL);
  const int code = exit_code_of(wait_child(process_->process.pid));
  process_.reset();
  pollfd more{output_.get(), POLLIN, 0};
  while (output_ && poll(&more, 1, 0) > 0) read_output();
  output_.reset();
  probe_.end_ns = now_ns();
  probe_.exit_code = timed_out ? -1 : code;
  if (timed_out) {
    probe_.output = cat("Health check exceeded timeout (", go_duration(check_.timeout_ns), ")",
                        probe_.output.empty() ? "" : ": ", probe_.output);
  }
  count_probe(health_, check_, probe_, monotonic_ns() - began_ns_ < check_.start_period_ns);
  write();
  plan_next();
}

void HealthMonitor::write() const {
  try {
    replace_file(file_, to_json(health_), false, 0600);
  } catch (const SysError&) {
    // A full disk makes the verdict old, and no more than that.
  }
}

}  // namespace mini::engine
