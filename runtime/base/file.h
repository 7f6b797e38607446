// Files that belong to mini itself (its store, its state, host files such as /proc), by plain path.
// Never used for a path inside a rootfs or a build context: see root.h. Everything throws SysError
// naming the path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mini {

std::string read_file(const std::string& path, size_t limit = 64 << 20);
std::optional<std::string> read_file_if_exists(const std::string& path, size_t limit = 64 << 20);
// Whole or not at all: written beside `path` as a hidden temporary, renamed over it. With
// `durable`, the file and its directory are synced.
void replace_file(const std::string& path, std::string_view data, bool durable,
                  unsigned mode = 0644);
void write_existing(const std::string& path,
                    std::string_view data);  // one write(2), for /proc and cgroup files

bool exists(const std::string& path);  // does not follow a final link
void make_directories(const std::string& path, unsigned mode = 0755);
std::vector<std::string> list_directory(
    const std::string& path);  // names without . and .., sorted; empty when it does not exist
void sync_directory(const std::string& path);
void sync_filesystem(const std::string& path);
void rename_path(const std::string& from, const std::string& to);
// Removes a tree without following links or crossing a mount; makes its directories writable as
// needed. Missing is fine.
void remove_tree(const std::string& path);
// Bytes that the disk holds for the tree (st_blocks), hard links counted once; missing is 0.
uint64_t disk_usage(const std::string& path);

}  // namespace mini
