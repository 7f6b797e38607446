#include "cmd/commands/help.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "cmd/commands/verb.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

void print_line(const std::string& name, const char* summary) {
  std::printf("  %-20s %s\n", name.c_str(), summary);
}

}  // namespace

void print_overview() {
  std::printf(
      "Usage: mini [--root DIR] [--run-root DIR] [--config FILE] [--debug] VERB [flags] "
      "[arguments]\n\n"
      "Builds images from Dockerfiles and runs them in containers, without a daemon.\n");
  std::string heading;
  for (const Verb& verb : verbs()) {
    if (!*verb.group) continue;
    if (heading != verb.group) {
      heading = verb.group;
      std::printf("\n%s\n", verb.group);
    }
    print_line(split(verb.names, '|').front(), verb.summary);
  }
  std::printf("\n`mini VERB --help` tells a verb's flags.\n");
}

void print_group(const std::string& group) {
  std::printf("Usage: mini %s VERB\n\n", group.c_str());
  for (const Verb& verb : verbs())
    for (const std::string& name : split(verb.names, '|'))
      if (name.starts_with(group + " ")) {
        print_line(name.substr(group.size() + 1), verb.summary);
        break;
      }
}

}  // namespace mini::cmd
