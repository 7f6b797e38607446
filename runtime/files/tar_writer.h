// The canonical tar of a layer: the same entries give the same bytes, everywhere and always. POSIX
// ustar headers (pax(1), "ustar Interchange Format"), with a PAX header only where ustar cannot say
// it: long or split-proof names, sizes from 8 GiB, ids from 2097152, extended attributes
// (SCHILY.xattr.*), records sorted by key.
//  - names have no "./" in front; directories end in "/"; the root is the one entry "./"; non-ASCII
//  names are their raw bytes
//  - owner names are empty, device numbers 0 except for devices, times whole seconds, modes only
//  permission, set-id and sticky bits
//  - a whiteout is an empty file .wh.NAME, an opaque directory is followed by an empty
//  .wh..wh..opq, both root's, mode 0, time 0
//  - two blocks of zeros at the end, and nothing after them
// The order of entries is the caller's promise: depth first, the names of one directory sorted by
// their bytes (a whiteout by the name that it hides).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/files/hash_stream.h"
#include "runtime/files/metadata.h"

namespace mini::files {

constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr std::string_view kOpaqueMarker = ".wh..wh..opq";
constexpr size_t kLongestPath = 4096;
constexpr size_t kTarBlock = 512;

enum class EntryType : char {
  file = '0',
  hard_link = '1',
  symlink = '2',
  character = '3',
  block = '4',
  directory = '5',
  fifo = '6',
};

struct TarEntry : EntryMeta {
  TarEntry() = default;
  TarEntry(EntryType kind, std::string name, EntryMeta meta = {})
      : EntryMeta(std::move(meta)), type(kind), path(std::move(name)) {}

  EntryType type = EntryType::file;
  std::string path;   // "a/b"; "" is the root
  uint64_t size = 0;  // of a file: `data` must follow with as many bytes
  std::string link;   // what a symlink holds, or the path of a hard link's file
  unsigned major = 0, minor = 0;
};

class TarWriter {
 public:
  explicit TarWriter(HashStream& out) : out_(out) {}

  void entry(const TarEntry& entry);
  void whiteout(const std::string& path);
  void opaque(const std::string& directory);
  // After an entry with content, `size` bytes of which went to the stream: pads to a whole block.
  void pad(uint64_t size);
  void end();

  uint64_t entries() const { return entries_; }

 private:
  void header(const TarEntry& entry, char type, std::string_view name, std::string_view link,
              uint64_t size);
  HashStream& out_;
  uint64_t entries_ = 0;
};

// The time that a layer records: not before 1970, not after `epoch`.
int64_t clamp_time(int64_t mtime, int64_t epoch);

}  // namespace mini::files
