// Remembers the SHA-256 of files by what stat says of them (device, inode, size, mtime, ctime), so
// that a cached build reads no content. One table per context directory, in
// <root>/cache/context/<id>: a header with a checksum, then fixed records sorted by device and
// inode. A table that is missing, torn or of another version is empty, never an error. A file whose
// ctime was too near to the moment of hashing is not remembered: it could have changed again within
// the same tick of the file system's clock.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "builder/build/event/cancel.h"
#include "runtime/base/digest.h"
#include "runtime/files/view.h"

namespace mini::build {

class HashMemo {
 public:
  HashMemo() = default;  // remembers for this build only
  // `immutable`: the files are layers, which never change; every hash is remembered.
  HashMemo(std::string file, bool immutable);

  std::optional<files::ContentHash> find(const files::Node& node) const;
  void add(const files::Node& node, const files::ContentHash& hash, int64_t hashed_at_ns);
  // Writes the table when it has learned something. Not durable: losing it costs only time.
  void save();

  struct Record {
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns;
    files::ContentHash hash;
  };

 private:
  void load();

  std::string file_;
  bool immutable_ = false;
  mutable std::mutex mutex_;
  using Key = std::pair<uint64_t, uint64_t>;  // device, inode
  std::span<const Record> known() const;

  std::string table_;               // as read: a header and sorted records
  std::map<Key, Record> learned_;   // to be remembered
  std::map<Key, Record> fleeting_;  // too young: for this build only
};

files::ContentHash content_hash(const Digest& digest);

// Fills `content` of these regular files, from the memo or by reading, with two threads.
void hash_contents(const files::View& view, const std::vector<files::Entry*>& files, HashMemo& memo,
                   const Cancel& cancel);

}  // namespace mini::build
