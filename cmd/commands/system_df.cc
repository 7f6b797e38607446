// system df: what uses the disk, and what a prune would free.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "builder/build/cache/cache.h"
#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/cells.h"
#include "cmd/output/container_row.h"
#include "cmd/output/listing.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"
#include "runtime/engine/lifecycle/prune.h"

namespace mini::cmd {
namespace {

using Lines = std::vector<std::vector<std::string>>;

engine::UsageRow cache_usage(const std::vector<build::CacheEntry>& entries) {
  engine::UsageRow row;
  for (const build::CacheEntry& entry : entries) {
    ++row.total;
    row.active += entry.in_use;
    if (entry.shared) continue;  // counted with the image that has it
    row.bytes += entry.size;
    if (!entry.in_use) row.reclaimable += entry.size;
  }
  return row;
}

nlohmann::ordered_json df_row(const char* type, const engine::UsageRow& row) {
  std::string reclaimable = human_size(row.reclaimable);
  if (row.bytes > 0) reclaimable += cat(" (", row.reclaimable * 100 / row.bytes, "%)");
  return {{"Active", std::to_string(row.active)},
          {"Reclaimable", reclaimable},
          {"Size", human_size(row.bytes)},
          {"TotalCount", std::to_string(row.total)},
          {"Type", type}};
}

std::map<Digest, int> containers_per_image(const std::vector<engine::Record>& records) {
  std::map<Digest, int> out;
  for (const engine::Record& record : records) ++out[record.image_id];
  return out;
}

std::string images_section(const image::ImageStore& store,
                           const std::vector<engine::Record>& records, int64_t now) {
  std::map<Digest, int> images_of_layer;
  std::vector<image::Image> images;
  for (const image::ImageEntry& entry : store.list()) {
    images.push_back(store.load(entry));
    std::set<Digest> own;
    for (const image::Layer& layer : images.back().layers) own.insert(layer.diff_id);
    for (const Digest& layer : own) ++images_of_layer[layer];
  }
  std::map<Digest, int> containers = containers_per_image(records);
  Lines lines{{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE",
               "CONTAINERS"}};
  for (const image::Image& image : images) {
    uint64_t shared = 0, unique = 0;
    for (const image::Layer& layer : image.layers)
      (images_of_layer[layer.diff_id] > 1 ? shared : unique) += layer.size;
    std::vector<std::string> tags = image.entry.tags;
    if (tags.empty()) tags.emplace_back();
    for (const std::string& tag : tags) {
      const image::Reference name = tag.empty() ? image::Reference{} : image::Reference::parse(tag);
      lines.push_back({tag.empty() ? "<none>" : name.familiar_name(),
                       tag.empty() ? "<none>" : name.tag, image.entry.id.short_id(),
                       ago_cell(image.entry.created_ns, now), human_size(image.entry.size),
                       human_size(shared), human_size(unique),
                       std::to_string(containers[image.entry.id])});
    }
  }
  return align(lines);
}

std::string containers_section(const engine::ContainerStore& store,
                               const std::vector<engine::Record>& records, int64_t now) {
  Lines lines{
      {"CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"}};
  for (const engine::Record& record : records) {
    const std::string size = human_size(disk_usage(store.directory(record.id)));
    const nlohmann::ordered_json row = container_row(record, {false, now, "", size});
    std::vector<std::string> cells;
    for (const char* field :
         {"ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names"})
      cells.push_back(printable(row.at(field).get<std::string>()));
    lines.push_back(std::move(cells));
  }
  return align(lines);
}

std::string volumes_section(const engine::VolumeStore& volumes,
                            const engine::ContainerStore& containers) {
  const std::multimap<std::string, std::string> users = volumes.users(containers);
  Lines lines{{"VOLUME NAME", "LINKS", "SIZE"}};
  for (const engine::Volume& volume : volumes.list())
    lines.push_back({volume.name, std::to_string(users.count(volume.name)),
                     human_size(volumes.disk_usage(volume))});
  return align(lines);
}

std::string cache_section(const std::vector<build::CacheEntry>& entries, int64_t now) {
  Lines lines{{"CACHE ID", "CACHE TYPE", "SIZE", "CREATED", "LAST USED", "SHARED", "DESCRIPTION"}};
  for (const build::CacheEntry& entry : entries)
    lines.push_back({id_cell(entry.id, false), to_string(entry.type), human_size(entry.size),
                     ago_cell(entry.created_ns, now), ago_cell(entry.used_ns, now),
                     entry.shared ? "true" : "false", printable(entry.description)});
  return align(lines);
}

std::string verbose_text(Stores& stores, const std::vector<build::CacheEntry>& cache) {
  const int64_t now = now_ns();
  const std::vector<engine::Record> records = stores.containers().list();
  const engine::VolumeStore volumes(stores.containers().paths());
  return cat("Images space usage:\n\n", images_section(stores.images(), records, now),
             "\nContainers space usage:\n\n", containers_section(stores.containers(), records, now),
             "\nLocal Volumes space usage:\n\n", volumes_section(volumes, stores.containers()),
             "\nBuild cache usage: ", human_size(cache_usage(cache).bytes), "\n\n",
             cache_section(cache, now));
}

}  // namespace

int system_df(const Session& session, const Args& args) {
  Flags flags("system df [flags]", "Shows disk usage.");
  bool verbose = false;
  std::string format;
  flags.flag("-v,--verbose", verbose, "list each object");
  flags.value("--format FORMAT", format,
              "output format: json, a Go template, or \"table TEMPLATE\"");
  if (!flags.parse(args)) return 0;
  if (verbose && !format.empty())
    throw Error("flag --verbose: cannot be combined with --format", "", ErrorKind::usage);
  Stores stores(session);
  const std::vector<build::CacheEntry> cache = build::list_cache(stores.images());
  if (verbose) {
    put(verbose_text(stores, cache));
    return 0;
  }
  const engine::Usage usage = engine::disk_usage(stores.engine());
  Listing listing({{"Type", "TYPE"},
                   {"TotalCount", "TOTAL"},
                   {"Active", "ACTIVE"},
                   {"Size", "SIZE"},
                   {"Reclaimable", "RECLAIMABLE"}},
                  {"Type", "TotalCount", "Active", "Size", "Reclaimable"});
  listing.add(df_row("Images", usage.images));
  listing.add(df_row("Containers", usage.containers));
  listing.add(df_row("Local Volumes", usage.volumes));
  listing.add(df_row("Build Cache", cache_usage(cache)));
  listing.print(format);
  return 0;
}

}  // namespace mini::cmd
