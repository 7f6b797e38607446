// logs: what a container wrote, on the stream that it wrote to.
#include "runtime/engine/monitor/logs.h"

#include <cstdio>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

std::optional<int64_t> instant(const char* flag, const std::string& text) {
  if (text.empty()) return {};
  const auto when = parse_since(text, now_ns());
  if (!when)
    throw Error(cat("flag ", flag, " ", quoted(text), ": not a time"),
                "such as 2026-11-23T02:48:47, 1795402127 (Unix time), or 10m for ten minutes ago",
                ErrorKind::usage);
  return when;
}

std::optional<uint64_t> line_count(const std::string& text) {
  if (text == "all" || text == "-1") return {};
  const auto lines = parse_number(text);
  if (!lines)
    throw Error(cat("flag --tail ", quoted(text), ": not a number of lines"), "a number, or all",
                ErrorKind::usage);
  return *lines;
}

// Keeps the order of both streams where they are one terminal, and shows each line at once while
// the log is followed. False when the reader is gone.
bool show(bool is_stderr, std::string_view text, bool at_once) {
  FILE* stream = is_stderr ? stderr : stdout;
  if (is_stderr && std::fflush(stdout) != 0) return false;
  if (std::fwrite(text.data(), 1, text.size(), stream) != text.size()) return false;
  return !at_once || std::fflush(stream) == 0;
}

}  // namespace

int logs(const Session& session, const Args& args) {
  Flags flags("logs [flags] CONTAINER", "Shows the output of a container.");
  engine::LogsOptions options;
  std::string since, until, tail = "all", name;
  flags.flag("-f,--follow", options.follow, "follow the output until the container exits");
  flags.value("--since TIME", since, "only lines since TIME, or since a duration ago (10m)");
  flags.value("--until TIME", until, "only lines before TIME, or a duration ago (10m)");
  flags.value("-n,--tail NUMBER", tail, "only the last lines (default all)");
  flags.flag("-t,--timestamps", options.timestamps, "show the time of each line");
  bool details = false;
  flags.flag("--details", details, "accepted for compatibility: logs have no further attributes");
  flags.argument("CONTAINER", name, true);
  if (!flags.parse(args)) return 0;
  options.since_ns = instant("--since", since);
  options.until_ns = instant("--until", until);
  options.tail = line_count(tail);
  const engine::ContainerStore store(session.paths);
  engine::read_logs(store, name, options, [&](bool is_stderr, std::string_view text) {
    return show(is_stderr, text, options.follow);
  });
  put("");
  return 0;
}

}  // namespace mini::cmd
