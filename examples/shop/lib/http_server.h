// An HTTP/1.1 server with bounds: on threads, connections, bytes of header and body, the time in which a request must have come and an answer must have
// been taken. A handler may block: it holds one of the threads, and connections that wait hold none.
// Answers of its own: 400 malformed, 413 body too large, 431 header too large, 500 when the handler throws, 503 too many connections.
// stop() lets running requests finish, for `grace` at most. No TLS, no upgrade.
#pragma once
#include <chrono>
#include <functional>
#include <memory>

#include "lib/http_message.h"

namespace shop {

struct ServerSettings {
  uint16_t port = 0;  // 0: any
  int threads = 16;
  size_t max_connections = 1000;
  uint32_t max_header = 16 << 10, max_body = 64 << 10;
  std::chrono::milliseconds request_time{10000}, idle_time{60000}, grace{5000};
};

class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;
  HttpServer(ServerSettings settings, Handler handler);  // listens, on all IPv4 addresses; throws when it cannot
  ~HttpServer();
  void start();
  void stop();
  uint16_t port() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace shop
