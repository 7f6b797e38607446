// Writes a layer's tree and hashes its canonical tar in one pass. Entries must come in canonical
// order: a directory before its content, the names of one directory sorted by bytes (depth first).
// Owners, modes and times are as given; times are clamped to `epoch`. The tree lies in a Draft's
// directory; everything is made through directory fds, links are never followed. Throws SysError /
// Error; the caller drops the Draft.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/digest.h"
#include "runtime/files/metadata.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::image {

class LayerWriter {
 public:
  LayerWriter(const Draft& draft, int64_t epoch);
  ~LayerWriter();

  // `path` is relative, clean ("a/b"), without "..".
  void directory(const std::string& path, const files::EntryMeta& meta, bool opaque = false);
  // Copies exactly `size` bytes from `source_fd` (from its start); throws when the file is shorter
  // or longer by now.
  void file(const std::string& path, const files::EntryMeta& meta, int source_fd, uint64_t size);
  void file(const std::string& path, const files::EntryMeta& meta, std::string_view content);
  void symlink(const std::string& path, const files::EntryMeta& meta, const std::string& target);
  void hard_link(const std::string& path,
                 const std::string& existing);  // `existing` was written earlier
  void device(const std::string& path, const files::EntryMeta& meta, bool block, unsigned major,
              unsigned minor);
  void fifo(const std::string& path, const files::EntryMeta& meta);
  void whiteout(const std::string& path);

  struct Result {
    Digest diff_id;
    uint64_t size, files;
  };
  Result finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mini::image
