// Image names as the distribution specification and Docker write them:
// [registry[:port]/]path[:tag][@sha256:…]. Parsing is strict; a name is always complete inside mini
// ("busybox" is docker.io/library/busybox:latest) and short where it is shown ("busybox:latest").
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/digest.h"

namespace mini::image {

struct Reference {
  std::string registry;    // "docker.io", "localhost:5000"
  std::string repository;  // "library/busybox"
  std::string tag;         // "latest"; empty when only a digest was given
  std::optional<Digest> digest;

  // Throws Error (usage) that says which part is wrong. Without tag and digest the tag is "latest".
  static Reference parse(std::string_view text);

  std::string full() const;           // docker.io/library/busybox:latest[@sha256:…]
  std::string familiar() const;       // busybox:latest
  std::string familiar_name() const;  // busybox (the REPOSITORY column)
  bool operator==(const Reference&) const = default;
};

}  // namespace mini::image
