// The control files of one cgroup directory, the same on every layout: written with an error that
// names the limit, read as values that may be missing, and whole sub-trees of groups listed and
// removed. Paths are those of cgroup file systems, which hold no links. Used by the layout files
// (cgroup_v1, cgroup_v2) and cgroup.cc only. Throws Error and SysError.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mini::container {

// One write that sets one limit. `limit` is the limit in the words of the specification ("memory
// limit").
struct LimitWrite {
  std::string file, value, limit;
  bool operator==(const LimitWrite&) const = default;
};
using LimitWrites = std::vector<LimitWrite>;

// Writes them in order; the error names the limit, the file and `layout`.
void write_limits(const std::string& directory, const LimitWrites& writes, const char* layout);

// A control file's text; nothing when the file or the whole group is not there.
std::optional<std::string> read_control(const std::string& directory, const std::string& file);
// A file that holds one number; nothing for "max", for v1's spelling of it, and when there is no
// file.
std::optional<uint64_t> read_number(const std::string& directory, const std::string& file);
// The number after `key` in lines "key number"; 0 when there is none.
uint64_t keyed_number(std::string_view text, std::string_view key);
// Blank-separated words, as in cgroup.controllers.
std::vector<std::string> words(std::string_view text);

// mkdir of every component of `relative` below `base`. `made` is called after each new directory.
// True when the last one is new.
bool make_group(const std::string& base, const std::string& relative,
                const std::function<void(const std::string& directory)>& made = {});
// Pids in the group and the groups below it; pids of other pid namespaces (0) left out.
std::vector<pid_t> processes_below(const std::string& directory);
void move_process(const std::string& directory, pid_t pid);
// rmdir, deepest first, retried for a short while when the kernel still holds the group; missing is
// fine.
void remove_group(const std::string& directory);

}  // namespace mini::container
