// Shows a build's events on standard error: plain (a line each, for logs), tty (a picture that is
// redrawn), json (an object each), quiet (nothing, but the output of a step that failed). `auto` is
// tty on a terminal, else plain. Everything that came from outside goes through printable().
#pragma once

#include <memory>
#include <string>

#include "builder/build/event/event.h"

namespace mini::cmd {

// `explain`: say for each step why it ran or was cached (plain always does). Throws Error (usage)
// for an unknown mode.
std::unique_ptr<build::EventSink> make_progress(const std::string& mode, bool explain);

}  // namespace mini::cmd
