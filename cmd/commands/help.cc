#include "cmd/commands/help.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "cmd/commands/command.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

void print_line(const std::string& name, const char* summary) {
  std::printf("  %-20s %s\n", name.c_str(), summary);
}

}  // namespace

void print_overview() {
  std::printf(
      "Usage: mini [--root DIR] [--run-root DIR] [--config FILE] [--debug] COMMAND [flags] "
      "[arguments]\n\n"
      "Builds images from Dockerfiles and runs them in containers, without a daemon.\n");
  std::string heading;
  for (const Command& command : commands()) {
    if (!*command.group) continue;
    if (heading != command.group) {
      heading = command.group;
      std::printf("\n%s\n", command.group);
    }
    print_line(split(command.names, '|').front(), command.summary);
  }
  std::printf("\n`mini COMMAND --help` shows the flags of a command.\n");
}

void print_group(const std::string& group) {
  std::printf("Usage: mini %s COMMAND\n\nCommands:\n", group.c_str());
  for (const Command& command : commands())
    for (const std::string& name : split(command.names, '|'))
      if (name.starts_with(group + " ")) {
        print_line(name.substr(group.size() + 1), command.summary);
        break;
      }
  std::printf("\n`mini %s COMMAND --help` shows the flags of a command.\n", group.c_str());
}

}  // namespace mini::cmd
