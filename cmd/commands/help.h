// `mini`, `mini --help` and `mini <group>`: the commands with their summaries, from the table in
// command_table.cc. On standard output.
#pragma once

#include <string>

namespace mini::cmd {

void print_overview();
void print_group(const std::string& group);  // "image": its commands in noun form

}  // namespace mini::cmd
