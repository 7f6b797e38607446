// One running transport process (transport/) and the request that it is doing. The process starts
// with an empty environment, holds no descriptor but its socket, and ends when this object goes.
// One request at a time; the next may begin when the body of the last was read to its end, and then
// uses the same connection. Times out when nothing comes, or next to nothing, while mini waits.
// Throws TransportError.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/registry/http/url.h"
#include "runtime/registry/transport/wire.h"

namespace mini::registry {

class TransportError : public Error {
 public:
  enum class Cause {
    network,      // may go better the next time
    unreachable,  // nothing listens there
    no_tls,       // the other side does not speak TLS
    lasting,      // a certificate that is not trusted, a host that does not exist
  };
  TransportError(Cause cause, const std::string& message, std::string hint = {})
      : Error(message, std::move(hint)), cause_(cause) {}
  Cause cause() const { return cause_; }

 private:
  Cause cause_;
};

struct Request {
  std::string method = "GET";
  Url url;
  std::vector<std::string> headers;  // "Name: value"
  std::string authorities;           // PEM: trusted besides the host's own
  std::string proxy;                 // empty: none
  // A body: as many bytes as `body` then gives, piece by piece.
  std::optional<uint64_t> body_size;
  std::function<size_t(char* to, size_t size)> body;
};

struct ResponseHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

  bool is_redirect() const;
  // Empty when it is missing; the first of several.
  std::string header(std::string_view name) const;
  // All of them as one list (RFC 9110, 5.3).
  std::string list(std::string_view name) const;
};

class Transport {
 public:
  // `cancel_fd`: when it becomes readable, a wait ends with a lasting TransportError.
  explicit Transport(int timeout_ms, int cancel_fd = -1);
  ~Transport();
  Transport(const Transport&) = delete;

  ResponseHead start(const Request& request);
  // A piece of the body, valid until the next call; empty at its end.
  std::string_view read();
  bool idle() const { return idle_; }

 private:
  void send(wire::Kind kind, std::string_view data);
  void send_body(const Request& request);
  wire::Frame receive_frame();
  void wait_readable();
  void receive(void* to, size_t size);
  void fill(size_t size);
  [[noreturn]] void lost();
  [[noreturn]] void fail_at_end();

  const int timeout_ms_, cancel_fd_;
  Fd socket_;
  pid_t pid_ = -1;
  bool idle_ = true;
  std::string host_;
  std::string buffer_;
  uint64_t slow_bytes_ = 0;  // what came in `slow_ms_` of waiting
  int64_t slow_ms_ = 0;
};

}  // namespace mini::registry
