// The flags before the command: --root, --run-root, --config, --debug, --help, --version, and what
// they default to. `mini-runc` as the program's name means `mini oci`.
#pragma once

#include "cmd/commands/command.h"

namespace mini::cmd {

struct Global {
  Session session;
  Args args;          // from the command on
  bool done = false;  // --help or --version was answered
};

Global parse_global(int argc, char** argv);

}  // namespace mini::cmd
