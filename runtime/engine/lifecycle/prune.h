// Giving disk space back: container, image and volume prune, `rmi`, `system df`. A plan is made
// first and shown; `apply` does what the plan says and reports what the disk gained. The build
// cache belongs to the builder, which hands its part in as functions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/record/engine.h"
#include "runtime/engine/record/volumes.h"
#include "runtime/image/store/garbage.h"

namespace mini::engine {

// --filter: until=TIME, label=K[=V], label!=K[=V], for images also last-used=TIME (not used since).
// Others are refused by name.
struct PruneFilter {
  std::optional<int64_t> until_ns, last_used_ns;
  std::vector<std::string> with_label, without_label;  // "K" or "K=V"
  static PruneFilter parse(const std::vector<std::string>& filters);
  bool matches_labels(const std::map<std::string, std::string>& labels) const;
};

struct PruneOptions {
  bool all = false;  // images: also tagged ones without a container; volumes: also named ones
  PruneFilter filter;
  bool dry_run = false;
  // Dry run: ids of containers that would have gone before, and so hold nothing.
  std::set<std::string> without_containers;
};

struct Pruned {
  std::vector<std::string> removed;  // container ids; image names and ids as Docker prints them;
                                     // names of volumes, networks
  uint64_t bytes = 0;                // what the disk gained (or would gain)
};

Pruned prune_containers(Engine& engine, const PruneOptions& options);
Pruned prune_volumes(Engine& engine, const PruneOptions& options);
// Networks take no place on the disk: `bytes` is 0.
Pruned prune_networks(Engine& engine, const PruneOptions& options);
// `more_roots`: layers that the build cache names.
using Roots = std::function<std::set<Digest>()>;
Pruned prune_images(Engine& engine, const PruneOptions& options, const Roots& more_roots = {});

// `rmi`: lines as Docker prints them ("Untagged: …", "Deleted: sha256:…"). Throws conflict when a
// container uses the image, naming it and the command that frees it.
std::vector<std::string> remove_image(Engine& engine, const std::string& name, bool force,
                                      const Roots& more_roots = {});

// Layers used by containers: roots for image::collect_garbage.
std::set<Digest> container_layers(const ContainerStore& store);
// Everything that nothing refers to goes; returns what it was worth.
uint64_t collect_garbage(Engine& engine, const Roots& more_roots, bool dry_run);

struct UsageRow {
  uint64_t total = 0, active = 0, bytes = 0, reclaimable = 0;
};
struct Usage {
  UsageRow images, containers, volumes;  // the build cache's row comes from the builder
};
Usage disk_usage(Engine& engine);

}  // namespace mini::engine
