// The HTTP face: Zipkin's v2 API, its health, info and metrics, and the page, on a server of cpp-httplib.
//
// Status codes, shapes and defaults are Zipkin's: 202 for spans, 400 with a reason for what is wrong, 404 for what is not
// there, also below /zipkin/api/v2. Bounds are its own: 4 MiB a message (413), unpacked as well; 503 when spans come
// faster than they can be written; 16 MiB an answer, with the header `X-Truncated: true` when traces were left out.
// No other origin may use it: there are no CORS headers, and the page has a strict content security policy.
#pragma once

#include <string>

#include "src/intake.h"
#include "src/reader_pool.h"
#include "src/settings.h"

namespace httplib {
class Server;
}

namespace tracing {

constexpr size_t kMaxBody = 4 * 1024 * 1024;
constexpr size_t kMaxAnswer = 16 * 1024 * 1024;

struct Parts {
  Intake& intake;
  ReaderPool& readers;
  const Settings& settings;
};

// Adds all routes and limits; `parts` must outlive the server.
void mount(httplib::Server& server, Parts parts);

}  // namespace tracing
