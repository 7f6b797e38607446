// Entries of a tar that may be hostile, read by libarchive: ustar, PAX (POSIX.1-2001) and GNU.
// Names are the raw bytes of the archive, whatever their character set. What libarchive would
// guess, repair or leave out is refused: sparse files, types that are not known, numbers that are
// none, NUL in names, a size that lies, an end within an entry. An end mark may be missing. Memory
// is bounded: 32 extended headers of at most 1 MiB an entry, names shorter than kLongestPath.
// Global PAX headers have no say, as in Docker. What a name means is the caller's: nothing here
// touches a file system.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/files/tar_writer.h"

struct archive;
struct archive_entry;

namespace mini::files {

class TarReader {
 public:
  // Gives `size` bytes (at most 256 KiB), fewer only at the end; valid until the next call.
  using Source = std::function<std::string_view(size_t size)>;

  TarReader(Source source, std::string name);

  // The next entry, its path and link raw; what is left of the content before it is skipped.
  // Nothing at the end.
  std::optional<TarEntry> next();
  // The next piece of the entry's content; empty at its end.
  std::string_view content();
  // Instead of `next`: is this a tar with at least one entry, sound or not?
  bool has_entry();

 private:
  static ssize_t feed(archive*, void* self, const void** piece);
  std::string_view pull();
  int read_header(archive_entry** entry);
  void check_end() const;
  void check_header(const TarEntry& entry, bool sparse) const;
  TarEntry convert(archive_entry* from) const;
  void rethrow() const;
  [[noreturn]] void fail() const;
  [[noreturn]] void damaged(const std::string& why) const;

  Source source_;
  const std::string name_;
  std::string headers_;      // the blocks since the last entry's content
  size_t zero_blocks_ = 0;   // of them, the last ones that are nothing but zeros
  uint64_t body_ahead_ = 0;  // bytes of content, and padding, that were not fed yet
  uint64_t size_ = 0, given_ = 0;
  bool at_end_ = true;
  std::exception_ptr error_;  // what `feed` may not throw through libarchive
  std::unique_ptr<archive, int (*)(archive*)> archive_;
};

}  // namespace mini::files
