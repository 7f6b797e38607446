// What is known of one entry of a tree. A Node is what the kernel says of it (stat), for everything
// that walks, compares or copies; EntryMeta is what a tar or a layer keeps of it, for everything
// that writes one.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace mini::files {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct Node {
  uint32_t mode = 0;  // with the type bits
  uint32_t uid = 0, gid = 0, nlink = 1;
  uint64_t size = 0, device = 0, inode = 0, rdev = 0;
  timespec atime{}, mtime{}, ctime{};
  uint32_t layer = 0;  // which of a view's directories has it, 0 the uppermost

  bool is_directory() const { return S_ISDIR(mode); }
  bool is_regular() const { return S_ISREG(mode); }
  bool is_link() const { return S_ISLNK(mode); }
  bool is_whiteout() const { return S_ISCHR(mode) && rdev == 0; }  // overlay's: device 0/0
  bool same_inode(const Node& other) const {
    return device == other.device && inode == other.inode;
  }
  bool same_file(const Node& other) const;  // and not changed in between
  bool same_metadata(const Node& other) const {
    return mode == other.mode && uid == other.uid && gid == other.gid;
  }
};

Node node_of(const struct stat& info, uint32_t layer = 0);
Node node_of(int fd, const std::string& shown, uint32_t layer = 0);  // fstat(2)

// The entry `name` of a directory, not what a link leads to; nothing when it cannot be looked at.
std::optional<Node> node_at(int directory, const std::string& name);

struct EntryMeta {
  uint32_t mode = 0;  // permission bits, set-id and sticky
  uint32_t uid = 0, gid = 0;
  int64_t mtime = 0;  // seconds
  std::map<std::string, std::string> xattrs;
};
EntryMeta meta_of(const Node& node);  // without attributes

bool same_time(const timespec& a, const timespec& b);
int64_t nanoseconds(const timespec& time);

}  // namespace mini::files
