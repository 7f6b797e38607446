// `--chown=USER[:GROUP]` and the owner of a WORKDIR: numbers, or names looked up in the image's own
// /etc/passwd and /etc/group (bounded, read through the view, never the host's). As in BuildKit, a
// number without a group stands for both ids, a name brings its primary group.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/files/view.h"

namespace mini::build {

struct Owner {
  uint32_t uid = 0, gid = 0;
  bool operator==(const Owner&) const = default;
};

// Throws Error with the cure: `unknown user "x"`.
Owner resolve_owner(const files::View& rootfs, const std::string& text);
// The owner of a WORKDIR, for the image's user: what the image does not have is 0, as in BuildKit.
// A RUN of that user says what is wrong.
Owner resolve_owner_or_root(const files::View& rootfs, const std::string& text);

}  // namespace mini::build
