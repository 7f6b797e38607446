// A small HTTP/1.1 server: keep-alive, a bounded number of threads, connections, header and body bytes, and a time in which a request must have come
// and an answer must have been taken. All threads wait on one epoll; each connection belongs to the one thread that got its event (EPOLLONESHOT),
// so a handler may block, and connections need no lock.
// Answers of its own: 400 malformed, 411 a body without a length, 413 body too large, 431 header too large, 500 when the handler throws, 503 too
// many connections. stop() lets running requests finish, for `grace` at most. No TLS, no chunked requests, no upgrade.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "lib/http_message.h"
#include "lib/net.h"

namespace shop {

struct ServerSettings {
  uint16_t port = 0;  // 0: any
  int threads = 16;
  size_t max_connections = 1000;
  size_t max_header = 16 << 10, max_body = 64 << 10;
  std::chrono::milliseconds request_time{10000}, idle_time{60000}, grace{5000};
};

class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;
  HttpServer(ServerSettings settings, Handler handler);  // listens; NetError when it cannot
  ~HttpServer();
  void start();
  void stop();
  uint16_t port() const { return port_; }

 private:
  struct Connection;
  void work();
  void sweep();
  void accept_all();
  void serve(Connection& connection);
  bool read_some(Connection& connection);
  bool answer_next(Connection& connection);
  Response handle(const Request& request);
  void refuse(Connection& connection, int status, const char* why);
  void send(Connection& connection, const Response& response, bool keep_alive, bool with_body);
  bool flush(Connection& connection);
  void arm(Connection& connection, uint32_t events);
  void close(Connection& connection);
  bool quiet();

  const ServerSettings settings_;
  const Handler handler_;
  Fd listener_, epoll_, wake_;
  uint16_t port_;
  std::mutex mutex_;  // the table only
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false}, ended_{false};
};

}  // namespace shop
