#include "cmd/commands/global.h"

#include <limits.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cmd/commands/help.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

std::string absolute(const std::string& path) {
  if (path.starts_with('/')) return path;
  char here[PATH_MAX];
  if (!getcwd(here, sizeof here)) throw SysError("current directory");
  return cat(here, '/', path);
}

std::string from_environment(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

std::string default_root() {
  if (geteuid() == 0) return "/var/lib/mini";
  const std::string data = from_environment("XDG_DATA_HOME");
  return data.empty() ? cat(from_environment("HOME"), "/.local/share/mini") : cat(data, "/mini");
}

std::string default_run_root() {
  if (geteuid() == 0) return "/run/mini";
  const std::string runtime = from_environment("XDG_RUNTIME_DIR");
  return runtime.empty() ? cat("/tmp/mini-", geteuid()) : cat(runtime, "/mini");
}

std::string first_of(const std::string& flag, const char* variable, std::string (*fallback)()) {
  if (!flag.empty()) return absolute(flag);
  const std::string value = from_environment(variable);
  return absolute(value.empty() ? fallback() : value);
}

// clone3 into a cgroup, openat2 and mount_setattr are used without an older way beside them.
void require_kernel(unsigned major, unsigned minor) {
  utsname name{};
  unsigned have_major = 0, have_minor = 0;
  if (uname(&name) != 0 || sscanf(name.release, "%u.%u", &have_major, &have_minor) != 2) return;
  if (have_major > major || (have_major == major && have_minor >= minor)) return;
  throw Error(cat("kernel ", name.release, ": too old"),
              cat("mini needs Linux ", major, ".", minor, " or newer"));
}

// Until mini supports user namespaces of its own, most of what it does would fail with an errno
// that explains nothing.
void require_root(const Args& args) {
  if (geteuid() == 0 || args[0] == "version" || args[0] == "oci" || args[0] == "help") return;
  const size_t words = std::min<size_t>(args.size(), 3);
  if (std::find(args.begin(), args.begin() + static_cast<ptrdiff_t>(words), "--help") !=
      args.begin() + static_cast<ptrdiff_t>(words))
    return;
  throw Error("mini needs root: rootless mode is not supported yet", "run it with sudo");
}

struct Raw {
  std::string root, run_root, config;
  bool debug = false, help = false, version = false;
};

// One flag at args[index]; returns the index after it.
int read_flag(Raw& raw, int argc, char** argv, int index) {
  const std::string word = argv[index];
  const size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  if (name == "--root" || name == "--run-root" || name == "--config") {
    std::string& out = name == "--root" ? raw.root : name == "--config" ? raw.config : raw.run_root;
    if (equals != std::string::npos) {
      out = word.substr(equals + 1);
      return index + 1;
    }
    if (index + 1 >= argc)
      throw Error(cat("flag ", name, ": needs a path"), "", ErrorKind::bad_flag);
    out = argv[index + 1];
    return index + 2;
  }
  if (word == "--debug" || word == "-D") {
    raw.debug = true;
  } else if (word == "--help" || word == "-h") {
    raw.help = true;
  } else if (word == "--version" || word == "-v") {
    raw.version = true;
  } else {
    constexpr std::string_view known[] = {"--root",  "--run-root", "--config",
                                          "--debug", "--help",     "--version"};
    auto near = did_you_mean(name, known);
    throw Error(cat("unknown flag: ", printable(word)),
                near ? cat("did you mean ", *near, "?")
                     : "global flags are --root, --run-root, --config, --debug, --help, --version",
                ErrorKind::bad_flag);
  }
  return index + 1;
}

bool is_runc_name(std::string_view program) {
  return program.substr(program.rfind('/') + 1) == "mini-runc";
}

}  // namespace

Global parse_global(int argc, char** argv) {
  Global global;
  global.session.program = argc > 0 ? argv[0] : "mini";
  Raw raw;
  int index = 1;
  if (is_runc_name(global.session.program)) {
    global.args.push_back("oci");  // its own global flags follow
  } else {
    while (index < argc && argv[index][0] == '-') index = read_flag(raw, argc, argv, index);
  }
  global.args.insert(global.args.end(), argv + index, argv + argc);
  if (raw.version) {
    std::printf("mini version %s\n", MINI_VERSION);
    global.done = true;
  } else if (raw.help || global.args.empty()) {
    print_overview();
    global.done = true;
  }
  if (global.done) return global;
  set_debug(raw.debug);
  require_kernel(5, 14);
  require_root(global.args);
  global.session.paths.root = first_of(raw.root, "MINI_ROOT", default_root);
  global.session.config = raw.config.empty() ? from_environment("MINI_CONFIG") : raw.config;
  if (!global.session.config.empty()) global.session.config = absolute(global.session.config);
  global.session.paths.run = first_of(raw.run_root, "MINI_RUN_ROOT", default_run_root);
  return global;
}

}  // namespace mini::cmd
