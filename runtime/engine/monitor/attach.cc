#include "runtime/engine/monitor/attach.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/poll_round.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/attach_protocol.h"
#include "runtime/engine/monitor/detach_keys.h"
#include "runtime/engine/monitor/signals.h"
#include "runtime/engine/monitor/streams.h"
#include "runtime/engine/monitor/terminal.h"

namespace mini::engine {
namespace {

void send_size(int connection) {
  const auto size = terminal_size();
  if (!size) return;
  const uint16_t both[] = {size->first, size->second};
  send_frame(connection, Frame::resize, {reinterpret_cast<const char*>(both), sizeof both});
}

class Session {
 public:
  Session(Fd connection, const ContainerStore& store, const Record& record,
          const AttachOptions& options)
      : connection_(std::move(connection)),
        store_(store),
        id_(record.id),
        tty_(record.config.tty),
        reads_(options.stdin_open),
        options_(options),
        keys_(parse_detach_keys(options.detach_keys)) {
    signal(SIGPIPE, SIG_IGN);
    fcntl(connection_.get(), F_SETFL, fcntl(connection_.get(), F_GETFL) | O_NONBLOCK);
    if (tty_ && reads_) raw_.emplace(STDIN_FILENO);
  }

  AttachResult run() {
    while (!done_) {
      PollRound round;
      round.watch(signals_.fd(), POLLIN, [this](short) { forward_signals(); });
      if (tty_)
        round.watch(sizes_.emplace_or_get().fd(), POLLIN, [this](short) { forward_size(); });
      // What comes in waits until what came before has been shown; what goes out, until the monitor
      // takes it.
      const bool shown = out_.idle() && err_.idle();
      out_.watch(round);
      err_.watch(round);
      const short events =
          static_cast<short>((shown ? POLLIN : 0) | (unsent_.empty() ? 0 : POLLOUT));
      round.watch(connection_.get(), events, [this](short ready) {
        if (ready & POLLOUT) send_unsent();
        if (ready & (POLLIN | POLLHUP)) receive();
      });
      if (reads_ && unsent_.empty())
        round.watch(STDIN_FILENO, POLLIN, [this](short) { read_input(); });
      round.wait();
      // The reader of our output is gone (`| head`): the container goes on, we do not.
      if (out_.closed() || err_.closed()) {
        result_ = {false, 128 + SIGPIPE};
        done_ = true;
      }
    }
    out_.flush();
    err_.flush();
    return result_;
  }

 private:
  // Made only for a terminal.
  struct LazySizes {
    std::optional<SizeChanges> changes;
    SizeChanges& emplace_or_get() { return changes ? *changes : changes.emplace(); }
  };

  void forward_signals() {
    for (int number; (number = signals_.next()) != 0;) {
      if (!options_.sig_proxy) {
        result_ = {true, 128 + number};
        done_ = true;
        return;
      }
      const bool ends = number == SIGINT || number == SIGTERM;
      if (ends && ++asked_to_end_ == 3) {
        raw_.reset();
        warn_once(cat("got 3 SIGTERM/SIGINTs, forcefully exiting; container ", id_.substr(0, 12),
                      " is still running"));
        result_ = {true, 1};
        done_ = true;
        return;
      }
      const std::optional<Record> record = store_.read(id_);
      if (!record) continue;
      if (const auto process = open_pidfd(record->state.process))
        signal_pidfd(process->get(), number);
    }
  }

  void forward_size() {
    sizes_.changes->take();
    send_size(connection_.get());
  }

  void receive() {
    ReceivedFrame frame;
    const Received outcome = receive_frame(connection_.get(), frame);
    if (outcome == Received::none) return;
    if (outcome == Received::end) {
      raw_.reset();
      throw Error(cat("container ", id_.substr(0, 12), ": its monitor has exited"));
    }
    switch (frame.type) {
      case Frame::output:
        if (options_.output) out_.write(frame.payload);
        break;
      case Frame::error_output:
        if (options_.error_output) err_.write(frame.payload);
        break;
      case Frame::dropped:
        raw_.reset();
        throw Error(cat("container ", id_.substr(0, 12),
                        ": detached, because its output was read too slowly"));
      case Frame::exit: {
        int32_t code = 0;
        memcpy(&code, frame.payload.data(), std::min(frame.payload.size(), sizeof code));
        result_ = {false, code};
        done_ = true;
        break;
      }
      default:
        break;
    }
  }

  void read_input() {
    char buffer[16 << 10];
    const ssize_t size = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (size <= 0) {
      reads_ = false;
      unsent_ = std::string(1, static_cast<char>(Frame::end_of_input));
    } else {
      const std::string_view typed(buffer, static_cast<size_t>(size));
      const std::string forwarded = tty_ ? keys_.feed(typed) : std::string(typed);
      if (!forwarded.empty()) unsent_ = static_cast<char>(Frame::input) + forwarded;
      if (keys_.found()) {
        result_.detached = true;
        done_ = true;
      }
    }
    send_unsent();
  }

  void send_unsent() {
    if (unsent_.empty()) return;
    const bool sent = send_frame(connection_.get(), static_cast<Frame>(unsent_[0]),
                                 std::string_view(unsent_).substr(1));
    if (sent || (errno != EAGAIN && errno != EWOULDBLOCK)) unsent_.clear();
  }

  Fd connection_;
  const ContainerStore& store_;
  std::string id_;
  bool tty_, reads_, done_ = false;
  int asked_to_end_ = 0;  // SIGINT and SIGTERM that were forwarded
  AttachOptions options_;
  DetachScanner keys_;
  std::optional<RawTerminal> raw_;
  ForwardedSignals signals_;
  LazySizes sizes_;
  OutputTarget out_{STDOUT_FILENO}, err_{STDERR_FILENO};
  std::string unsent_;  // one frame, type byte first
  AttachResult result_;
};

}  // namespace

std::optional<Fd> connect_to_monitor(const ContainerStore& store, const std::string& id) {
  const Fd directory(open(store.run_directory(id).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return {};
  Fd connection(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!connection) throw SysError("attach socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/attach.sock",
           directory.get());
  if (connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
    return connection;
  if (errno == ENOENT || errno == ECONNREFUSED) return {};
  throw SysError(cat(store.run_directory(id), "/attach.sock"));
}

void greet(int connection, bool tty, const AttachOptions& options) {
  send_frame(connection, Frame::hello,
             cat(options.output || options.error_output ? "o" : "", options.stdin_open ? "i" : ""));
  if (tty) send_size(connection);
}

AttachResult attach_over(Fd connection, const ContainerStore& store, const Record& record,
                         const AttachOptions& options) {
  return Session(std::move(connection), store, record, options).run();
}

AttachResult attach(const ContainerStore& store, const Record& record,
                    const AttachOptions& options) {
  if (record.state.status == Status::paused) {
    throw Error(cat("container ", record.name, ": is paused"),
                cat("unpause it first: `mini unpause ", record.name, "`"), ErrorKind::conflict);
  }
  AttachOptions own = options;
  own.stdin_open = options.stdin_open && record.config.open_stdin;
  check_terminal(record.config.tty, own.stdin_open);
  std::optional<Fd> connection =
      is_live(record) ? connect_to_monitor(store, record.id) : std::nullopt;
  if (!connection) {
    throw Error(cat("container ", record.name, ": is not running"),
                cat("start it: `mini start ", record.name, "`"), ErrorKind::conflict);
  }
  greet(connection->get(), record.config.tty, own);
  return attach_over(std::move(*connection), store, record, own);
}

}  // namespace mini::engine
