// What `main` knows of the commands: a table of names and functions. A command turns flags into
// options, makes one call into builder/ or runtime/ and prints the result; it returns the exit
// code. Plain and noun forms are names of the same command ("ps", "container ls").
#pragma once

#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "cmd/flags/session.h"

namespace mini::cmd {

struct Command {
  const char* names;  // "ps|container ls|container ps|container list"
  const char* group;  // heading in `mini --help`; empty: not listed
  const char* summary;
  int (*run)(const Session& session, const Args& args);
};

// All commands, in the order of `mini --help`.
std::span<const Command> commands();

struct Match {
  const Command* command = nullptr;
  std::string name;  // as it was written: "container ls"
  size_t words = 0;  // how many of `args` the name took
};
// Throws Error (usage) with "did you mean".
Match find_command(const Args& args);

// Exit code for an error that leaves a command: CONVENTIONS "Exit codes".
int exit_code_for(const std::exception& error, std::string_view command);
// "mini: <what>" and the cure, on standard error.
void print_error(const std::exception& error);

}  // namespace mini::cmd
