// top and stats: what the processes of running containers are, and what they use.
#include "runtime/engine/inspect/top.h"

#include <time.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/cells.h"
#include "cmd/output/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using engine::Record;
using engine::StatsSample;

constexpr long kFirstInterval_ms = 300, kInterval_ms = 1000;
constexpr const char* kClearScreen = "\033[H\033[2J";

using Samples = std::map<std::string, StatsSample>;  // by container id

void sleep_ms(long milliseconds) {
  timespec rest{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  while (nanosleep(&rest, &rest) != 0) {
  }
}

struct StatsFlags {
  bool all = false, no_stream = false, no_trunc = false;
  std::string format;
  std::vector<std::string> names;

  explicit StatsFlags(Flags& flags) {
    flags.flag("-a,--all", all, "also stopped containers");
    flags.flag("--no-stream", no_stream, "print once and exit");
    flags.flag("--no-trunc", no_trunc, "do not truncate IDs");
    flags.value("--format FORMAT", format,
                "output format: json, a Go template, or \"table TEMPLATE\"");
    flags.arguments("CONTAINER", names, false, "containers (default all running)");
  }
};

std::vector<Record> watched(const engine::ContainerStore& store, const StatsFlags& flags) {
  if (flags.names.empty()) return store.list(flags.all ? engine::Scope::all : engine::Scope::live);
  std::vector<Record> out;
  for (const std::string& name : flags.names) out.push_back(store.find(name));
  return out;
}

Samples sample_all(const std::vector<Record>& records) {
  Samples out;
  for (const Record& record : records)
    if (auto sample = engine::sample_stats(record)) out[record.id] = std::move(*sample);
  return out;
}

nlohmann::ordered_json stats_row(const Record& record, const Samples& before, const Samples& after,
                                 bool whole) {
  const auto now = after.find(record.id), then = before.find(record.id);
  const StatsSample sample = now == after.end() ? StatsSample{} : now->second;
  const uint64_t used = sample.cgroup.memory_bytes.value_or(0);
  const double cpu =
      now == after.end() || then == before.end() ? 0 : engine::cpu_percent(then->second, sample);
  const double memory = sample.memory_limit ? 100.0 * static_cast<double>(used) /
                                                  static_cast<double>(sample.memory_limit)
                                            : 0;
  return {{"BlockIO",
           cat(human_size(sample.cgroup.read_bytes), " / ", human_size(sample.cgroup.write_bytes))},
          {"CPUPerc", percent_cell(cpu)},
          {"Container", id_cell(record.id, whole)},
          {"ID", id_cell(record.id, whole)},
          {"MemPerc", percent_cell(memory)},
          {"MemUsage", cat(binary_size(used), " / ", binary_size(sample.memory_limit))},
          {"Name", record.name},
          {"NetIO", cat(human_size(sample.received), " / ", human_size(sample.sent))},
          {"PIDs", std::to_string(sample.cgroup.pids)}};
}

void print_stats(const std::vector<Record>& records, const Samples& before, const Samples& after,
                 const StatsFlags& flags) {
  Listing listing({{"ID", "CONTAINER ID"},
                   {"Container", "CONTAINER"},
                   {"Name", "NAME"},
                   {"CPUPerc", "CPU %"},
                   {"MemUsage", "MEM USAGE / LIMIT"},
                   {"MemPerc", "MEM %"},
                   {"NetIO", "NET I/O"},
                   {"BlockIO", "BLOCK I/O"},
                   {"PIDs", "PIDS"}},
                  {"ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"});
  for (const Record& record : records)
    listing.add(stats_row(record, before, after, flags.no_trunc));
  listing.print(flags.format);
}

}  // namespace

int top(const Session& session, const Args& args) {
  Flags flags("top CONTAINER", "Shows a running container's processes.");
  std::vector<std::string> command;
  flags.command(command, 1);
  if (!flags.parse(args)) return 0;
  if (command.size() > 1)
    throw Error(cat("top: ", quoted(command[1]), ": the options of ps are not supported"), "",
                ErrorKind::usage);
  engine::ProcessTable table = engine::top(engine::ContainerStore(session.paths), command.front());
  std::vector<std::vector<std::string>> lines{std::move(table.titles)};
  for (std::vector<std::string>& row : table.rows) {
    for (std::string& cell : row) cell = printable(cell);
    lines.push_back(std::move(row));
  }
  put(align(lines));
  return 0;
}

int stats(const Session& session, const Args& args) {
  Flags flags("stats [flags] [CONTAINER...]", "Shows what containers use, once a second.");
  const StatsFlags wanted(flags);
  if (!flags.parse(args)) return 0;
  const engine::ContainerStore store(session.paths);
  const bool redraw = !wanted.no_stream && wanted.format.empty() && isatty(STDOUT_FILENO) == 1;
  Samples before = sample_all(watched(store, wanted));
  for (long interval = kFirstInterval_ms;; interval = kInterval_ms) {
    sleep_ms(interval);
    const std::vector<Record> records = watched(store, wanted);
    Samples after = sample_all(records);
    if (redraw) put(kClearScreen);
    print_stats(records, before, after, wanted);
    if (wanted.no_stream) return 0;
    before = std::move(after);
  }
}

}  // namespace mini::cmd
