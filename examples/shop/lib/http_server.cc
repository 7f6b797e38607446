#include "lib/http_server.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>

namespace shop {
namespace {

constexpr size_t kDrainBytes = 32 << 20;  // what a client may still send after it was refused

std::string reason_json(const char* why) { return std::string("{\"error\":\"") + why + "\"}"; }

bool wants_close(const Request& request) {
  const std::string* value = request.headers.find("Connection");
  if (!value) return request.http_1_0;
  return same_name(*value, "close") || (request.http_1_0 && !same_name(*value, "keep-alive"));
}

}  // namespace

// `deadline` and `busy` are read by the sweeper; all else belongs to the thread that serves the connection.
struct HttpServer::Connection {
  explicit Connection(int descriptor) : fd(descriptor) {}
  Fd fd;
  std::string in, out;
  size_t sent = 0, drained = 0;
  bool last = false;  // close when `out` is sent
  bool draining = false, continued = false;
  Deadline began{};  // of the request in `in`
  std::atomic<Deadline> deadline{};
  std::atomic<bool> busy{true};
};

HttpServer::HttpServer(ServerSettings settings, Handler handler)
    : settings_(settings), handler_(std::move(handler)), listener_(listen_on(settings.port)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      port_(port_of(listener_.get())) {
  epoll_event on_accept{EPOLLIN | EPOLLEXCLUSIVE, {.fd = listener_.get()}};
  epoll_event on_wake{EPOLLIN, {.fd = wake_.get()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &on_accept) != 0 ||
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &on_wake) != 0) {
    throw NetError("epoll_ctl failed");
  }
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::start() {
  for (int i = 0; i < settings_.threads; ++i) threads_.emplace_back([this] { work(); });
  threads_.emplace_back([this] {
    while (!ended_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(stopping_ ? 5 : 100));
      sweep();
    }
  });
}

void HttpServer::stop() {
  if (threads_.empty()) return;
  stopping_ = true;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
  ::shutdown(listener_.get(), SHUT_RDWR);  // from here on, who connects is refused
  Deadline end = Clock::now() + settings_.grace;
  while (!quiet() && Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ended_ = true;
  ::eventfd_write(wake_.get(), 1);
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  connections_.clear();
}

bool HttpServer::quiet() {
  std::lock_guard lock(mutex_);
  return connections_.empty();
}

void HttpServer::work() {
  while (!ended_) {
    epoll_event event{};
    if (::epoll_wait(epoll_.get(), &event, 1, -1) != 1) continue;
    if (event.data.fd == wake_.get()) continue;
    if (event.data.fd == listener_.get()) {
      accept_all();
      continue;
    }
    Connection* connection = nullptr;
    {
      std::lock_guard lock(mutex_);
      auto found = connections_.find(event.data.fd);
      if (found == connections_.end()) continue;
      connection = found->second.get();
      connection->busy.exchange(true);  // what the last thread did to it before arm() is seen from here on
    }
    serve(*connection);
  }
}

// A connection that is waited for past its deadline is shut down; the event that this makes closes it.
void HttpServer::sweep() {
  Deadline now = Clock::now();
  std::lock_guard lock(mutex_);
  for (auto& [fd, connection] : connections_) {
    bool waits = !connection->busy;
    bool idle = waits && connection->out.empty() && connection->in.empty();
    if ((waits && now >= connection->deadline.load()) || (idle && stopping_)) {
      ::shutdown(fd, SHUT_RDWR);
    }
  }
}

void HttpServer::accept_all() {
  for (;;) {
    int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>(fd);
    Connection& accepted = *connection;
    bool full = false;
    {
      std::lock_guard lock(mutex_);
      full = connections_.size() >= settings_.max_connections;
      if (!full) connections_[fd] = std::move(connection);
    }
    if (full) {
      std::string text = write_response({503, reason_json("too many connections"), "application/json", {}}, false, true);
      (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      continue;
    }
    epoll_event event{0, {.fd = fd}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    accepted.deadline = Clock::now() + settings_.request_time;
    arm(accepted, EPOLLIN);
  }
}

void HttpServer::serve(Connection& connection) {
  if (!connection.out.empty()) {
    if (!flush(connection)) return;
  }
  if (!read_some(connection)) return close(connection);
  if (connection.draining) return arm(connection, EPOLLIN);
  while (answer_next(connection)) {
    if (!flush(connection)) return;
    if (connection.draining) break;
  }
  bool between = connection.in.empty() && !connection.draining;
  if (between && stopping_) return close(connection);
  if (between) {
    connection.deadline = Clock::now() + settings_.idle_time;
    connection.began = {};
  }
  arm(connection, EPOLLIN);
}

// False: the peer is gone, or has sent more than a refused one may.
bool HttpServer::read_some(Connection& connection) {
  char buffer[16 << 10];
  size_t bound = settings_.max_header + settings_.max_body + 4;
  for (;;) {
    ssize_t size = ::recv(connection.fd.get(), buffer, sizeof buffer, 0);
    if (size == 0) return false;
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (connection.draining) {
      connection.drained += static_cast<size_t>(size);
      if (connection.drained > kDrainBytes) return false;
      continue;
    }
    if (connection.began == Deadline{}) {
      connection.began = Clock::now();
      connection.deadline = connection.began + settings_.request_time;
    }
    connection.in.append(buffer, static_cast<size_t>(size));
    if (static_cast<size_t>(size) < sizeof buffer || connection.in.size() > bound) return true;
  }
}

// Answers the request at the front of `in`; false when it is not whole yet.
bool HttpServer::answer_next(Connection& connection) {
  size_t end = connection.in.find("\r\n\r\n");
  if (end == std::string::npos && connection.in.size() <= settings_.max_header) return false;
  if (end == std::string::npos || end > settings_.max_header) {
    refuse(connection, 431, "the header of the request is too large");
    return true;
  }
  auto request = parse_request_head(std::string_view(connection.in).substr(0, end));
  auto length = request ? content_length(request->headers) : std::nullopt;
  if (!request || !length || (!request->http_1_0 && request->headers.count("Host") != 1)) {
    refuse(connection, 400, "the request is malformed");
    return true;
  }
  if (request->headers.find("Transfer-Encoding")) {
    refuse(connection, 411, "a body needs a Content-Length");
    return true;
  }
  if (*length > settings_.max_body) {
    refuse(connection, 413, "the body of the request is too large");
    return true;
  }
  size_t whole = end + 4 + *length;
  if (connection.in.size() < whole) {
    if (request->headers.find("Expect") && !connection.continued) {
      connection.continued = true;
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      (void)!::send(connection.fd.get(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
    }
    return false;
  }
  request->body = connection.in.substr(end + 4, *length);
  connection.in.erase(0, whole);
  connection.continued = false;
  connection.began = connection.in.empty() ? Deadline{} : Clock::now();
  bool head = request->method == "HEAD";
  if (head) request->method = "GET";
  Response response = handle(*request);
  send(connection, response, !wants_close(*request) && !stopping_, !head);
  return true;
}

Response HttpServer::handle(const Request& request) {
  try {
    return handler_(request);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s %s: %s\n", request.method.c_str(), request.target.c_str(), error.what());
    return {500, reason_json("internal error"), "application/json", {}};
  }
}

void HttpServer::refuse(Connection& connection, int status, const char* why) {
  send(connection, {status, reason_json(why), "application/json", {}}, false, true);
  connection.in.clear();
}

void HttpServer::send(Connection& connection, const Response& response, bool keep_alive, bool with_body) {
  connection.out += write_response(response, keep_alive, with_body);
  connection.last = !keep_alive;
  connection.deadline = Clock::now() + settings_.request_time;
}

// Sends what is in `out`. False: the connection is closed, or armed for when the peer takes more.
bool HttpServer::flush(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    ssize_t size = ::send(connection.fd.get(), connection.out.data() + connection.sent,
                          connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN) {
      arm(connection, EPOLLOUT);
      return false;
    }
    if (size < 0 && errno != EINTR) {
      close(connection);
      return false;
    }
    if (size > 0) connection.sent += static_cast<size_t>(size);
  }
  connection.out.clear();
  connection.sent = 0;
  if (connection.last) {
    // Closing over unread bytes would reset the connection and could take the answer away from the client: read them first.
    ::shutdown(connection.fd.get(), SHUT_WR);
    connection.draining = true;
    connection.deadline = Clock::now() + std::chrono::seconds(2);
  }
  return true;
}

void HttpServer::arm(Connection& connection, uint32_t events) {
  int fd = connection.fd.get();
  epoll_event event{events | EPOLLONESHOT | EPOLLRDHUP, {.fd = fd}};
  connection.busy = false;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void HttpServer::close(Connection& connection) {
  std::lock_guard lock(mutex_);
  connections_.erase(connection.fd.get());
}

}  // namespace shop
