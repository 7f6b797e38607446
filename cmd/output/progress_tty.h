// The picture of a build on a terminal: a head line with time and count, a line a step, and below a
// running step the last six lines of its output, dim. Redrawn in place at events and ten times a
// second; NO_COLOR is respected. When a step fails, its whole output stays on the screen.
#pragma once

#include <memory>

#include "builder/build/event/event.h"

namespace mini::cmd {

std::unique_ptr<build::EventSink> make_tty_progress(bool explain);

}  // namespace mini::cmd
