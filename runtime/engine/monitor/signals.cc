#include "runtime/engine/monitor/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::engine {

ForwardedSignals::ForwardedSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGALRM}) {
    sigaddset(&set, signal);
  }
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) sigaddset(&set, signal);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) < 0) throw SysError("block signals");
  fd_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw SysError("signalfd");
}

int ForwardedSignals::next() const {
  signalfd_siginfo info;
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  return static_cast<int>(info.ssi_signo);
}

bool takes_signal(const Record& record, int signal) {
  if (signal == SIGKILL || signal == SIGSTOP) return true;
  if (!record.host.pid_mode.empty() && record.host.pid_mode != "private")
    return true;  // not the first of its namespace
  if (record.host.init) return true;
  const auto status = read_file_if_exists(cat("/proc/", record.state.process.pid, "/status"));
  if (!status) return true;
  constexpr std::string_view kKey = "\nSigCgt:\t";
  const size_t at = status->find(kKey);
  if (at == std::string::npos) return true;
  const uint64_t caught = strtoull(status->c_str() + at + kKey.size(), nullptr, 16);
  return (caught >> (signal - 1)) & 1;
}

}  // namespace mini::engine
