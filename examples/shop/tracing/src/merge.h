// Zipkin's clean-up of a trace: spans that were sent in pieces become one, and the server's side of a call that shares
// the client's span id is marked `shared` and gets the parent that it was not told.
//
// The result is sorted by id, the client before the server. The longest trace id wins. Pure.
#pragma once

#include "src/span.h"

namespace tracing {

Trace merged(Trace spans);

}  // namespace tracing
