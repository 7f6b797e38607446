// The life of one running container, from launch to its last record: owns its streams, its log, its
// clients, its health checks and its restarts. Lives in the process of a foreground `run`, or in a
// process (run.h). The container's processes die with it, and every reader of the record
// next cleans up (container_store.h). One thread, one poll loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/engine/monitor/attach_server.h"
#include "runtime/engine/monitor/health.h"
#include "runtime/engine/monitor/log_writer.h"
#include "runtime/engine/monitor/signals.h"
#include "runtime/engine/monitor/streams.h"
#include "runtime/engine/record/engine.h"
#include "runtime/engine/record/restart_policy.h"
#include "runtime/engine/sandbox/container_network.h"

namespace mini::engine {

struct MonitorOptions {
  bool foreground = false;                  // output goes to our standard output and error as well,
  bool output = true, error_output = true;  // of which the caller may want only one
  Fd owner;                                 // the client that starts the container, if any
  std::optional<FileLock> run_lock, images;  // as in PreparedContainer, when there is one
  // Called when the first process runs and the record says so.
  std::function<void()> on_started;
};

class Monitor {
 public:
  // `lock`: the container's, released when the start is recorded.
  Monitor(Engine& engine, Record record, FileLock lock, MonitorOptions options);

  // Returns the exit code of the last run. Throws when the first start fails; the record then says
  // why (or is gone, with --rm).
  int run();

 private:
  enum class Next { restart, end };

  void launch();
  void connect_streams(const container::Spec& spec, container::Stdio& stdio, Pipe& in, Pipe& out,
                       Pipe& err);
  void own_streams(const container::Spec& spec, Pipe in, Pipe out, Pipe err);
  void serve_until_exit();
  void take_signal();
  void reap();
  Next record_end();
  bool pause_before_restart();
  void reap_failed();
  void discard_failed_start(const Error& error);
  void finish();

  Engine& engine_;
  const ContainerStore& store_;
  MonitorOptions options_;
  std::string id_;
  bool tty_ = false, stdin_once_ = false, auto_remove_ = false;
  std::optional<Record> record_;  // only while it is needed: a monitor may live for years
  std::optional<FileLock> lock_;
  ForwardedSignals signals_;
  LogWriter log_;
  AttachServer clients_;
  std::unique_ptr<ContainerNetwork> network_;  // kept over restarts: its ports stay reserved
  std::unique_ptr<HealthMonitor> health_;
  Health last_health_;  // of the run that has just ended
  container::Launched process_;
  std::vector<std::unique_ptr<OutputStream>> outputs_;
  std::unique_ptr<InputQueue> input_;
  RestartPause pause_;
  int64_t started_ns_ = 0;  // monotonic
  int exit_code_ = 0, ignored_signal_ = 0;
  bool running_ = false, oom_killed_ = false, ended_on_purpose_ = false;
};

}  // namespace mini::engine
