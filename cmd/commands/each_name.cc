#include <cstdio>
#include <exception>

#include "cmd/commands/commands.h"
#include "cmd/output/listing.h"

namespace mini::cmd {

int for_each_name(const std::vector<std::string>& names,
                  const std::function<std::string(const std::string&)>& act) {
  int failed = 0;
  for (const std::string& name : names) {
    // One that fails must not keep the others from their turn: told here, and in the exit code.
    try {
      const std::string result = act(name);
      if (!result.empty()) put(result + "\n");
    } catch (const std::exception& error) {
      print_error(error);
      failed = 1;
    }
  }
  return failed;
}

}  // namespace mini::cmd
