#include "lib/http_server.h"

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <set>
#include <thread>

#include "lib/beast.h"
#include "lib/names.h"

namespace shop {

// `deadline` and `idle` are read by the sweep; all else belongs to the coroutine that serves the connection.
struct ServerSession {
  explicit ServerSession(asio::io_context& io) : socket(io) {}
  tcp::socket socket;
  beast::flat_buffer buffer;
  std::atomic<Clock::time_point> deadline{};
  std::atomic<bool> idle{true};  // may be ended when the server stops: no request has begun, or the last is answered
  void allow(std::chrono::milliseconds time) { deadline = Clock::now() + time; }
};

namespace {

using asio::awaitable;
using asio::use_awaitable;
using RequestParser = http::request_parser<http::string_body>;

constexpr int kBacklog = 1024;
constexpr size_t kDrainBytes = 32 << 20;  // what a client may still send after it was refused

Response refusal(int status, const char* why) { return {status, std::string("{\"error\":\"") + why + "\"}", "application/json", {}}; }

// 0: the client is gone, and nothing can be answered.
int status_of(error_code error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
  return gone || error.category() != make_error_code(http::error::bad_target).category() ? 0 : 400;
}

Response refusal_of(int status) {
  if (status == 413) return refusal(413, "the body of the request is too large");
  if (status == 431) return refusal(431, "the header of the request is too large");
  return refusal(400, "the request is malformed");
}

bool is_sound(const http::request<http::string_body>& request) {
  return request.target().starts_with('/') && (request.version() == 10 || request.count(http::field::host) == 1);
}

http::response<http::string_body> message_of(Response&& response, unsigned version, bool keep_alive) {
  http::response<http::string_body> message(static_cast<http::status>(response.status), version);
  if (!response.content_type.empty()) message.set(http::field::content_type, response.content_type);
  add_headers(message, response.headers);
  message.keep_alive(keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

// Sockets do not block. So reading and writing is tried at once, and only what would block becomes an asynchronous operation: that costs a
// detour through the scheduler, and its completion mostly wakes another thread.
awaitable<void> write(ServerSession& session, http::response<http::string_body> message) {
  http::response_serializer<http::string_body> serializer(message);
  error_code error;
  http::write(session.socket, serializer, error);
  if (error == asio::error::would_block) {
    co_await http::async_write(session.socket, serializer, use_awaitable);
  } else if (error) {
    throw beast::system_error(error);
  }
}

awaitable<error_code> read(ServerSession& session, RequestParser& parser) {
  error_code error;
  auto into_error = asio::redirect_error(use_awaitable, error);
  http::read_header(session.socket, session.buffer, parser, error);
  if (error == asio::error::would_block) co_await http::async_read_header(session.socket, session.buffer, parser, into_error);
  if (error || parser.is_done()) co_return error;
  if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    co_await write(session, http::response<http::string_body>(http::status::continue_, 11));
  }
  co_await http::async_read(session.socket, session.buffer, parser, into_error);
  co_return error;
}

// Closing over unread bytes would reset the connection and could take the answer away from the client: read them first.
awaitable<void> drain(ServerSession& session) {
  session.socket.shutdown(tcp::socket::shutdown_send);
  session.allow(std::chrono::seconds(2));
  session.idle = true;
  session.buffer.clear();
  for (size_t drained = 0; drained < kDrainBytes;) {
    size_t size = co_await session.socket.async_read_some(session.buffer.prepare(16 << 10), use_awaitable);
    drained += size;
  }
}

}  // namespace

class HttpServer::State {
 public:
  State(ServerSettings settings, Handler handler) : settings_(settings), handler_(std::move(handler)) {
    tcp::endpoint self(tcp::v4(), settings.port);
    acceptor_.open(self.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(self);
    acceptor_.listen(kBacklog);
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void start() {
    asio::co_spawn(io_, accept(), asio::detached);
    asio::co_spawn(io_, sweep_now_and_then(), asio::detached);
    for (int i = 0; i < settings_.threads; ++i) threads_.emplace_back([this] { io_.run(); });
  }

  void stop() {
    if (threads_.empty()) return;
    stopping_ = true;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // from here on, who connects is refused
    sweep();
    std::unique_lock lock(mutex_);
    emptied_.wait_for(lock, settings_.grace, [this] { return sessions_.empty(); });
    lock.unlock();
    io_.stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  awaitable<void> accept() {
    asio::steady_timer pause(io_);
    while (!stopping_) {
      auto session = std::make_shared<ServerSession>(io_);
      error_code error;
      co_await acceptor_.async_accept(session->socket, asio::redirect_error(use_awaitable, error));
      if (!error) {
        begin(session);
      } else {
        pause.expires_after(std::chrono::milliseconds(10));  // out of descriptors, most likely
        co_await pause.async_wait(use_awaitable);
      }
    }
  }

  void begin(const std::shared_ptr<ServerSession>& session) {
    error_code ignored;
    session->socket.set_option(tcp::no_delay(true), ignored);
    session->socket.non_blocking(true, ignored);
    session->allow(settings_.request_time);
    std::unique_lock lock(mutex_);
    bool full = sessions_.size() >= settings_.max_connections;
    if (!full) sessions_.insert(session);
    lock.unlock();
    if (full) {
      http::write(session->socket, message_of(refusal(503, "too many connections"), 11, false), ignored);
    } else {
      asio::co_spawn(io_, serve(*session), [this, session](std::exception_ptr) { end(session); });
    }
  }

  void end(const std::shared_ptr<ServerSession>& session) {
    std::lock_guard lock(mutex_);
    sessions_.erase(session);
    if (sessions_.empty()) emptied_.notify_all();
  }

  // One timer for all connections: one for each would cost every request more than parsing it. A connection past its deadline is shut down, which ends
  // what its coroutine waits for.
  awaitable<void> sweep_now_and_then() {
    for (asio::steady_timer timer(io_);;) {
      timer.expires_after(std::chrono::milliseconds(100));
      co_await timer.async_wait(use_awaitable);
      sweep();
    }
  }

  void sweep() {
    auto now = Clock::now();
    std::lock_guard lock(mutex_);
    for (const auto& session : sessions_) {
      if (now >= session->deadline.load() || (stopping_ && session->idle)) ::shutdown(session->socket.native_handle(), SHUT_RDWR);
    }
  }

  // Ends by an exception when the client is gone or too slow.
  awaitable<void> serve(ServerSession& session) {
    for (bool again = true; again;) {
      if (session.buffer.size() == 0) {
        session.idle = true;
        // In a variable: GCC 12 makes code that crashes of a co_await among the arguments of a call.
        size_t size = co_await session.socket.async_read_some(session.buffer.prepare(4 << 10), use_awaitable);
        session.buffer.commit(size);
        session.idle = false;
      }
      session.allow(settings_.request_time);
      again = co_await answer_one(session);
    }
    co_await drain(session);
  }

  // False: that was the last on this connection.
  awaitable<bool> answer_one(ServerSession& session) {
    RequestParser parser;
    parser.header_limit(settings_.max_header);
    parser.body_limit(settings_.max_body);
    error_code error = co_await read(session, parser);
    auto& message = parser.get();
    bool sound = !error && is_sound(message);
    if (error && status_of(error) == 0) throw beast::system_error(error);
    bool head = message.method() == http::verb::head;
    session.deadline = Clock::time_point::max();
    Response response = sound ? handle(message, head) : refusal_of(error ? status_of(error) : 400);
    bool keep_alive = sound && message.keep_alive() && !stopping_;
    auto answer = message_of(std::move(response), sound ? message.version() : 11, keep_alive);
    if (head) answer.body().clear();  // its length stays in the header
    session.allow(settings_.request_time);
    co_await write(session, std::move(answer));
    session.allow(settings_.idle_time);
    co_return keep_alive;
  }

  Response handle(http::request<http::string_body>& message, bool head) {
    Request request{head ? "GET" : std::string(message.method_string()), message.target(), {}, std::move(message.body())};
    for (const auto& field : message) request.headers.add(field.name_string(), field.value());
    try {
      return handler_(request);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s %s: %s\n", request.method.c_str(), request.target.c_str(), error.what());
      return refusal(500, "internal error");
    }
  }

  const ServerSettings settings_;
  const Handler handler_;
  asio::io_context io_;
  tcp::acceptor acceptor_{io_};
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // of sessions_
  std::condition_variable emptied_;
  std::set<std::shared_ptr<ServerSession>> sessions_;
};

HttpServer::HttpServer(ServerSettings settings, Handler handler) : state_(std::make_unique<State>(settings, std::move(handler))) {}
HttpServer::~HttpServer() { stop(); }
void HttpServer::start() { state_->start(); }
void HttpServer::stop() { state_->stop(); }
uint16_t HttpServer::port() const { return state_->port(); }

}  // namespace shop
