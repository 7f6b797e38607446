// Shows how layers come and go, on standard error: on a terminal one line with a bar for each,
// redrawn at most ten times a second; otherwise one line for each change of state, as Docker
// writes them. Quiet: only notes of what went wrong.
#pragma once

#include <memory>

#include "runtime/registry/distribution/pull.h"

namespace mini::cmd {

enum class Direction { pull, push };

std::unique_ptr<registry::TransferSink> make_transfer_progress(Direction direction, bool quiet);

}  // namespace mini::cmd
