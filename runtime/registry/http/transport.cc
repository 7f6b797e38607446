#include "runtime/registry/http/transport.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/registry/http/transport_bytes.h"

namespace mini::registry {
namespace {

using Cause = TransportError::Cause;

constexpr size_t kPiece = 256 << 10;
// Less than so much in the whole time that a peer may be silent is as good as silence.
constexpr uint64_t kLeastBytes = 4096;

// curl's numbers (libcurl-errors(3)) that mean something to mini.
constexpr int kNoHost = 6, kNoProxyHost = 5, kNoConnection = 7, kTlsFailed = 35, kBadPeer = 60,
              kBadUrl = 3, kBadProtocol = 1;

Cause cause_of(int code) {
  switch (code) {
    case kNoConnection:
      return Cause::unreachable;
    case kTlsFailed:
      return Cause::no_tls;
    case kNoHost:
    case kNoProxyHost:
    case kBadPeer:
    case kBadUrl:
    case kBadProtocol:
      return Cause::lasting;
    default:
      return Cause::network;
  }
}

const Fd& program() {
  static const Fd fd = sealed_memfd("mini-transport", transport_bytes(), true);
  return fd;
}

pid_t spawn_transport(int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  // The loader's complaint about a missing library is worth reading.
  if (!debug_enabled())
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // Its own process group: Ctrl-C is for mini, which ends it.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  char name[] = "mini-transport";
  char* arguments[] = {name, nullptr};
  char* environment[] = {nullptr};
  pid_t pid = -1;
  const std::string path = cat("/proc/self/fd/", program().get());
  const int error = posix_spawn(&pid, path.c_str(), &actions, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw SysError(error, "the transport program");
  return pid;
}

}  // namespace

std::string ResponseHead::list(std::string_view name) const {
  std::string values;
  for (const auto& [key, value] : headers) {
    if (key == name) values += cat(values.empty() ? "" : ", ", value);
  }
  return values;
}

bool ResponseHead::is_redirect() const {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string ResponseHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Transport::Transport(int timeout_ms, int cancel_fd)
    : timeout_ms_(timeout_ms), cancel_fd_(cancel_fd) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) throw SysError("socketpair");
  socket_.reset(ends[0]);
  const Fd theirs(ends[1]);
  // Half a MiB in flight keeps both sides busy.
  const int size = 512 << 10;
  for (const int end : ends) {
    setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(end, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  pid_ = spawn_transport(theirs.get());
}

Transport::~Transport() {
  socket_.reset();
  if (pid_ <= 0) return;
  // It may be in the middle of a connection attempt, and there is nothing in it to tidy up.
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Transport::send(wire::Kind kind, std::string_view data) {
  const wire::Frame frame{kind, static_cast<uint32_t>(data.size())};
  std::string head(reinterpret_cast<const char*>(&frame), sizeof frame);
  for (std::string_view piece : {std::string_view(head), data}) {
    while (!piece.empty()) {
      const ssize_t sent = ::send(socket_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno == EAGAIN) throw TransportError(Cause::network, "stalled");
      if (sent < 0) lost();
      piece.remove_prefix(static_cast<size_t>(sent));
    }
  }
}

ResponseHead Transport::start(const Request& request) {
  if (!idle_) throw Error("transport: a request began before the previous one ended");
  idle_ = false;
  host_ = request.url.authority();
  slow_bytes_ = 0;
  slow_ms_ = 0;
  const timeval patience{timeout_ms_ / 1000, timeout_ms_ % 1000 * 1000};
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  send(wire::Kind::method, request.method);
  send(wire::Kind::url, request.url.str());
  for (const std::string& header : request.headers) send(wire::Kind::header, header);
  for (size_t at = 0; at < request.authorities.size(); at += kPiece)
    send(wire::Kind::authorities, std::string_view(request.authorities).substr(at, kPiece));
  send(wire::Kind::proxy, request.proxy);
  if (request.body_size) send(wire::Kind::length, std::to_string(*request.body_size));
  send(wire::Kind::go, {});
  if (request.body_size) send_body(request);

  const wire::Frame frame = receive_frame();
  fill(frame.size);
  if (frame.kind == wire::Kind::end) fail_at_end();
  if (frame.kind != wire::Kind::head) lost();
  ResponseHead head;
  const std::vector<std::string> lines = split(buffer_, '\n');
  head.status = static_cast<int>(parse_number(lines[0], 999).value_or(0));
  for (size_t i = 1; i < lines.size(); ++i) {
    const size_t colon = lines[i].find(':');
    if (colon == std::string::npos) continue;
    head.headers.emplace_back(lower(trim(std::string_view(lines[i]).substr(0, colon))),
                              trim(std::string_view(lines[i]).substr(colon + 1)));
  }
  return head;
}

void Transport::send_body(const Request& request) {
  std::string piece(kPiece, '\0');
  uint64_t left = *request.body_size;
  while (left > 0) {
    const size_t got = request.body(piece.data(), std::min<uint64_t>(piece.size(), left));
    if (got == 0) throw Error("upload: the content became shorter");
    send(wire::Kind::body, std::string_view(piece).substr(0, got));
    left -= got;
  }
  send(wire::Kind::body_end, {});
}

std::string_view Transport::read() {
  if (idle_) return {};
  const wire::Frame frame = receive_frame();
  fill(frame.size);
  if (frame.kind == wire::Kind::body) {
    slow_bytes_ += frame.size;
    return buffer_;
  }
  if (frame.kind != wire::Kind::end) lost();
  if (!buffer_.starts_with("0\n")) fail_at_end();
  idle_ = true;
  return {};
}

wire::Frame Transport::receive_frame() {
  wire::Frame frame;
  receive(&frame, sizeof frame);
  if (frame.size > wire::kLongestFrame) lost();
  return frame;
}

void Transport::fill(size_t size) {
  buffer_.resize(size);
  receive(buffer_.data(), size);
}

// Only the time in which mini waits counts: while a layer is extracted, no more is requested.
void Transport::wait_readable() {
  pollfd ready[] = {{socket_.get(), POLLIN, 0}, {cancel_fd_, POLLIN, 0}};
  if (::poll(ready, 1, 0) > 0) return;
  const int64_t before = monotonic_ns();
  int result;
  do {
    result = ::poll(ready, 2, timeout_ms_);
  } while (result < 0 && errno == EINTR);
  if (result > 0 && ready[1].revents != 0) throw TransportError(Cause::lasting, "interrupted");
  slow_ms_ += (monotonic_ns() - before) / 1'000'000;
  if (result == 0 || (slow_ms_ >= timeout_ms_ && slow_bytes_ < kLeastBytes)) {
    throw TransportError(Cause::network,
                         cat(host_, ": stalled for ", timeout_ms_ / 1000, " seconds"));
  }
  if (slow_ms_ >= timeout_ms_) {
    slow_ms_ = 0;
    slow_bytes_ = 0;
  }
}

void Transport::receive(void* to, size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    wait_readable();
    const ssize_t got = recv(socket_.get(), at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) lost();
    at += got;
    size -= static_cast<size_t>(got);
  }
}

void Transport::lost() {
  int status = 0;
  // It has closed its socket, which it does only by ending.
  const bool ended = pid_ > 0 && waitpid(pid_, &status, 0) == pid_;
  if (ended) pid_ = -1;
  constexpr int kNoLoader = 127;
  if (ended && WIFEXITED(status) && WEXITSTATUS(status) == kNoLoader) {
    throw TransportError(
        Cause::lasting, "cannot load libcurl, which is needed for registries",
        "install it: `apt-get install libcurl4` (--debug shows the loader's message)");
  }
  throw TransportError(Cause::network, cat(host_, ": the transport process exited"));
}

void Transport::fail_at_end() {
  const size_t newline = buffer_.find('\n');
  const int code =
      static_cast<int>(parse_number(std::string_view(buffer_).substr(0, newline), 999).value_or(0));
  const std::string why = printable(lower(std::string_view(buffer_).substr(newline + 1)));
  std::string hint;
  if (code == kBadPeer)
    hint =
        "put the authority's certificate (*.crt) into the registry's \"ca\" directory, see "
        "docs/registries.md";
  throw TransportError(cause_of(code), cat(host_, ": ", code == 0 ? "no answer" : why), hint);
}

}  // namespace mini::registry
