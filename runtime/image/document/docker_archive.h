// manifest.json of an archive that `docker save` writes (no specification; Docker's
// image/tarexport): which images it has, with paths in the archive. Reading is strict about types.
// Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/image/document/manifest.h"

namespace mini::image {

struct DockerArchiveImage {
  std::string config;                                 // a path
  std::optional<std::vector<std::string>> repo_tags;  // nothing: null, an image without a name
  std::vector<std::string> layers;                    // paths, bottom first
  std::map<std::string, Descriptor> layer_sources;    // by diff id; written only
};

std::vector<DockerArchiveImage> parse_docker_archive(std::string_view json,
                                                     const std::string& name);
std::string docker_archive_json(const std::vector<DockerArchiveImage>& images);

}  // namespace mini::image
