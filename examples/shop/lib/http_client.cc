#include "lib/http_client.h"

#include <charconv>
#include <optional>

#include "lib/beast.h"

namespace shop {
namespace {

constexpr size_t kMaxAnswer = 8 << 20;
constexpr std::chrono::seconds kKeep{20};  // less than a server's idle time

}  // namespace

// A connection and what runs it: the thread that has called. So each step is an asynchronous operation, which is what Asio can end at a deadline.
class HttpClient::Connection {
 public:
  void open(const Url& url, Deadline deadline) {
    tcp::endpoint peer(asio::ip::make_address(resolve(url.host, deadline)), url.port);
    run(deadline, [&](auto then) { socket_.async_connect(peer, then); });
    socket_.set_option(tcp::no_delay(true));
    socket_.non_blocking(true);
  }

  Response exchange(const http::request<http::string_body>& request, Deadline deadline) {
    http::request_serializer<http::string_body> serializer(request);
    error_code error;
    http::write(socket_, serializer, error);  // mostly all of it; what has no place yet goes asynchronously
    if (error == asio::error::would_block) {
      run(deadline, [&](auto then) { http::async_write(socket_, serializer, then); });
    } else if (error) {
      throw CallError(error.message(), false);
    }
    for (;;) {
      http::response_parser<http::string_body> parser;
      parser.body_limit(kMaxAnswer);
      parser.skip(request.method() == http::verb::head);
      run(deadline, [&](auto then) { http::async_read(socket_, buffer_, parser, then); });
      auto& answer = parser.get();
      if (answer.result_int() < 200) continue;
      reusable_ = parser.keep_alive() && buffer_.size() == 0;
      since_ = Clock::now();
      return {static_cast<int>(answer.result_int()), std::move(answer.body()), answer[http::field::content_type], {}};
    }
  }

  bool reusable() const { return reusable_; }

  // Nothing to read: the server has neither closed it nor got out of step.
  bool quiet() {
    char byte;
    error_code error;
    socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error == asio::error::would_block && Clock::now() - since_ < kKeep;
  }

 private:
  // When the deadline comes first, the operation is left behind: the connection must not be used again.
  template <typename Start>
  void run(Deadline deadline, Start start) {
    std::optional<error_code> result;
    start([&result](error_code error, auto&&...) { result = error; });
    io_.restart();
    while (!result && io_.run_one_until(deadline) != 0) {
    }
    if (!result) throw CallError("no answer in time", true);
    if (*result) throw CallError(result->message(), false);
  }

  asio::io_context io_{1};
  tcp::socket socket_{io_};
  beast::flat_buffer buffer_;
  bool reusable_ = false;
  Clock::time_point since_;
};

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
HttpClient::~HttpClient() = default;

Response HttpClient::send(const Request& request, Deadline deadline) {
  try {
    return send_once_or_twice(request, deadline);
  } catch (const CallError& error) {
    throw CallError(url_.authority() + ": " + error.what(), error.timed_out);
  } catch (const NameError& error) {
    throw CallError(error.what(), Clock::now() >= deadline);
  }
}

Response HttpClient::send_once_or_twice(const Request& request, Deadline deadline) {
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.target);
  message.set(http::field::host, url_.authority());
  add_headers(message, request.headers);
  message.body() = request.body;
  message.prepare_payload();
  for (auto connection = take();; connection.reset()) {
    bool fresh = !connection;
    try {
      if (fresh) {
        connection = std::make_unique<Connection>();
        connection->open(url_, deadline);
      }
      Response response = connection->exchange(message, deadline);
      keep(std::move(connection));
      return response;
    } catch (const CallError& error) {
      if (fresh || error.timed_out || request.method != "GET") throw;
    }
  }
}

std::unique_ptr<HttpClient::Connection> HttpClient::take() {
  std::lock_guard lock(mutex_);
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->quiet()) return connection;
  }
  return nullptr;
}

void HttpClient::keep(std::unique_ptr<Connection> connection) {
  std::lock_guard lock(mutex_);
  if (connection->reusable() && idle_.size() < max_idle_) idle_.push_back(std::move(connection));
}

}  // namespace shop
