// history: the instructions that made an image, newest first.
#include <nlohmann/json.hpp>

#include "cmd/commands/commands.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/cells.h"
#include "cmd/output/listing.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using Row = nlohmann::ordered_json;

constexpr size_t kCreatedByWidth = 45;
constexpr const char* kMissing = "<missing>";

// Oldest first. Entries that made no layer have size 0; when the layers are fewer than the history
// says (both come from the image), the rest has too.
std::vector<uint64_t> sizes_of(const image::Image& image) {
  std::vector<uint64_t> sizes;
  size_t next = 0;
  for (const image::History& entry : image.config.history) {
    const bool has_layer = !entry.empty_layer && next < image.layers.size();
    sizes.push_back(has_layer ? image.layers[next++].size : 0);
  }
  return sizes;
}

std::string instruction_cell(const std::string& text, bool whole) {
  std::string line = text;
  for (char& c : line)
    if (c == '\t' || c == '\n') c = ' ';
  return whole ? line : cut_cell(line, kCreatedByWidth);
}

struct HistoryFlags {
  bool no_trunc = false, quiet = false, human = true;
  std::string format, name;
};

Row history_row(const image::Image& image, size_t index, uint64_t size, const HistoryFlags& flags) {
  const image::History& entry = image.config.history[index];
  const bool newest = index + 1 == image.config.history.size();
  const std::string id = flags.no_trunc ? image.entry.id.str() : image.entry.id.short_id();
  // A reproducible image (SOURCE_DATE_EPOCH is 0 by default) has no time to show.
  const int64_t created = parse_rfc3339(entry.created).value_or(0);
  const std::string at = created > 0 ? rfc3339_nano(created) : "N/A";
  return {{"Comment", entry.comment},
          {"CreatedAt", at},
          {"CreatedBy", instruction_cell(entry.created_by, flags.no_trunc)},
          {"CreatedSince", flags.human ? ago_cell(created, now_ns()) : at},
          {"ID", newest ? id : kMissing},
          {"Size", flags.human ? human_size(size) : std::to_string(size)}};
}

}  // namespace

int history(const Session& session, const Args& args) {
  Flags flags("history [flags] IMAGE", "Shows the instructions that built an image, newest first.");
  HistoryFlags wanted;
  flags.flag("--no-trunc", wanted.no_trunc, "do not truncate IDs and instructions");
  flags.flag("-q,--quiet", wanted.quiet, "print only IDs");
  flags.flag("-H,--human", wanted.human, "print readable sizes and times (default true)");
  flags.value("--format FORMAT", wanted.format,
              "output format: json, a Go template, or \"table TEMPLATE\"");
  std::string platform;
  flags.value("--platform PLATFORM", platform, "the platform that the image must have");
  flags.argument("IMAGE", wanted.name, true);
  if (!flags.parse(args)) return 0;
  const image::Image image = image::ImageStore(session.paths).load(wanted.name);
  require_platform(image, platform);
  const std::vector<uint64_t> sizes = sizes_of(image);
  Listing listing({{"ID", "IMAGE"},
                   {"CreatedSince", "CREATED"},
                   {"CreatedAt", "CREATED AT"},
                   {"CreatedBy", "CREATED BY"},
                   {"Size", "SIZE"},
                   {"Comment", "COMMENT"}},
                  {"ID", "CreatedSince", "CreatedBy", "Size", "Comment"});
  std::string ids;
  for (size_t index = sizes.size(); index-- > 0;) {
    Row row = history_row(image, index, sizes[index], wanted);
    ids += row.at("ID").get<std::string>() + "\n";
    listing.add(std::move(row));
  }
  if (wanted.quiet && wanted.format.empty())
    put(ids);
  else
    listing.print(wanted.format);
  return 0;
}

}  // namespace mini::cmd
