#include "runtime/registry/http/client.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr int kRedirects = 5;
constexpr size_t kSmallAnswer = 64 << 10;
constexpr size_t kLongestReason = 300;

// "CODE: message" of a registry's error document; empty for anything else, a page of HTML say.
std::string reason_of(Response& response) {
  try {
    const Json document = parse_json(response.rest(kSmallAnswer), "answer");
    const JsonView view(document, "answer");
    const std::vector<JsonView> errors = view.at("errors").items();
    if (errors.empty()) return {};
    std::string text = errors[0].string_or("message");
    if (text.empty()) text = errors[0].string_or("code");
    return printable(text.substr(0, kLongestReason));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::unique_ptr<Transport> TransportPool::take() {
  {
    const std::lock_guard guard(mutex_);
    if (!idle_.empty()) {
      auto transport = std::move(idle_.back());
      idle_.pop_back();
      return transport;
    }
  }
  return std::make_unique<Transport>(timeout_ms_);
}

void TransportPool::give_back(std::unique_ptr<Transport> transport) {
  const std::lock_guard guard(mutex_);
  idle_.push_back(std::move(transport));
}

Response::~Response() {
  // One that was left in the middle of a body ends here.
  if (transport_ && transport_->idle()) pool_.give_back(std::move(transport_));
}

std::string Response::rest(size_t limit) {
  std::string body;
  for (std::string_view piece = read(); !piece.empty(); piece = read()) {
    body += piece;
    if (body.size() > limit)
      throw Error(cat(from.authority(), ": replied with more than ", limit, " bytes"));
  }
  return body;
}

Client::Client(const Endpoint& endpoint, const Settings& settings, TransportPool& pool,
               Credential credential)
    : endpoint_(endpoint),
      settings_(settings),
      pool_(pool),
      authorities_(read_authorities(endpoint.ca_directory)),
      environment_(process_environment()),
      authority_(endpoint, std::move(credential), [this](const Request& request) {
        Request own = request;
        own.headers.push_back("User-Agent: mini/" MINI_VERSION);
        own.authorities = authorities_;
        own.proxy = proxy_for(own.url, environment_);
        Response response = once(own);
        return std::pair(response.head.status, response.rest(kSmallAnswer * 4));
      }) {}

std::string Client::name() const {
  return endpoint_.mirror ? cat("mirror ", endpoint_.base.origin())
                          : cat("registry ", endpoint_.credentials);
}

// Plain HTTP only where it was allowed, and where TLS is not spoken.
Url Client::base() {
  const std::lock_guard guard(mutex_);
  if (base_) return *base_;
  if (!endpoint_.may_be_plain) return *(base_ = endpoint_.base);
  Request probe;
  probe.url = endpoint_.base.with_path("/v2/");
  probe.authorities = authorities_;
  probe.proxy = proxy_for(probe.url, environment_);
  try {
    once(probe).rest(kSmallAnswer);
    base_ = endpoint_.base;
  } catch (const TransportError& error) {
    // A proxy has its own message for a port where nothing listens.
    const bool by_proxy = !probe.proxy.empty() && error.cause() == TransportError::Cause::network;
    if (error.cause() != TransportError::Cause::no_tls &&
        error.cause() != TransportError::Cause::unreachable && !by_proxy)
      throw;
    debug(name(), ": no TLS (", error.what(), "), plain HTTP");
    base_ = Url::parse(cat("http://", endpoint_.credentials));
  }
  return *base_;
}

Url Client::place(const Call& call) {
  if (call.url) return *call.url;
  const Url start = base();
  std::string_view prefix = start.path;
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return start.with_path(cat(prefix, "/v2/", call.path));
}

Request Client::request(const Call& call, const Url& url, const std::string& authorization) const {
  Request request;
  request.method = call.method;
  request.url = url;
  request.headers = call.headers;
  request.headers.push_back("User-Agent: mini/" MINI_VERSION);
  if (!authorization.empty()) request.headers.push_back(cat("Authorization: ", authorization));
  request.authorities = authorities_;
  request.proxy = proxy_for(url, environment_);
  request.body_size = call.body_size;
  if (call.body) request.body = call.body();
  return request;
}

Response Client::once(const Request& request) {
  std::unique_ptr<Transport> transport = pool_.take();
  debug(request.method, " ", request.url.origin(), request.url.path);
  ResponseHead head = transport->start(request);
  return Response(pool_, std::move(transport), std::move(head), request.url);
}

Response Client::send(const Call& call) {
  const Url url = place(call);
  const bool own = url.origin() == base().origin();
  constexpr int kAnswers = 2;  // an expired token, then a password that is wrong
  for (int answers = 0;; ++answers) {
    const std::string authorization = own ? authority_.header(call.scope) : std::string();
    Response response = once(request(call, url, authorization));
    if (response.head.status == 401 && own && answers < kAnswers) {
      const ResponseHead head = response.head;
      response.rest(kSmallAnswer);
      if (authority_.answer(url, head, call.scope, authorization)) continue;
      throw Error(cat(name(), authority_.has_password() ? ": refused the password"
                                                        : ": requires a password"),
                  cat("`mini login ", endpoint_.credentials, "`"));
    }
    const bool reading = call.method == "GET" || call.method == "HEAD";
    if (!response.head.is_redirect() || !reading) return response;
    return redirected(std::move(response), call);
  }
}

// Credentials go along only while it stays at the registry's own origin.
Response Client::redirected(Response response, const Call& call) {
  std::optional<Response> current(std::move(response));
  for (int hop = 0; hop < kRedirects; ++hop) {
    const Url from = current->from;
    const Url to = with_context(cat(name(), ": a redirect"),
                                [&] { return from.resolve(current->head.header("location")); });
    if (from.scheme == "https" && to.scheme != "https")
      throw Error(cat(name(), ": redirects to ", to.origin(), ", which is not encrypted"));
    current->rest(kSmallAnswer);
    const bool home = to.origin() == base().origin();
    Response next = once(request(call, to, home ? authority_.header(call.scope) : std::string()));
    if (!next.head.is_redirect()) return next;
    current.emplace(std::move(next));
  }
  throw Error(cat(name(), ": redirects more than ", kRedirects, " times"));
}

Response Client::ask(const Call& call, std::initializer_list<int> expected,
                     const std::string& what) {
  RetryPlan plan(settings_.attempts, settings_.retry_delay_ms);
  for (;;) {
    try {
      Response response = send(call);
      const int status = response.head.status;
      if (std::find(expected.begin(), expected.end(), status) != expected.end()) return response;
      refuse(response, what);
    } catch (const Error& error) {
      if (!wait_to_retry(plan, error)) throw;
    }
  }
}

void Client::refuse(Response& response, const std::string& what) const {
  const int status = response.head.status;
  const std::string reason = reason_of(response);
  std::string message = cat(name(), ": ", what, ": ");
  std::string hint;
  ErrorKind kind = ErrorKind::failed;
  if (status == 404) {
    message += reason.empty() ? "not found" : cat("not found: ", reason);
    kind = ErrorKind::not_found;
  } else if (status == 401 || status == 403) {
    message += cat("access denied", reason.empty() ? "" : ": ", reason);
    hint = cat("`mini login ", endpoint_.credentials, "`, or the repository does not exist");
  } else {
    message += cat("HTTP status ", status, reason.empty() ? "" : ": ", reason);
    if (status == 429) hint = "rate limit reached: try again later, or log in";
  }
  throw StatusError(status, message, hint, kind, response.head.header("retry-after"));
}

bool wait_to_retry(RetryPlan& plan, const Error& error) {
  std::string retry_after;
  if (const auto* status = dynamic_cast<const StatusError*>(&error)) {
    if (!RetryPlan::is_worthwhile(status->status())) return false;
    retry_after = status->retry_after();
  } else if (const auto* transport = dynamic_cast<const TransportError*>(&error)) {
    if (transport->cause() == TransportError::Cause::lasting ||
        transport->cause() == TransportError::Cause::no_tls)
      return false;
  } else {
    return false;
  }
  const auto delay = plan.next(retry_after);
  if (!delay) return false;
  debug(error.what(), "; again in ", *delay, " ms");
  std::this_thread::sleep_for(std::chrono::milliseconds(*delay));
  return true;
}

}  // namespace mini::registry
