#include "runtime/image/document/docker_archive.h"

#include "runtime/base/json_members.h"
#include "runtime/image/document/members.h"

namespace mini::image {

static void describe(JsonMembers& json, DockerArchiveImage& image) {
  json.required("Config", image.config);
  json.always("RepoTags", image.repo_tags);
  json.always("Layers", image.layers);
  if (json.reading()) return;
  json.required_object("LayerSources", [&](JsonMembers& sources) {
    for (auto& [diff_id, layer] : image.layer_sources) sources.required(diff_id.c_str(), layer);
  });
}

std::vector<DockerArchiveImage> parse_docker_archive(std::string_view json,
                                                     const std::string& name) {
  return read_json<std::vector<DockerArchiveImage>>(json, name);
}

std::string docker_archive_json(const std::vector<DockerArchiveImage>& images) {
  return write_json(images);
}

}  // namespace mini::image
