// Global flags, then one command. The only place that catches everything.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <string>

#include "cmd/commands/command.h"
#include "cmd/commands/global.h"
#include "runtime/base/log.h"

namespace {

// A descriptor that the caller left closed would be the next file that mini opens, and then be
// printed to.
void open_standard_streams() {
  for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = open("/dev/null", O_RDWR))
    if (fd > 2) {
      close(fd);
      break;
    }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mini::cmd;
  using mini::debug;
  open_standard_streams();
  umask(022);
  std::string name;
  try {
    Global global = parse_global(argc, argv);
    if (global.done) return 0;
    Match match = find_command(global.args);
    name = match.name;
    debug(name, ": store ", global.session.paths.root, ", state ", global.session.paths.run);
    Args rest(global.args.begin() + static_cast<ptrdiff_t>(match.words), global.args.end());
    return match.command->run(global.session, rest);
  } catch (const std::exception& error) {
    print_error(error);
    return exit_code_for(error, name);
  }
}
