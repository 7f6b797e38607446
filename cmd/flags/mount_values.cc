// -v, --mount and --tmpfs: Docker's syntax for mounts.
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/flags/flag_values.h"
#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using engine::MountRequest;

std::string destination(const char* flag, const std::string& text, const std::string& path) {
  if (!path.starts_with('/'))
    refuse(flag, text,
           path.empty() ? "the container path is missing" : "the container path is not absolute",
           "[SOURCE:]/path/in/the/container[:OPTIONS]", ErrorKind::usage);
  const std::string clean = clean_path(path);
  if (clean == "/")
    refuse(flag, text, "the root directory cannot be a mount point",
           "mount to a directory below it", ErrorKind::usage);
  return clean;
}

std::string host_path(const std::string& path) {
  if (path.starts_with('/')) return clean_path(path);
  char here[PATH_MAX];
  if (!getcwd(here, sizeof here)) throw SysError("current directory");
  return clean_path(cat(here, "/", path));
}

bool is_propagation(const std::string& word) {
  return word == "private" || word == "rprivate" || word == "shared" || word == "rshared" ||
         word == "slave" || word == "rslave";
}

void volume_option(MountRequest& mount, const std::string& text, const std::string& option) {
  if (option == "ro") {
    mount.read_only = true;
  } else if (option == "nocopy") {
    mount.no_copy = true;
  } else if (is_propagation(option)) {
    mount.propagation = option;
  } else if (option == "z" || option == "Z") {
    // Without SELinux there is nothing to label, and docker takes it, too.
    if (access("/sys/fs/selinux/enforce", F_OK) == 0)
      refuse("--volume", text, "SELinux relabeling is not supported", "remove :z",
             ErrorKind::usage);
  } else if (option != "rw" && option != "" && option != "cached" && option != "delegated" &&
             option != "consistent") {
    refuse("--volume", text, cat("unknown option ", quoted(option)),
           "ro, rw, nocopy, or a propagation such as rslave", ErrorKind::usage);
  }
}

bool truth(const std::string& text, const std::string& value) {
  if (value.empty() || value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  refuse("--mount", text, cat(quoted(value), " is not a boolean"), "true or false");
}

void tmpfs_mode(const char* flag, MountRequest& mount, const std::string& text,
                const std::string& value) {
  char* end = nullptr;
  const unsigned long mode = strtoul(value.c_str(), &end, 8);
  if (value.empty() || *end || mode > 07777)
    refuse(flag, text, "the mode is not an octal number", "such as mode=1777");
  mount.tmpfs_mode = static_cast<uint32_t>(mode);
}

void tmpfs_size(const char* flag, MountRequest& mount, const std::string& text,
                const std::string& value) {
  mount.tmpfs_size = parse_size(value);
  if (!mount.tmpfs_size) refuse(flag, text, "the size is invalid", "such as size=64m");
}

struct MountText {
  const std::string& text;
  MountRequest& mount;
  std::string type = "volume";

  void apply(const std::string& key, const std::string& value) {
    if (key == "type") {
      type = value;
    } else if (key == "source" || key == "src") {
      mount.source = value;
    } else if (key == "target" || key == "destination" || key == "dst") {
      mount.destination = destination("--mount", text, value);
    } else if (key == "readonly" || key == "ro") {
      mount.read_only = truth(text, value);
    } else if (key == "volume-nocopy") {
      mount.no_copy = truth(text, value);
    } else if (key == "bind-propagation") {
      if (!is_propagation(value))
        refuse("--mount", text, cat("unknown propagation ", quoted(value)),
               "private, rprivate, shared, rshared, slave or rslave");
      mount.propagation = value;
    } else if (key == "bind-nonrecursive") {
      mount.recursive = !truth(text, value);
    } else if (key == "tmpfs-size") {
      tmpfs_size("--mount", mount, text, value);
    } else if (key == "tmpfs-mode") {
      tmpfs_mode("--mount", mount, text, value);
    } else if (key != "consistency") {
      constexpr std::string_view known[] = {"type",
                                            "source",
                                            "target",
                                            "readonly",
                                            "volume-nocopy",
                                            "bind-propagation",
                                            "bind-nonrecursive",
                                            "tmpfs-size",
                                            "tmpfs-mode"};
      auto near = did_you_mean(key, known);
      refuse("--mount", text, cat("unknown option ", quoted(key)),
             near ? cat("did you mean ", *near, "?") : "such as type=, source=, target=, readonly");
    }
  }
};

}  // namespace

MountRequest volume_flag(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  if (parts.size() > 3)
    refuse("--volume", text, "too many colons", "[SOURCE:]DESTINATION[:OPTIONS]", ErrorKind::usage);
  if (text.empty())
    refuse("--volume", text, "empty", "[SOURCE:]DESTINATION[:OPTIONS]; is a shell variable unset?");
  MountRequest mount;
  mount.type = MountRequest::Type::volume;
  if (parts.size() == 1) {
    mount.anonymous = true;
    mount.destination = destination("--volume", text, parts[0]);
    return mount;
  }
  if (parts[0].empty())
    refuse("--volume", text, "the source is empty", "is a shell variable unset?", ErrorKind::usage);
  mount.destination = destination("--volume", text, parts[1]);
  if (parts[0].starts_with('/') || parts[0].starts_with('.')) {
    mount.type = MountRequest::Type::bind;
    mount.source = host_path(parts[0]);
    mount.create_host_path = true;
  } else {
    mount.source = parts[0];
  }
  if (parts.size() == 3)
    for (const std::string& option : split(parts[2], ',')) volume_option(mount, text, option);
  return mount;
}

MountRequest mount_flag(const std::string& text) {
  MountRequest mount;
  MountText parser{text, mount};
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    parser.apply(part.substr(0, equals),
                 equals == std::string::npos ? "" : part.substr(equals + 1));
  }
  if (mount.destination.empty())
    refuse("--mount", text, "the target is missing", "target=/path/in/the/container");
  if (parser.type == "bind") {
    mount.type = MountRequest::Type::bind;
    if (mount.source.starts_with('.')) mount.source = host_path(mount.source);
    if (!mount.source.starts_with('/'))
      refuse("--mount", text, "the source of a bind mount must be an absolute path",
             cat("such as ", host_path(mount.source.empty() ? "dir" : mount.source)),
             ErrorKind::usage);
    mount.source = clean_path(mount.source);
  } else if (parser.type == "volume") {
    mount.type = MountRequest::Type::volume;
    mount.anonymous = mount.source.empty();
  } else if (parser.type == "tmpfs") {
    mount.type = MountRequest::Type::tmpfs;
    if (!mount.source.empty()) refuse("--mount", text, "a tmpfs has no source", "remove source=");
  } else {
    constexpr std::string_view known[] = {"bind", "volume", "tmpfs"};
    auto near = did_you_mean(parser.type, known);
    refuse("--mount", text, cat("unknown type ", quoted(parser.type)),
           near ? cat("did you mean ", *near, "?") : "bind, volume or tmpfs", ErrorKind::usage);
  }
  return mount;
}

MountRequest tmpfs_flag(const std::string& text) {
  MountRequest mount;
  mount.type = MountRequest::Type::tmpfs;
  const size_t colon = text.find(':');
  mount.destination = destination("--tmpfs", text, text.substr(0, colon));
  if (colon == std::string::npos) return mount;
  constexpr std::string_view plain[] = {"ro",   "rw",    "noexec", "exec",    "nosuid",
                                        "suid", "nodev", "dev",    "noatime", "relatime"};
  for (const std::string& option : split(text.substr(colon + 1), ',')) {
    if (option.starts_with("size=")) {
      tmpfs_size("--tmpfs", mount, text, option.substr(5));
    } else if (option.starts_with("mode=")) {
      tmpfs_mode("--tmpfs", mount, text, option.substr(5));
    } else if (std::find(std::begin(plain), std::end(plain), option) != std::end(plain) ||
               option.starts_with("uid=") || option.starts_with("gid=") ||
               option.starts_with("nr_inodes=")) {
      mount.tmpfs_options.push_back(option);
    } else {
      refuse("--tmpfs", text, cat("unknown option ", quoted(option)),
             "size=, mode=, uid=, gid=, ro, noexec, exec, …", ErrorKind::usage);
    }
  }
  return mount;
}

}  // namespace mini::cmd
