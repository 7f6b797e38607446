// Who calls whom: the links that Zipkin's dependency view shows, counted from whole traces.
//
// The rules are Zipkin's. A link is counted at the server's span, so the two halves of a call count once; a client's
// span counts only where nothing follows it (the called service is not traced); a message counts once for each side that
// names the broker; spans without a kind count when they name both sides. A call failed when the span that is counted has
// a tag `error`, or the client's span above it that has an id of its own. Pure; not thread-safe.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "src/span.h"

namespace tracing {

struct Calls {
  int64_t count = 0, errors = 0;
  bool operator==(const Calls&) const = default;
};

class Dependencies {
 public:
  // All spans that have one trace id, merged or not.
  void add(Trace spans);

  // (caller, called) -> calls.
  const std::map<std::pair<std::string, std::string>, Calls>& links() const { return links_; }
  std::string to_json() const;

 private:
  void count(const std::string& parent, const std::string& child, bool error);

  std::map<std::pair<std::string, std::string>, Calls> links_;
  friend class Linker;
};

}  // namespace tracing
