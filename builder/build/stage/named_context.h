// `--build-context NAME=SOURCE`: what FROM NAME, COPY --from=NAME and RUN --mount=from=NAME take
// instead of a stage or an image of that name. An image ("docker-image://…") is loaded under its
// own name. A directory becomes one layer on nothing, as COPY of all its files would make it:
// root's owners, its own .dockerignore, cached by content.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builder/build/source/copy_plan.h"
#include "builder/build/stage/session.h"

namespace mini::build {

struct NamedContext {
  std::string name;
  std::string image;      // or
  std::string directory;  // on the host
};

// Names compare as image names do: "alpine" is "docker.io/library/alpine:latest".
std::optional<NamedContext> named_context(const BuildOptions& options, const std::string& name);

std::vector<image::Layer> directory_layers(Session& session, const NamedContext& context);

// What a COPY takes from a context.
CopyOrigin origin_in(Context& context);

}  // namespace mini::build
