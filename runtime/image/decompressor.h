// The bytes of a file as they came, and what they unpack to: plain, gzip, zstd, xz or bzip2, told
// apart by their first bytes and decoded in this process (no external program is ever run). Several
// members or frames after one another are one content; zeros after them are padding; anything else,
// and a truncated end, is an Error. Memory is bounded: windows of at most 128 MiB, as the formats'
// own tools allow. What was compressed is hashed on the way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/digest.h"

namespace mini::image {

enum class Compression { none, gzip, zstd, xz, bzip2 };

Compression compression_of(std::string_view first_bytes);

class Decompressor {
 public:
  // Reads `fd` from its current offset; `name` is for errors.
  Decompressor(int fd, std::string name);
  ~Decompressor();

  // Up to `size` bytes, fewer only at the end.
  size_t read(char* to, size_t size);

  Compression compression() const { return compression_; }
  // After the end: what was read. The digest only when it was compressed; otherwise it is that of
  // what `read` gave.
  uint64_t blob_size() const { return blob_size_; }
  Digest blob_digest() { return hash_.finish(); }

  class Codec;

 private:
  bool fill();
  size_t decode(char* to, size_t size);
  bool only_padding_left();

  const int fd_;
  const std::string name_;
  Compression compression_ = Compression::none;
  Sha256 hash_;
  uint64_t blob_size_ = 0;
  std::unique_ptr<char[]> input_;
  size_t input_used_ = 0, input_size_ = 0;
  bool between_members_ = true;
  std::unique_ptr<Codec> codec_;
};

}  // namespace mini::image
