// Entries of a tar that may be hostile: ustar, PAX (POSIX.1-2001) and GNU long names, checked byte
// by byte. Names are the raw bytes of the archive: no character set, no locale. Memory is bounded:
// extended headers of at most 1 MiB, names of at most kLongestPath. Refused: sparse files, types
// that are not known, numbers out of range, NUL in names, a missing end. What a name means is the
// caller's: nothing here touches a file system.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/image/tar_writer.h"

namespace mini::image {

class TarReader {
 public:
  // Gives `size` bytes (at most 256 KiB), fewer only at the end; valid until the next call.
  using Source = std::function<std::string_view(size_t size)>;

  TarReader(Source source, std::string name) : source_(std::move(source)), name_(std::move(name)) {}

  // The next entry, its path and link raw; what is left of the content before it is skipped.
  // Nothing at the end.
  std::optional<TarEntry> next();
  // The next piece of the entry's content; empty at its end.
  std::string_view content();

 private:
  using Records = std::map<std::string, std::string>;

  std::optional<std::string> header_block();
  std::string_view exactly(size_t size);
  std::string extended(uint64_t size, size_t limit);
  void skip_content();
  void parse_records(std::string_view text, Records& records) const;
  void apply_records(const Records& records, TarEntry& entry) const;
  TarEntry parse_header(const std::string& block) const;
  void finish_entry(TarEntry& entry, char type);
  [[noreturn]] void damaged(const std::string& why) const;

  Source source_;
  const std::string name_;
  Records global_;
  uint64_t left_ = 0, padding_ = 0;
};

// Does this block of 512 bytes begin a tar?
bool is_tar_header(std::string_view block);

}  // namespace mini::image
