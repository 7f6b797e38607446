// What a gzip file (RFC 1952) holds. Members of up to a MiB, as mini's pushes and bgzip write them,
// are decoded whole by libdeflate, in half the time; from the first larger one on zlib streams.
// Either holds the content against its checksum. Several members are one content; zeros after them
// are padding; anything else, and a truncated end, is an Error. Memory: five MiB.
#pragma once

#include <zlib.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct libdeflate_decompressor;

namespace mini::files {

class GzipReader {
 public:
  // `input` gives the next bytes of the file, valid until it is called again; none at the end.
  // `name` is for errors.
  GzipReader(std::function<std::string_view()> input, std::string name);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  // Up to `size` bytes, fewer only at the end, when all of the input has been read.
  size_t read(char* to, size_t size);

 private:
  struct FreeDecompressor {
    void operator()(libdeflate_decompressor* one) const;
  };

  bool refill(size_t least);
  bool next_member();
  bool decode_whole();
  size_t inflate_some(char* to, size_t size);
  [[noreturn]] void damaged(const char* why) const;

  const std::function<std::string_view()> input_;
  const std::string name_;
  std::string in_;  // from at_ on, not used yet
  size_t at_ = 0;
  bool input_ended_ = false, begun_ = false;
  std::unique_ptr<libdeflate_decompressor, FreeDecompressor> whole_;  // until a member is too large
  std::string member_;                                                // decoded whole
  size_t member_used_ = 0, member_size_ = 0;
  z_stream stream_{};
  bool streaming_ = false;  // in the middle of a member
};

}  // namespace mini::files
