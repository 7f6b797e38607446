// `--debug`: what mini does, one line each on standard error, with milliseconds since the start.
// Off by default, and then free of cost: debug(...) builds no text. Nothing else in runtime/ and
// builder/ prints.
#pragma once

#include "runtime/base/text.h"

namespace mini {

void set_debug(bool on);
bool debug_enabled();
void write_debug(const std::string& line);

template <class... Parts>
void debug(const Parts&... parts) {
  if (debug_enabled()) write_debug(cat(parts...));
}

// "warning: <line>" on standard error, once per process and text: what cannot be done here and what
// follows from it.
void warn_once(const std::string& line);

}  // namespace mini
