// `mini`, `mini --help` and `mini <group>`: the verbs with their summaries, from the table in
// verbs.cc. On standard output.
#pragma once

#include <string>

namespace mini::cmd {

void print_overview();
void print_group(const std::string& group);  // "image": its verbs in noun form

}  // namespace mini::cmd
