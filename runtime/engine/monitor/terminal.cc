#include "runtime/engine/monitor/terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/base/error.h"

namespace mini::engine {

RawTerminal::RawTerminal(int fd) {
  if (tcgetattr(fd, &before_) < 0) return;
  termios raw = before_;
  cfmakeraw(&raw);
  if (tcsetattr(fd, TCSADRAIN, &raw) == 0) fd_ = fd;
}

RawTerminal::~RawTerminal() {
  if (fd_ >= 0) tcsetattr(fd_, TCSADRAIN, &before_);
}

std::optional<std::pair<uint16_t, uint16_t>> terminal_size() {
  for (const int fd : {STDOUT_FILENO, STDIN_FILENO, STDERR_FILENO}) {
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
      return std::pair{size.ws_row, size.ws_col};
  }
  return {};
}

void set_terminal_size(int terminal, uint16_t rows, uint16_t columns) {
  winsize size{};
  size.ws_row = rows;
  size.ws_col = columns;
  ioctl(terminal, TIOCSWINSZ, &size);
}

SizeChanges::SizeChanges() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGWINCH);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) < 0) throw SysError("block signals");
  fd_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw SysError("signalfd");
}

void SizeChanges::take() const {
  signalfd_siginfo info;
  while (::read(fd_.get(), &info, sizeof info) > 0) {
  }
}

void check_terminal(bool tty, bool stdin_open) {
  if (!tty || !stdin_open || isatty(STDIN_FILENO)) return;
  throw Error("the input device is not a TTY", "remove -t, or run it in a terminal",
              ErrorKind::arguments);
}

}  // namespace mini::engine
