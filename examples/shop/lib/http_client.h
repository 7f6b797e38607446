// A pooled keep-alive HTTP/1.1 client for one server. send() ends at its deadline, name look-up and connecting included, and throws CallError when no
// whole answer came. A kept connection that the server has closed in the meantime is noticed before use; a GET that fails on a kept
// connection is sent once more on a new one, other methods never. Thread-safe; holds at most `max_idle` idle connections. http:// only.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lib/http_message.h"
#include "lib/names.h"

namespace shop {

struct CallError : std::runtime_error {
  CallError(const std::string& what, bool late) : std::runtime_error(what), timed_out(late) {}
  bool timed_out;
};

struct Url {
  std::string host;
  uint16_t port = 80;
  std::string path;  // without a slash at the end
  std::string authority() const { return port == 80 ? host : host + ":" + std::to_string(port); }
};

Url parse_url(const std::string& text);  // throws std::invalid_argument

class HttpClient {
 public:
  explicit HttpClient(Url url, size_t max_idle = 32);
  ~HttpClient();
  Response send(const Request& request, Deadline deadline);
  const Url& url() const { return url_; }

 private:
  class Connection;
  Response send_once_or_twice(const Request& request, Deadline deadline);
  std::unique_ptr<Connection> take();
  void keep(std::unique_ptr<Connection> connection);

  const Url url_;
  const size_t max_idle_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace shop
