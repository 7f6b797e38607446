// `RUN --mount=…`. Option values may hold variables, so a mount is read twice: at parse time to
// refuse what is wrong regardless of the variables, and by the builder with its variables. `from`
// never expands (as in BuildKit). All five types are parsed; which of them can be run is the
// builder's matter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/dockerfile/source.h"

namespace mini::dockerfile {

enum class MountType { bind, cache, tmpfs, secret, ssh };
enum class MountSharing { shared, exclusive, locked };  // exclusive: written "private"

struct Mount {
  MountType type = MountType::bind;
  std::string source;  // bind, cache: path inside `from` (empty: its root)
  std::string target;  // as written, may be relative to WORKDIR; secret and ssh: may be empty
  std::string from;    // stage, index, image or context name; empty: bind takes the build context,
                       // cache starts empty
  std::string
      id;  // cache: default `target`; secret, ssh: default last component of `target`; filled in
  std::string env;         // secret only
  bool read_only = false;  // true by default for bind
  bool required = false;   // secret, ssh
  MountSharing sharing = MountSharing::shared;
  std::optional<uint32_t> mode, uid, gid;  // mode from octal
  uint64_t size = 0;                       // tmpfs, bytes; 0: no limit
};

struct RunMount {
  Word text;               // after "--mount="
  Mount value;             // complete only when `variables` is false
  bool variables = false;  // some value needs expansion: call parse_mount with the variables
};

const char* mount_type_name(MountType type);

// `expand` gets each value except that of `from`; without it, values that hold a '$' are left out
// and not checked. Throws DockerfileError.
Mount parse_mount(const Source& source, const Word& text,
                  const std::function<std::string(const std::string&)>& expand = nullptr);

}  // namespace mini::dockerfile
