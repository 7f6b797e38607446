#include "lib/http_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace shop {
namespace {

constexpr size_t kMaxAnswer = 8 << 20;
constexpr std::chrono::seconds kKeep{20};  // less than a server's idle time

// Bytes of one answer, read as they are asked for.
class Reader {
 public:
  Reader(int fd, Deadline deadline) : fd_(fd), deadline_(deadline) {}

  // Everything up to `mark`, which is taken too.
  std::string until(std::string_view mark) {
    for (size_t from = 0;;) {
      size_t at = text_.find(mark, from);
      if (at != std::string::npos) {
        std::string result = take(at);
        text_.erase(0, mark.size());
        return result;
      }
      from = text_.size() < mark.size() ? 0 : text_.size() - mark.size() + 1;
      if (!more()) throw CallError("the server closed the connection", false);
    }
  }

  std::string exactly(size_t size) {
    while (text_.size() < size) {
      if (!more()) throw CallError("the server closed the connection", false);
    }
    return take(size);
  }

  std::string to_the_end() {
    while (more()) {
    }
    return take(text_.size());
  }

  bool empty() const { return text_.empty(); }

 private:
  std::string take(size_t size) {
    std::string result = text_.substr(0, size);
    text_.erase(0, size);
    return result;
  }

  bool more() {
    if (text_.size() > kMaxAnswer) throw CallError("the answer is too large", false);
    char buffer[16 << 10];
    for (;;) {
      if (!wait_for(fd_, POLLIN, deadline_)) throw CallError("no answer in time", true);
      ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
      if (size > 0) text_.append(buffer, static_cast<size_t>(size));
      if (size >= 0) return size > 0;
      if (errno != EAGAIN && errno != EINTR) throw CallError(std::string("read: ") + std::strerror(errno), false);
    }
  }

  int fd_;
  Deadline deadline_;
  std::string text_;
};

void send_all(int fd, std::string_view text, Deadline deadline) {
  while (!text.empty()) {
    ssize_t size = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (size >= 0) {
      text.remove_prefix(static_cast<size_t>(size));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLOUT, deadline)) throw CallError("the server takes no request in time", true);
    } else if (errno != EINTR) {
      throw CallError(std::string("write: ") + std::strerror(errno), false);
    }
  }
}

std::string read_chunks(Reader& reader) {
  std::string body;
  for (;;) {
    std::string line = reader.until("\r\n");
    size_t size = 0;
    auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (error != std::errc() || size > kMaxAnswer || body.size() + size > kMaxAnswer) {
      throw CallError("the answer has a malformed chunk", false);
    }
    if (size == 0) break;
    body += reader.exactly(size);
    reader.exactly(2);
  }
  while (!reader.until("\r\n").empty()) {
  }
  return body;
}

}  // namespace

Url parse_url(const std::string& text) {
  std::string_view rest = text;
  if (rest.substr(0, 7) != "http://") throw std::invalid_argument("\"" + text + "\": not an http:// address");
  rest.remove_prefix(7);
  Url url;
  size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  size_t colon = authority.find(':');
  url.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) {
    std::string_view port = authority.substr(colon + 1);
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) url.host.clear();
  }
  if (url.host.empty()) throw std::invalid_argument("\"" + text + "\": not an http:// address");
  return url;
}

HttpClient::HttpClient(Url url, size_t max_idle) : url_(std::move(url)), max_idle_(max_idle) {}

Response HttpClient::send(const Request& request, Deadline deadline) {
  std::string text = write_request(request, url_.authority());
  bool head = request.method == "HEAD";
  try {
    Fd kept = take();
    for (;;) {
      bool fresh = kept.get() < 0;
      Fd fd = fresh ? connect_to(url_.host, url_.port, deadline) : std::move(kept);
      try {
        bool reusable = false;
        Response response = exchange(fd.get(), text, deadline, head, reusable);
        if (reusable) keep(std::move(fd));
        return response;
      } catch (const CallError& error) {
        if (fresh || error.timed_out || request.method != "GET") throw;
        kept = Fd();
      }
    }
  } catch (const CallError& error) {
    throw CallError(url_.authority() + ": " + error.what(), error.timed_out);
  } catch (const NetError& error) {
    throw CallError(error.what(), Clock::now() >= deadline);
  }
}

// A kept connection on which there is something to read is closed, or out of step: it is of no use.
Fd HttpClient::take() {
  std::lock_guard lock(mutex_);
  while (!idle_.empty()) {
    Kept kept = std::move(idle_.back());
    idle_.pop_back();
    char byte;
    bool quiet = ::recv(kept.fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
    if (quiet && Clock::now() - kept.since < kKeep) return std::move(kept.fd);
  }
  return Fd();
}

void HttpClient::keep(Fd fd) {
  std::lock_guard lock(mutex_);
  if (idle_.size() < max_idle_) idle_.push_back({std::move(fd), Clock::now()});
}

Response HttpClient::exchange(int fd, const std::string& text, Deadline deadline, bool head, bool& reusable) {
  send_all(fd, text, deadline);
  Reader reader(fd, deadline);
  std::optional<Response> response;
  do {
    response = parse_response_head(reader.until("\r\n\r\n"));
    if (!response) throw CallError("the answer is malformed", false);
  } while (response->status < 200);
  const std::string* coding = response->headers.find("Transfer-Encoding");
  bool sized = response->headers.find("Content-Length") != nullptr;
  reusable = true;
  if (head || response->status == 204 || response->status == 304) {
  } else if (coding) {
    response->body = read_chunks(reader);
  } else if (sized) {
    auto length = content_length(response->headers);
    if (!length || *length > kMaxAnswer) throw CallError("the answer is malformed or too large", false);
    response->body = reader.exactly(*length);
  } else {
    response->body = reader.to_the_end();
    reusable = false;
  }
  const std::string* connection = response->headers.find("Connection");
  if (connection && same_name(*connection, "close")) reusable = false;
  if (!reader.empty()) reusable = false;
  return std::move(*response);
}

}  // namespace shop
