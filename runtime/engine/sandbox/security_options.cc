#include "runtime/engine/sandbox/security_options.h"

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::engine {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& why,
                         const std::string& hint = {}) {
  throw Error(cat("--security-opt ", quoted(option), ": ", why), hint, ErrorKind::usage);
}

void add_paths(const std::string& option, const std::string& text, bool allow_all,
               std::vector<std::string>& paths) {
  for (std::string& path : split(text, ':')) {
    const bool all = allow_all && upper(path) == "ALL";
    if (!all && !path.starts_with('/'))
      refuse(option, cat(quoted(path), " is not an absolute path"));
    paths.push_back(all ? "ALL" : std::move(path));
  }
}

bool parse_switch(const std::string& option, const std::string& value) {
  if (value.empty() || value == "true") return true;
  if (value == "false") return false;
  refuse(option, "expected true or false");
}

}  // namespace

SecurityOptions parse_security_options(const std::vector<std::string>& options) {
  SecurityOptions out;
  for (const std::string& option : options) {
    // Docker's older form is "seccomp:unconfined".
    const size_t at = option.find_first_of("=:");
    const std::string name = option.substr(0, at);
    const std::string value = at == std::string::npos ? "" : option.substr(at + 1);
    if (name == "no-new-privileges") {
      out.no_new_privileges = parse_switch(option, value);
    } else if (name == "seccomp") {
      if (value.empty()) refuse(option, "expected \"unconfined\", \"builtin\" or a profile file");
      out.seccomp_unconfined = value == "unconfined";
      out.seccomp_profile = value == "unconfined" || value == "builtin" ? "" : value;
    } else if (name == "systempaths") {
      if (value != "unconfined") refuse(option, "expected \"unconfined\"");
      out.paths_unconfined = true;
    } else if (name == "mask") {
      add_paths(option, value, false, out.mask);
    } else if (name == "unmask") {
      add_paths(option, value, true, out.unmask);
    } else if (name == "label") {
      if (value != "disable")
        refuse(option, "mini does not set SELinux labels", "omit it, or use label=disable");
    } else if (name == "apparmor") {
      if (value != "unconfined") {
        refuse(option, "mini does not load AppArmor profiles",
               "omit it, or use apparmor=unconfined");
      }
    } else {
      constexpr std::string_view kKnown[] = {
          "no-new-privileges", "seccomp", "systempaths", "mask", "unmask", "label", "apparmor"};
      const auto near = did_you_mean(name, kKnown);
      refuse(option, "unknown option", near ? cat("did you mean ", quoted(*near), "?") : "");
    }
  }
  return out;
}

}  // namespace mini::engine
