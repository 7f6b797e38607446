// The bytes of a file as they came, and what they unpack to: plain, or gzip (gzip_reader.h), zstd,
// xz or bzip2, which libarchive tells apart by the first bytes and decodes in this process (no
// external program is ever run). Several members or frames after one another are one content; zeros
// after a gzip are padding; anything else, and a truncated end, is an Error. So is what is
// compressed twice. Memory is bounded: windows of at most 128 MiB. What was compressed is hashed on
// the way, by a thread of its own when it is much.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/digest.h"
#include "runtime/files/gzip_reader.h"
#include "runtime/files/hash_stream.h"

struct archive;

namespace mini::files {

// Up to `size` bytes, fewer only at the end.
using ByteSource = std::function<size_t(char* to, size_t size)>;

enum class Compression { none, gzip, zstd, xz, bzip2 };

// By the first bytes: gzip or zstd, in which layers may be kept.
bool begins_compressed(std::string_view bytes);

class Decompressor {
 public:
  // `name` is for errors.
  Decompressor(ByteSource source, std::string name);
  // Reads `fd` from its current offset.
  Decompressor(int fd, std::string name);

  // Up to `size` bytes, fewer only at the end.
  size_t read(char* to, size_t size);

  bool compressed() const { return compressed_; }
  Compression compression() const;
  // After the end: what was read. The digest only when it was compressed; otherwise it is that of
  // what `read` gave.
  uint64_t blob_size() const { return blob_size_; }
  Digest blob_digest() { return hash_.finish(); }

 private:
  static ssize_t feed(archive*, void* self, const void** piece);
  void open_archive();
  std::string_view next_input();
  size_t fill();
  void check_end();
  [[noreturn]] void fail() const;

  const ByteSource source_;
  const std::string name_;
  bool compressed_ = true;  // until it is known
  bool looked_at_ = false, finished_ = false;
  HashStream hash_;  // its buffers are where the input lies
  uint64_t blob_size_ = 0;
  uint64_t content_end_ = 0;  // after the last byte of the blob that is not zero
  std::string_view input_;
  uint64_t size_ = 0;
  std::exception_ptr error_;  // what `feed` may not throw through libarchive
  std::unique_ptr<GzipReader> gzip_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;  // for all but gzip
};

}  // namespace mini::files
