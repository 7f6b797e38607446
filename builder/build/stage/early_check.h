// What can be refused without a base image, so that a mistake at the end of a Dockerfile is found
// before anything is pulled: ports of EXPOSE, the signal of STOPSIGNAL, sources of COPY and ADD
// that are not in the context. Only words without variables, quotes and patterns are looked at; the
// steps check everything again. Throws DockerfileError with the place.
#pragma once

#include "builder/build/source/context.h"
#include "builder/build/stage/graph.h"

namespace mini::build {

// `graph`: the stages that are needed; ONBUILD triggers of images are not known yet.
void check_before_pull(const dockerfile::Dockerfile& file, const StageGraph& graph,
                       Context& context);

}  // namespace mini::build
