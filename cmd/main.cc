// Global flags, then one verb. The only place that catches everything.
#include <exception>
#include <string>

#include "cmd/global.h"
#include "cmd/verb.h"

int main(int argc, char** argv) {
  using namespace mini::cmd;
  std::string name;
  try {
    Global global = parse_global(argc, argv);
    if (global.done) return 0;
    Match match = find_verb(global.args);
    name = match.name;
    Args rest(global.args.begin() + static_cast<ptrdiff_t>(match.words), global.args.end());
    return match.verb->run(global.session, rest);
  } catch (const std::exception& error) {
    print_error(error);
    return exit_code_for(error, name);
  }
}
