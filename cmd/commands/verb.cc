#include "cmd/commands/verb.h"

#include <algorithm>
#include <cstdio>
#include <new>

#include "builder/dockerfile/source.h"
#include "cmd/commands/help.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

const Verb* lookup(const std::string& name) {
  for (const Verb& verb : verbs())
    for (const std::string& known : split(verb.names, '|'))
      if (known == name) return &verb;
  return nullptr;
}

bool is_group(const std::string& word) {
  for (const Verb& verb : verbs())
    for (const std::string& name : split(verb.names, '|'))
      if (name.starts_with(word + " ")) return true;
  return false;
}

[[noreturn]] void unknown_verb(const std::string& name) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs())
    for (std::string& known : split(verb.names, '|')) names.push_back(std::move(known));
  std::vector<std::string_view> candidates(names.begin(), names.end());
  auto near = did_you_mean(name, candidates);
  throw Error(cat("unknown verb: ", printable(name)),
              near ? cat("did you mean `mini ", *near, "`?") : "see `mini --help`",
              ErrorKind::usage);
}

int show_group(const Session&, const Args& args) {
  print_group(args.front());
  return 0;
}

}  // namespace

Match find_verb(const Args& args) {
  if (args.size() >= 2) {
    const std::string both = cat(args[0], " ", args[1]);
    if (const Verb* verb = lookup(both)) return {verb, both, 2};
  }
  if (const Verb* verb = lookup(args[0])) return {verb, args[0], 1};
  if (is_group(args[0])) {
    static const Verb group{"", "", "", show_group};
    if (args.size() == 1 || args[1] == "--help") return {&group, args[0], 0};
    unknown_verb(cat(args[0], " ", args[1]));
  }
  unknown_verb(args[0]);
}

int exit_code_for(const std::exception& error, std::string_view verb) {
  const auto* known = dynamic_cast<const Error*>(&error);
  const ErrorKind kind = known ? known->kind() : ErrorKind::failed;
  if (kind == ErrorKind::not_executable) return 126;
  if (kind == ErrorKind::no_command) return 127;
  if (kind == ErrorKind::usage || verb.empty()) return 125;
  return verb == "run" || verb == "container run" ? 125 : 1;
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
