// One repository at one endpoint (distribution specification): sends requests with what the
// registry wants to know about the caller, follows redirects, tries again what may go better the
// next time. Decides what must not happen: credentials go to the endpoint's own origin only, a
// redirect from https to http is refused, answers are bounded. Transports come from a pool that all
// clients of an operation share. Safe to use from several threads.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/registry/http/auth.h"
#include "runtime/registry/http/proxy.h"
#include "runtime/registry/http/retry.h"
#include "runtime/registry/http/settings.h"
#include "runtime/registry/http/transport.h"

namespace mini::registry {

// Transports that are idle, so that a connection serves several requests.
class TransportPool {
 public:
  explicit TransportPool(int timeout_ms) : timeout_ms_(timeout_ms) {}
  std::unique_ptr<Transport> take();
  void give_back(std::unique_ptr<Transport> transport);

 private:
  const int timeout_ms_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Transport>> idle_;
};

// A response whose body is read piece by piece.
class Response {
 public:
  Response(TransportPool& pool, std::unique_ptr<Transport> transport, ResponseHead answer, Url url)
      : head(std::move(answer)),
        from(std::move(url)),
        pool_(pool),
        transport_(std::move(transport)) {}
  Response(Response&&) = default;
  ~Response();

  std::string_view read() { return transport_->read(); }
  // The whole body; throws when it is longer than `limit`.
  std::string rest(size_t limit);

  ResponseHead head;
  Url from;  // where it came from at last

 private:
  TransportPool& pool_;
  std::unique_ptr<Transport> transport_;
};

// A status that is not what was asked for. 404 is not_found.
class StatusError : public Error {
 public:
  StatusError(int status, const std::string& message, std::string hint, ErrorKind kind,
              std::string retry_after)
      : Error(message, std::move(hint), kind),
        status_(status),
        retry_after_(std::move(retry_after)) {}
  int status() const { return status_; }
  const std::string& retry_after() const { return retry_after_; }

 private:
  int status_;
  std::string retry_after_;
};

struct Call {
  std::string method = "GET";
  std::string path;        // below /v2/: "library/x/manifests/latest"; or
  std::optional<Url> url;  // a place that the registry named
  std::vector<std::string> headers;
  std::string scope;  // "repository:library/x:pull"
  std::optional<uint64_t> body_size;
  // Makes the body's reader, again each time the request is sent.
  std::function<std::function<size_t(char*, size_t)>()> body;
};

class Client {
 public:
  Client(const Endpoint& endpoint, const Settings& settings, TransportPool& pool,
         Credential credential);

  // Sends once, after answering challenges and following redirects of GET and HEAD.
  Response send(const Call& call);
  // The same, tried again while the plan says so; any status in `expected` is returned, others
  // throw StatusError.
  Response ask(const Call& call, std::initializer_list<int> expected, const std::string& what);

  // "docker.io", or "mirror https://…" for errors.
  std::string name() const;
  const Endpoint& endpoint() const { return endpoint_; }
  const Settings& settings() const { return settings_; }

  // Throws what a status means.
  [[noreturn]] void refuse(Response& response, const std::string& what) const;

 private:
  Url base();
  Url place(const Call& call);
  Request request(const Call& call, const Url& url, const std::string& authorization) const;
  Response once(const Request& request);
  Response redirected(Response response, const Call& call);

  const Endpoint endpoint_;
  const Settings& settings_;
  TransportPool& pool_;
  const std::string authorities_;
  const Environment environment_;
  Authority authority_;
  std::mutex mutex_;
  std::optional<Url> base_;
};

// After a failure: waits as the plan says, and is false when the plan has ended or the failure is
// one that stays.
bool wait_to_retry(RetryPlan& plan, const Error& error);

}  // namespace mini::registry
