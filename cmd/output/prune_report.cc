#include "cmd/output/prune_report.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "runtime/base/size.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

constexpr size_t kLongestAnswer = 1024;

// Byte by byte: what follows the line belongs to the next reader of standard input.
std::string read_line(int fd) {
  std::string line;
  char c = 0;
  while (line.size() < kLongestAnswer) {
    const ssize_t got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') break;
    line += c;
  }
  return line;
}

}  // namespace

bool confirmed(int in_fd, const std::string& warning) {
  std::fprintf(stderr, "%sAre you sure you want to continue? [y/N] ", warning.c_str());
  const std::string line = read_line(in_fd);
  const std::string answer = lower(trim(line));
  return answer == "y" || answer == "yes";
}

void PruneReport::add(const std::string& things, const std::vector<std::string>& removed,
                      uint64_t bytes) {
  bytes_ += bytes;
  if (!removed.empty()) sections_.emplace_back(things, removed);
}

std::string PruneReport::sections() const {
  std::string out;
  for (const auto& [things, removed] : sections_) {
    out += cat(dry_run_ ? "Would delete " : "Deleted ", things, ":\n");
    for (const std::string& name : removed) out += printable(name) + "\n";
    out += '\n';
  }
  return out;
}

std::string PruneReport::str() const {
  return cat(sections(),
             dry_run_ ? "Total reclaimable space: " : "Total reclaimed space: ", human_size(bytes_),
             "\n");
}

CachePruned prune_build_cache(const image::ImageStore& store, const build::CachePrune& prune) {
  CachePruned out;
  std::set<Digest> remaining;
  std::vector<build::CacheEntry> before;
  if (prune.dry_run) before = build::list_cache(store);
  out.entries = build::prune_cache(store, prune);
  std::set<std::string> gone;
  for (const build::CacheEntry& entry : out.entries) {
    gone.insert(entry.id);
    out.ids.push_back(entry.id);
    if (entry.type == build::CacheEntry::Type::mount) out.mount_bytes += entry.size;
  }
  for (const build::CacheEntry& entry : before)
    if (entry.layer && !gone.contains(entry.id)) remaining.insert(*entry.layer);
  if (prune.dry_run)
    out.roots = [remaining] { return remaining; };
  else
    out.roots = [paths = store.paths()] { return build::cache_roots(paths); };
  return out;
}

}  // namespace mini::cmd
