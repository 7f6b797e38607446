#include "runtime/container/launch/foreground.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/process.h"

namespace mini::container {
namespace {

// Our terminal in raw mode: what is typed belongs to the container, Ctrl-C too.
class RawTerminal {
 public:
  RawTerminal() {
    if (tcgetattr(0, &before_) < 0) return;
    termios raw = before_;
    cfmakeraw(&raw);
    raw_ = tcsetattr(0, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (raw_) tcsetattr(0, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_;
  bool raw_ = false;
};

void copy_size(int console) {
  winsize size;
  if (ioctl(0, TIOCGWINSZ, &size) == 0) ioctl(console, TIOCSWINSZ, &size);
}

// False at the end of the input.
bool copy(int from, int to) {
  char buffer[16 << 10];
  const ssize_t size = read(from, buffer, sizeof buffer);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (size <= 0) return false;
  try {
    write_all(to, {buffer, static_cast<size_t>(size)}, "terminal");
  } catch (const SysError&) {
    return false;  // nobody reads any more
  }
  return true;
}

}  // namespace

Foreground::Foreground() {
  sigset_t all;
  sigfillset(&all);
  // A crash of our own is not for the container.
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
    sigdelset(&all, own);
  pthread_sigmask(SIG_BLOCK, &all, &before_);
  signals_ = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0) throw SysError("signalfd");
}

Foreground::~Foreground() {
  close(signals_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Foreground::forward(const Launched& process) {
  signalfd_siginfo info;
  while (read(signals_, &info, sizeof info) == sizeof info) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGWINCH && process.console) copy_size(process.console.get());
    // SIGPIPE and SIGURG are about our own descriptors, SIGCHLD about our own child.
    if (number == SIGCHLD || number == SIGPIPE || number == SIGURG || number == SIGWINCH) continue;
    if (number == SIGTTIN || number == SIGTTOU) continue;
    signal_pidfd(process.pidfd.get(), number);
  }
}

int Foreground::wait(const Launched& process) {
  std::optional<RawTerminal> raw;
  const bool terminal = static_cast<bool>(process.console);
  if (terminal) {
    raw.emplace();
    copy_size(process.console.get());
  }
  pollfd polls[4] = {{process.pidfd.get(), POLLIN, 0},
                     {signals_, POLLIN, 0},
                     {terminal ? process.console.get() : -1, POLLIN, 0},
                     {terminal ? 0 : -1, POLLIN, 0}};
  while (polls[0].fd >= 0) {
    if (poll(polls, 4, -1) < 0 && errno != EINTR) throw SysError("poll");
    if (polls[1].revents) forward(process);
    if (polls[2].revents && !copy(process.console.get(), 1)) polls[2].fd = -1;
    if (polls[3].revents && !copy(0, process.console.get())) polls[3].fd = -1;
    if (polls[0].revents && !(polls[2].revents & POLLIN)) break;
  }
  // What was written before the end may still be in the terminal.
  pollfd rest = {polls[2].fd, POLLIN, 0};
  while (rest.fd >= 0 && poll(&rest, 1, 0) > 0 && rest.revents & POLLIN) {
    if (!copy(process.console.get(), 1)) break;
  }
  return exit_code_of(wait_child(process.process.pid));
}

}  // namespace mini::container
