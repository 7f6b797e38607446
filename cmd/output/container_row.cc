#include "cmd/output/container_row.h"

#include <nlohmann/json.hpp>

#include "cmd/output/cells.h"
#include "cmd/output/port_cells.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using engine::MountRequest;
using engine::Record;
using engine::Status;

constexpr size_t kCommandWidth = 20, kMountWidth = 15;

std::string up(const engine::State& state, int64_t now_ns) {
  return "Up " + human_duration(now_ns - state.started_ns);
}

std::string command_cell(const Record& record, bool whole) {
  std::string command;
  for (const std::string& word : record.args) {
    const bool first = command.empty(), spaced = word.find(' ') != word.npos;
    command += cat(first ? "" : " ", spaced && !first ? cat("'", word, "'") : word);
  }
  return quoted(whole ? command : cut_cell(command, kCommandWidth));
}

std::string mounts_cell(const Record& record, bool whole) {
  std::string out;
  for (const MountRequest& mount : record.mounts) {
    if (mount.type == MountRequest::Type::tmpfs) continue;
    const std::string source = whole ? mount.source : cut_cell(mount.source, kMountWidth);
    out += cat(out.empty() ? "" : ",", source);
  }
  return out;
}

int local_volumes(const Record& record) {
  int count = 0;
  for (const MountRequest& mount : record.mounts) count += mount.type == MountRequest::Type::volume;
  return count;
}

}  // namespace

std::string status_text(const Record& record, int64_t now_ns) {
  const engine::State& state = record.state;
  const auto ended = [&](const char* word) {
    return cat(word, " (", state.exit_code, ") ", human_duration(now_ns - state.finished_ns),
               " ago");
  };
  switch (state.status) {
    case Status::running:
      if (state.health.status.empty() || state.health.status == "none") return up(state, now_ns);
      return cat(up(state, now_ns), " (", state.health.status == "starting" ? "health: " : "",
                 state.health.status, ")");
    case Status::paused:
      return up(state, now_ns) + " (Paused)";
    case Status::restarting:
      return ended("Restarting");
    case Status::removing:
      return "Removal In Progress";
    case Status::dead:
      return "Dead";
    case Status::exited:
      return ended("Exited");
    case Status::created:
      return "Created";
  }
  return "";
}

nlohmann::ordered_json container_row(const Record& record, const RowStyle& style) {
  return {{"Command", command_cell(record, style.whole)},
          {"CreatedAt", time_cell(record.created_ns)},
          {"ID", id_cell(record.id, style.whole)},
          {"Image", style.image.empty() ? record.config.image : style.image},
          {"Labels", labels_cell(record.config.labels)},
          {"LocalVolumes", std::to_string(local_volumes(record))},
          {"Mounts", mounts_cell(record, style.whole)},
          {"Names", record.name},
          {"Networks", networks_cell(record)},
          {"Ports", ports_cell(record)},
          {"RunningFor", ago_cell(record.created_ns, style.now_ns)},
          {"Size", style.size.empty() ? "0B" : style.size},
          {"State", to_string(record.state.status)},
          {"Status", status_text(record, style.now_ns)}};
}

}  // namespace mini::cmd
