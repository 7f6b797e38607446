#include "cmd/commands/command.h"

#include <algorithm>
#include <cstdio>
#include <new>
#include <optional>

#include "builder/dockerfile/source.h"
#include "cmd/commands/commands.h"
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

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const Command& command : commands())
    if (*command.group)
      for (std::string& name : split(command.names, '|')) names.push_back(std::move(name));
  return names;
}

std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return did_you_mean(word, candidates);
}

// "contianer ls": each word by itself, for the whole of it would be near to too much.
std::optional<std::string> suggestion(const Args& args) {
  std::vector<std::string> first, second;
  for (const std::string& name : all_names()) first.push_back(name.substr(0, name.find(' ')));
  const auto group = is_group(args[0]) ? args[0] : nearest(args[0], first);
  if (!group || !is_group(*group) || args.size() < 2)
    return is_group(args[0]) ? std::nullopt : group;
  for (const std::string& name : all_names())
    if (name.starts_with(*group + " ")) second.push_back(name.substr(group->size() + 1));
  const auto word = nearest(args[1], second);
  return word ? std::optional(cat(*group, ' ', *word)) : std::nullopt;
}

[[noreturn]] void unknown_command(const Args& args) {
  const bool in_group = is_group(args[0]);
  const auto near = suggestion(args);
  throw Error(cat("unknown command: ", printable(in_group ? cat(args[0], ' ', args[1]) : args[0])),
              near ? cat("did you mean `mini ", *near, "`?")
                   : cat("see `mini ", in_group ? args[0] + " " : "", "--help`"),
              ErrorKind::arguments);
}

bool asks_for_help(const std::string& word) {
  return word == "--help" || word == "-h" || word == "help";
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
    if (args.size() == 1 || asks_for_help(args[1])) return {&group, args[0], 0};
    if (args[1].starts_with('-'))
      throw Error(cat("unknown flag: ", printable(args[1])), cat("see `mini ", args[0], " --help`"),
                  ErrorKind::bad_flag);
  }
  unknown_command(args);
}

int help(const Session& session, const Args& args) {
  if (args.empty() || asks_for_help(args[0])) {
    print_overview();
    return 0;
  }
  const Match match = find_command(args);
  if (match.words == 0) return match.command->run(session, args);
  Args rest(args.begin() + static_cast<ptrdiff_t>(match.words), args.end());
  // `oci` has commands of its own.
  if (match.name == "oci" && !rest.empty()) return match.command->run(session, {rest[0], "--help"});
  return match.command->run(session, {"--help"});
}

int exit_code_for(const std::exception& error, std::string_view command) {
  const auto* known = dynamic_cast<const Error*>(&error);
  const ErrorKind kind = known ? known->kind() : ErrorKind::failed;
  if (kind == ErrorKind::not_executable) return 126;
  if (kind == ErrorKind::no_command) return 127;
  if (kind == ErrorKind::arguments) return 1;
  if (kind == ErrorKind::bad_template) return 64;
  if (kind == ErrorKind::bad_flag || command.empty()) return 125;
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
