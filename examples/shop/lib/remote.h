// Another service, as this one calls it: a CLIENT span with B3 headers around every call, a time limit, and a circuit breaker if it is given one.
// call() never throws and never takes longer than the limit: an answer of 5xx, none in time, or a refusal by the breaker is a failure, with the reason.
// The breaker's changes of state are logged and tagged on the span at hand.
#pragma once
#include <memory>
#include <optional>

#include "lib/circuit_breaker.h"
#include "lib/http_client.h"
#include "lib/trace.h"

namespace shop {

class Remote {
 public:
  struct Answer {
    bool ok = false;
    bool timed_out = false;
    Response response;  // status 0: none came
    std::string why;    // of a failure
  };

  Remote(std::string service, const std::string& url, std::chrono::milliseconds limit,
         std::optional<BreakerSettings> breaker = std::nullopt);
  Answer call(Request request);
  const CircuitBreaker* breaker() const { return breaker_.get(); }
  const std::string& service() const { return service_; }

 private:
  Answer exchange(Request& request);

  const std::string service_;
  HttpClient client_;
  const std::chrono::milliseconds limit_;
  std::unique_ptr<CircuitBreaker> breaker_;
};

}  // namespace shop
