#include "cmd/commands/command.h"

#include <algorithm>
#include <cstdio>
#include <new>

#include "builder/dockerfile/source.h"
#include "cmd/commands/help.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

const Command* lookup(const std::string& name) {
  for (const Command& command : commands())
    for (const std::string& known : split(command.names, '|'))
      if (known == name) return &command;
  return nullptr;
}

bool is_group(const std::string& word) {
  for (const Command& command : commands())
    for (const std::string& name : split(command.names, '|'))
      if (name.starts_with(word + " ")) return true;
  return false;
}

[[noreturn]] void unknown_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : commands())
    for (std::string& known : split(command.names, '|')) names.push_back(std::move(known));
  std::vector<std::string_view> candidates(names.begin(), names.end());
  auto near = did_you_mean(name, candidates);
  throw Error(cat("unknown command: ", printable(name)),
              near ? cat("did you mean `mini ", *near, "`?") : "see `mini --help`",
              ErrorKind::usage);
}

int show_group(const Session&, const Args& args) {
  print_group(args.front());
  return 0;
}

}  // namespace

Match find_command(const Args& args) {
  if (args.size() >= 2) {
    const std::string both = cat(args[0], " ", args[1]);
    if (const Command* command = lookup(both)) return {command, both, 2};
  }
  if (const Command* command = lookup(args[0])) return {command, args[0], 1};
  if (is_group(args[0])) {
    static const Command group{"", "", "", show_group};
    if (args.size() == 1 || args[1] == "--help") return {&group, args[0], 0};
    unknown_command(cat(args[0], " ", args[1]));
  }
  unknown_command(args[0]);
}

int exit_code_for(const std::exception& error, std::string_view command) {
  const auto* known = dynamic_cast<const Error*>(&error);
  const ErrorKind kind = known ? known->kind() : ErrorKind::failed;
  if (kind == ErrorKind::not_executable) return 126;
  if (kind == ErrorKind::no_command) return 127;
  if (kind == ErrorKind::usage || command.empty()) return 125;
  return command == "run" || command == "container run" ? 125 : 1;
}

void print_error(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) {
    std::fputs("mini: out of memory\n", stderr);
    return;
  }
  std::fprintf(stderr, "mini: %s\n", error.what());
  if (const auto* source = dynamic_cast<const dockerfile::DockerfileError*>(&error))
    std::fputs(source->excerpt().c_str(), stderr);
  const auto* known = dynamic_cast<const Error*>(&error);
  if (known && !known->hint().empty()) std::fprintf(stderr, "  %s\n", known->hint().c_str());
}

}  // namespace mini::cmd
