#include "runtime/files/metadata.h"

#include "runtime/base/fd.h"

namespace mini::files {

Node node_of(const struct stat& info, uint32_t layer) {
  Node node;
  node.mode = info.st_mode;
  node.uid = info.st_uid;
  node.gid = info.st_gid;
  node.nlink = static_cast<uint32_t>(info.st_nlink);
  node.size = static_cast<uint64_t>(info.st_size);
  node.device = info.st_dev;
  node.inode = info.st_ino;
  node.rdev = info.st_rdev;
  node.atime = info.st_atim;
  node.mtime = info.st_mtim;
  node.ctime = info.st_ctim;
  node.layer = layer;
  return node;
}

Node node_of(int fd, const std::string& shown, uint32_t layer) {
  return node_of(stat_fd(fd, shown), layer);
}

std::optional<Node> node_at(int directory, const std::string& name) {
  struct stat info;
  if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) return {};
  return node_of(info);
}

bool Node::same_file(const Node& other) const {
  return same_inode(other) && size == other.size && same_time(mtime, other.mtime) &&
         same_time(ctime, other.ctime) && (mode & S_IFMT) == (other.mode & S_IFMT);
}

EntryMeta meta_of(const Node& node) {
  return {node.mode & 07777, node.uid, node.gid, node.mtime.tv_sec, {}};
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

// Unsigned, because a hostile time may be out of range.
int64_t nanoseconds(const timespec& time) {
  return static_cast<int64_t>(static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
                              static_cast<uint64_t>(time.tv_nsec));
}

}  // namespace mini::files
