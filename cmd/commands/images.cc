// images, rmi, tag: the image store as a list of names.
#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "builder/build/cache/cache.h"
#include "builder/dockerfile/glob.h"
#include "cmd/commands/commands.h"
#include "cmd/flags/filters.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/cells.h"
#include "cmd/output/listing.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"
#include "runtime/engine/lifecycle/prune.h"

namespace mini::cmd {
namespace {

using image::ImageEntry;
using image::Reference;

constexpr std::string_view kImageFilters[] = {"before",    "dangling", "label",
                                              "reference", "since",    "until"};
constexpr const char* kNone = "<none>";

struct ImagesFlags {
  bool all = false, quiet = false, no_trunc = false, digests = false;
  std::vector<std::string> filters;
  std::string format, reference;

  explicit ImagesFlags(Flags& flags) {
    flags.flag("-a,--all", all, "accepted for compatibility: there are no hidden images");
    flags.flag("-q,--quiet", quiet, "print only IDs");
    flags.flag("--no-trunc", no_trunc, "do not truncate IDs");
    flags.flag("--digests", digests, "show manifest digests");
    flags.values("-f,--filter KEY=VALUE", filters,
                 "only matching images: dangling, label, reference, before, since, until");
    flags.value("--format FORMAT", format,
                "output format: json, a Go template, or \"table TEMPLATE\"");
    flags.argument("REPOSITORY[:TAG]", reference, false,
                   "only images of this name; * and ? are wildcards");
  }
};

struct Tagged {  // a row: an image under one of its names
  const ImageEntry* image;
  std::optional<Reference> name;
};

bool name_fits(const std::optional<Reference>& name, const std::string& pattern) {
  return name && (dockerfile::glob_match(pattern, name->familiar()) ||
                  dockerfile::glob_match(pattern, name->familiar_name()));
}

class ImageSelection {
 public:
  ImageSelection(const image::ImageStore& store, const ImagesFlags& flags)
      : filters_(flags.filters, kImageFilters), patterns_(filters_.values("reference")) {
    if (!flags.reference.empty()) patterns_.push_back(flags.reference);
    dangling_ = filters_.truth("dangling");
    for (const std::string& name : filters_.values("before"))
      before_ = store.load(name).entry.created_ns;
    for (const std::string& name : filters_.values("since"))
      since_ = store.load(name).entry.created_ns;
    for (const std::string& text : filters_.values("until")) {
      before_ = parse_since(text, now_ns());
      if (!before_)
        throw Error(cat("flag --filter until=", printable(text), ": not a time"),
                    "such as 24h, 2026-11-23 or a Unix time", ErrorKind::usage);
    }
  }

  bool takes(const Tagged& row) const {
    const ImageEntry& image = *row.image;
    return (!dangling_ || *dangling_ == image.tags.empty()) &&
           filters_.allow_labels(image.labels) && (!before_ || image.created_ns < *before_) &&
           (!since_ || image.created_ns > *since_) &&
           (patterns_.empty() ||
            std::any_of(patterns_.begin(), patterns_.end(),
                        [&](const std::string& pattern) { return name_fits(row.name, pattern); }));
  }

 private:
  Filters filters_;
  std::vector<std::string> patterns_;
  std::optional<bool> dangling_;
  std::optional<int64_t> before_, since_;
};

// Newest first; what has several names has several rows.
std::vector<Tagged> rows_of(std::vector<ImageEntry>& images) {
  std::stable_sort(images.begin(), images.end(), [](const ImageEntry& a, const ImageEntry& b) {
    return a.created_ns > b.created_ns;
  });
  std::vector<Tagged> rows;
  for (const ImageEntry& image : images) {
    if (image.tags.empty()) rows.push_back({&image, {}});
    for (const std::string& tag : image.tags) rows.push_back({&image, Reference::parse(tag)});
  }
  return rows;
}

nlohmann::ordered_json image_row(const Tagged& row, bool whole, int64_t now,
                                 const std::string& containers) {
  const ImageEntry& image = *row.image;
  const std::string size = human_size(image.size);
  return {{"Containers", containers},
          {"CreatedAt", time_cell(image.created_ns)},
          {"CreatedSince", ago_cell(image.created_ns, now)},
          {"Digest", image.manifest.str()},
          {"ID", whole ? image.id.str() : image.id.short_id()},
          {"Repository", row.name ? row.name->familiar_name() : kNone},
          {"SharedSize", "N/A"},
          {"Size", size},
          {"Tag", row.name ? row.name->tag : kNone},
          {"UniqueSize", "N/A"},
          {"VirtualSize", size}};
}

Listing image_table(bool digests) {
  std::vector<std::string> columns{"Repository", "Tag", "ID", "CreatedSince", "Size"};
  if (digests) columns.insert(columns.begin() + 2, "Digest");
  return Listing({{"Repository", "REPOSITORY"},
                  {"Tag", "TAG"},
                  {"Digest", "DIGEST"},
                  {"ID", "IMAGE ID"},
                  {"CreatedSince", "CREATED"},
                  {"CreatedAt", "CREATED AT"},
                  {"Size", "SIZE"},
                  {"Containers", "CONTAINERS"},
                  {"SharedSize", "SHARED SIZE"},
                  {"UniqueSize", "UNIQUE SIZE"},
                  {"VirtualSize", "VIRTUAL SIZE"}},
                 columns);
}

}  // namespace

int images(const Session& session, const Args& args) {
  Flags flags("images [flags] [REPOSITORY[:TAG]]", "Lists images, newest first.");
  const ImagesFlags wanted(flags);
  flags.only("--tree", "false", "an image of the store has one platform", "omit it");
  if (!flags.parse(args)) return 0;
  const image::ImageStore store(session.paths);
  const ImageSelection selection(store, wanted);
  std::vector<ImageEntry> all = store.list();
  const int64_t now = now_ns();
  const bool counted = wanted.format.find(".Containers") != std::string::npos;
  std::map<Digest, int> containers;
  if (counted)
    for (const engine::Record& record : engine::ContainerStore(session.paths).list())
      ++containers[record.image_id];
  Listing listing = image_table(wanted.digests);
  std::string ids;
  for (const Tagged& row : rows_of(all)) {
    if (!selection.takes(row)) continue;
    ids += (wanted.no_trunc ? row.image->id.str() : row.image->id.short_id()) + "\n";
    listing.add(image_row(row, wanted.no_trunc, now,
                          counted ? std::to_string(containers[row.image->id]) : "N/A"));
  }
  if (wanted.quiet && wanted.format.empty())
    put(ids);
  else
    listing.print(wanted.format);
  return 0;
}

int rmi(const Session& session, const Args& args) {
  Flags flags("rmi [flags] IMAGE...",
              "Removes names of images, and images that have no name left.");
  bool force = false, no_prune = false;
  std::string platform;
  std::vector<std::string> names;
  flags.flag("-f,--force", force, "remove all names of an ID; ignore missing images");
  flags.flag("--no-prune", no_prune, "accepted for compatibility: there are no untagged parents");
  flags.value("--platform PLATFORM", platform, "remove only an image of this platform");
  flags.arguments("IMAGE", names, true);
  if (!flags.parse(args)) return 0;
  Stores stores(session);
  const engine::Roots roots = [&] { return build::cache_roots(session.paths); };
  return for_each_name(names, [&](const std::string& name) -> std::string {
    if (force && !stores.images().find(name)) {
      std::fprintf(stderr, "mini: image %s: not found\n", quoted(name).c_str());
      return "";
    }
    if (!platform.empty()) require_platform(stores.images().load(name), platform);
    return join(engine::remove_image(stores.engine(), name, force, roots), "\n");
  });
}

int tag(const Session& session, const Args& args) {
  Flags flags("tag IMAGE NAME[:TAG]", "Adds a name to an image.");
  std::string source, target;
  flags.argument("IMAGE", source, true);
  flags.argument("NAME[:TAG]", target, true);
  if (!flags.parse(args)) return 0;
  const Reference name = Reference::parse(target);
  if (name.digest)
    throw Error(cat("name ", quoted(target), ": a name of an image cannot have a digest"),
                "use a tag", ErrorKind::usage);
  image::ImageStore(session.paths).tag(source, name);
  return 0;
}

}  // namespace mini::cmd
