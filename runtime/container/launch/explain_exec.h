// Why a command could not be executed, in a sentence: not found, not executable, a missing
// interpreter or loader, Windows line ends, another architecture. Pure: works from the errno and
// the file's first bytes, which the launcher sent.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace mini::container {

// `exists`: ENOEXEC stands for an ENOENT about a file that is there.
Error explain_exec(const std::string& command, int error, std::string_view head, bool exists);

}  // namespace mini::container
