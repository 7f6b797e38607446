#include "runtime/engine/lifecycle/prune.h"

#include <algorithm>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/networks.h"
#include "runtime/image/store/partial.h"

namespace mini::engine {
namespace {

int64_t parse_time(const std::string& key, const std::string& text) {
  if (const auto ns = parse_since(text, now_ns())) return *ns;
  throw Error(cat("--filter ", key, '=', text, ": not a time"),
              "give a duration (24h), a date or a Unix time", ErrorKind::usage);
}

bool has_label(const std::map<std::string, std::string>& labels, const std::string& wanted) {
  const size_t equals = wanted.find('=');
  const auto found = labels.find(wanted.substr(0, equals));
  return found != labels.end() &&
         (equals == std::string::npos || found->second == wanted.substr(equals + 1));
}

using Ids = std::set<std::string>;

std::vector<Record> remaining(const ContainerStore& store, const Ids& without) {
  std::vector<Record> records = store.snapshot();
  std::erase_if(records, [&](const Record& record) { return without.contains(record.id); });
  return records;
}

// Images that containers use, running or not, with one of the containers each.
std::map<Digest, Record> images_in_use(const ContainerStore& store, const Ids& without = {}) {
  std::map<Digest, Record> out;
  for (Record& record : remaining(store, without)) {
    const Digest id = record.image_id;
    out.emplace(id, std::move(record));
  }
  return out;
}

Ids volumes_in_use(const ContainerStore& store, const Ids& without) {
  Ids out;
  for (const Record& record : remaining(store, without)) {
    for (const MountRequest& mount : record.mounts)
      if (mount.type == MountRequest::Type::volume) out.insert(mount.source);
  }
  return out;
}

bool is_candidate(const image::ImageEntry& entry, const PruneOptions& options) {
  if (!options.all && !entry.tags.empty()) return false;
  if (options.filter.until_ns && entry.created_ns >= *options.filter.until_ns) return false;
  const int64_t used = std::max(entry.used_ns, entry.created_ns);
  if (options.filter.last_used_ns && used >= *options.filter.last_used_ns) return false;
  return options.filter.matches_labels(entry.labels);
}

void report_removed(const image::ImageStore::Removed& removed, std::vector<std::string>& lines) {
  for (const std::string& name : removed.untagged) lines.push_back("Untagged: " + name);
  for (const Digest& id : removed.deleted) lines.push_back("Deleted: " + id.str());
}

std::set<Digest> layers_of(const Engine& engine, const image::ImageEntry& entry) {
  std::set<Digest> out;
  for (const image::Layer& layer : engine.images.load(entry).layers) out.insert(layer.diff_id);
  return out;
}

uint64_t bytes_of_layer(const Engine& engine, const Digest& diff_id) {
  const std::optional<image::Layer> layer = engine.images.layers().find(diff_id);
  return layer ? mini::disk_usage(layer->lower) : 0;
}

// What would go if these images went: their layers that nothing else names.
uint64_t bytes_of_images(Engine& engine, const std::vector<image::ImageEntry>& going,
                         const Roots& more_roots, const Ids& without) {
  std::set<Digest> kept;
  for (const Record& record : remaining(engine.containers, without))
    kept.insert(record.layers.begin(), record.layers.end());
  if (more_roots) kept.merge(more_roots());
  std::set<Digest> candidates;
  for (const image::ImageEntry& entry : engine.images.list()) {
    const bool goes = std::any_of(going.begin(), going.end(),
                                  [&](const auto& other) { return other.id == entry.id; });
    (goes ? candidates : kept).merge(layers_of(engine, entry));
  }
  uint64_t bytes = 0;
  for (const Digest& layer : candidates) {
    if (!kept.contains(layer)) bytes += bytes_of_layer(engine, layer);
  }
  return bytes;
}

}  // namespace

PruneFilter PruneFilter::parse(const std::vector<std::string>& filters) {
  PruneFilter out;
  for (const std::string& filter : filters) {
    const size_t equals = filter.find('=');
    // "label!=K": the "!" belongs to the sign, not to the key.
    const bool negated = equals != std::string::npos && equals > 0 && filter[equals - 1] == '!';
    const std::string key = filter.substr(0, negated ? equals - 1 : equals);
    const std::string value = equals == std::string::npos ? "" : filter.substr(equals + 1);
    if (key == "label" && !value.empty()) {
      (negated ? out.without_label : out.with_label).push_back(value);
    } else if (key == "until" && !negated) {
      out.until_ns = parse_time(key, value);
    } else if (key == "last-used" && !negated) {
      out.last_used_ns = parse_time(key, value);
    } else {
      constexpr std::string_view kKnown[] = {"label", "until", "last-used"};
      const auto near = did_you_mean(key, kKnown);
      throw Error(
          cat("--filter ", quoted(filter),
              ": expected until=TIME, last-used=TIME, label=KEY[=VALUE] or label!=KEY[=VALUE]"),
          near ? cat("did you mean ", quoted(*near), "?") : "", ErrorKind::usage);
    }
  }
  return out;
}

bool PruneFilter::matches_labels(const std::map<std::string, std::string>& labels) const {
  return std::all_of(with_label.begin(), with_label.end(),
                     [&](const auto& label) { return has_label(labels, label); }) &&
         std::none_of(without_label.begin(), without_label.end(),
                      [&](const auto& label) { return has_label(labels, label); });
}

Pruned prune_containers(Engine& engine, const PruneOptions& options) {
  Pruned out;
  const ContainerStore& store = engine.containers;
  for (const Record& seen : store.list()) {
    if (is_live(seen) || !options.filter.matches_labels(seen.config.labels)) continue;
    if (options.filter.until_ns && seen.created_ns >= *options.filter.until_ns) continue;
    const int64_t used = std::max({seen.created_ns, seen.state.started_ns, seen.state.finished_ns});
    if (options.filter.last_used_ns && used >= *options.filter.last_used_ns) continue;
    const uint64_t bytes = mini::disk_usage(store.directory(seen.id));
    if (!options.dry_run) {
      const auto lock = store.lock(seen.id);
      const std::optional<Record> record = lock ? store.read(seen.id) : std::nullopt;
      if (!record || is_live(*record)) continue;  // started or removed meanwhile
      store.remove(record->id, record->name);
    }
    out.bytes += bytes;
    out.removed.push_back(seen.id);
  }
  return out;
}

Pruned prune_volumes(Engine& engine, const PruneOptions& options) {
  Pruned out;
  const VolumeStore volumes(engine.paths());
  const Ids used = volumes_in_use(engine.containers, options.without_containers);
  for (const Volume& volume : volumes.list()) {
    if ((!options.all && !volume.anonymous) || used.contains(volume.name)) continue;
    if (!options.filter.matches_labels(volume.labels)) continue;
    if (options.filter.until_ns && volume.created_ns >= *options.filter.until_ns) continue;
    const uint64_t bytes = volumes.disk_usage(volume);
    if (!options.dry_run) {
      try {
        volumes.remove(engine.containers, volume.name, true);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::conflict) throw;
        continue;  // a container has begun to use it
      }
    }
    out.bytes += bytes;
    out.removed.push_back(volume.name);
  }
  return out;
}

Pruned prune_networks(Engine& engine, const PruneOptions& options) {
  Pruned out;
  const ContainerStore& store = engine.containers;
  if (options.filter.last_used_ns) return out;  // the last use of a network is not recorded
  for (const network::Network& network : unused_networks(store, options.without_containers)) {
    if (!options.filter.matches_labels(network.labels)) continue;
    if (options.filter.until_ns && network.created_ns >= *options.filter.until_ns) continue;
    if (!options.dry_run) {
      try {
        remove_network(store, network.name);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::conflict && error.kind() != ErrorKind::not_found) throw;
        continue;  // a container has joined it, or another prune was first
      }
    }
    out.removed.push_back(network.name);
  }
  if (!options.dry_run) remove_idle_interfaces(store);
  return out;
}

Pruned prune_images(Engine& engine, const PruneOptions& options, const Roots& more_roots) {
  Pruned out;
  const auto in_use = images_in_use(engine.containers, options.without_containers);
  std::vector<image::ImageEntry> going;
  for (const image::ImageEntry& entry : engine.images.list()) {
    if (is_candidate(entry, options) && !in_use.contains(entry.id)) going.push_back(entry);
  }
  if (options.dry_run) {
    for (const image::ImageEntry& entry : going) {
      for (const std::string& tag : entry.tags)
        out.removed.push_back("Untagged: " + image::Reference::parse(tag).familiar());
      out.removed.push_back("Deleted: " + entry.id.str());
    }
    out.bytes = bytes_of_images(engine, going, more_roots, options.without_containers) +
                image::PartialBlob::remove_old(engine.paths(), 0, true);
    return out;
  }
  for (const image::ImageEntry& entry : going) {
    try {
      report_removed(engine.images.remove(entry.id.str(), true), out.removed);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) throw;  // another prune was first
    }
  }
  out.bytes = collect_garbage(engine, more_roots, false) +
              image::PartialBlob::remove_old(engine.paths(), 0);
  return out;
}

std::vector<std::string> remove_image(Engine& engine, const std::string& name, bool force,
                                      const Roots& more_roots) {
  const std::optional<image::ImageEntry> entry = engine.images.find(name);
  if (!entry) {
    throw Error(cat("image ", quoted(name), ": not found"), "`mini images` lists all images",
                ErrorKind::not_found);
  }
  // Taking one of several tags off takes nothing from anybody.
  const bool by_id = entry->id.hex().starts_with(name) || name.starts_with("sha256:");
  const bool last_name = entry->tags.size() <= 1 || by_id;
  const auto in_use = images_in_use(engine.containers);
  if (const auto user = in_use.find(entry->id); last_name && user != in_use.end()) {
    const Record& record = user->second;
    const bool live = is_live(record);
    if (live || !force) {
      throw Error(cat("image ", quoted(name), ": in use by the ", live ? "running" : "stopped",
                      " container ", record.name, " (", record.id.substr(0, 12), ")"),
                  cat("remove the container first: `mini rm ", live ? "-f " : "", record.name, "`"),
                  ErrorKind::conflict);
    }
  }
  std::vector<std::string> lines;
  report_removed(engine.images.remove(name, force), lines);
  collect_garbage(engine, more_roots, false);
  return lines;
}

std::set<Digest> container_layers(const ContainerStore& store) {
  std::set<Digest> out;
  for (const Record& record : store.snapshot())
    out.insert(record.layers.begin(), record.layers.end());
  return out;
}

uint64_t collect_garbage(Engine& engine, const Roots& more_roots, bool dry_run) {
  const auto roots = [&] {
    std::set<Digest> all = container_layers(engine.containers);
    if (more_roots) all.merge(more_roots());
    return all;
  };
  return image::collect_garbage(engine.images, roots, dry_run).bytes;
}

Usage disk_usage(Engine& engine) {
  Usage out;
  const auto in_use = images_in_use(engine.containers);
  std::set<Digest> all, active;
  for (const image::ImageEntry& entry : engine.images.list()) {
    std::set<Digest> layers = layers_of(engine, entry);
    ++out.images.total;
    if (in_use.contains(entry.id)) {
      ++out.images.active;
      active.insert(layers.begin(), layers.end());
    }
    all.merge(layers);
  }
  for (const Digest& layer : all) {
    const uint64_t bytes = bytes_of_layer(engine, layer);
    out.images.bytes += bytes;
    if (!active.contains(layer)) out.images.reclaimable += bytes;
  }
  for (const Record& record : engine.containers.list()) {
    const uint64_t bytes = mini::disk_usage(engine.containers.directory(record.id));
    ++out.containers.total;
    out.containers.bytes += bytes;
    if (is_live(record)) {
      ++out.containers.active;
    } else {
      out.containers.reclaimable += bytes;
    }
  }
  const VolumeStore volumes(engine.paths());
  const auto users = volumes.users(engine.containers);
  for (const Volume& volume : volumes.list()) {
    const uint64_t bytes = volumes.disk_usage(volume);
    ++out.volumes.total;
    out.volumes.bytes += bytes;
    if (users.contains(volume.name)) {
      ++out.volumes.active;
    } else {
      out.volumes.reclaimable += bytes;
    }
  }
  return out;
}

}  // namespace mini::engine
