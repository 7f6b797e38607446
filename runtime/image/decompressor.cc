#include "runtime/image/decompressor.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

constexpr size_t kInput = 256 << 10;
constexpr int kWindowLog = 27;                       // 128 MiB
constexpr uint64_t kXzMemory = uint64_t{192} << 20;  // a window of 128 MiB and what goes with it

}  // namespace

// One format's decoder. `step` takes some input and gives some output; `done` when a member has
// ended, and the next call starts another.
class Decompressor::Codec {
 public:
  struct Step {
    size_t taken, given;
    bool done;
  };
  virtual ~Codec() = default;
  // Throws Error with the reason alone.
  virtual Step step(const char* from, size_t from_size, char* to, size_t to_size) = 0;
};

namespace {

[[noreturn]] void corrupt(const char* format) {
  throw Error(cat("the ", format, " data is damaged"));
}
[[noreturn]] void no_memory() {
  throw Error("needs more memory to unpack than is allowed");
}

template <class Stream>
void set_buffers(Stream& stream, const char* from, size_t from_size, char* to, size_t to_size) {
  // The C interfaces are not const-correct; none writes to its input.
  stream.next_in = reinterpret_cast<decltype(stream.next_in)>(const_cast<char*>(from));
  stream.avail_in = static_cast<decltype(stream.avail_in)>(from_size);
  stream.next_out = reinterpret_cast<decltype(stream.next_out)>(to);
  stream.avail_out = static_cast<decltype(stream.avail_out)>(to_size);
}

class Gzip final : public Decompressor::Codec {
 public:
  Gzip() {
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) no_memory();
  }
  ~Gzip() override { inflateEnd(&stream_); }

  Step step(const char* from, size_t from_size, char* to, size_t to_size) override {
    set_buffers(stream_, from, from_size, to, to_size);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) no_memory();
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) corrupt("gzip");
    const Step step{from_size - stream_.avail_in, to_size - stream_.avail_out,
                    result == Z_STREAM_END};
    if (step.done) inflateReset(&stream_);
    return step;
  }

 private:
  z_stream stream_{};
};

class Bzip2 final : public Decompressor::Codec {
 public:
  Bzip2() { start(); }
  ~Bzip2() override { BZ2_bzDecompressEnd(&stream_); }

  Step step(const char* from, size_t from_size, char* to, size_t to_size) override {
    set_buffers(stream_, from, from_size, to, to_size);
    const int result = BZ2_bzDecompress(&stream_);
    if (result == BZ_MEM_ERROR) no_memory();
    if (result != BZ_OK && result != BZ_STREAM_END) corrupt("bzip2");
    const Step step{from_size - stream_.avail_in, to_size - stream_.avail_out,
                    result == BZ_STREAM_END};
    if (step.done) {
      BZ2_bzDecompressEnd(&stream_);
      start();
    }
    return step;
  }

 private:
  void start() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) no_memory();
  }
  bz_stream stream_{};
};

class Xz final : public Decompressor::Codec {
 public:
  Xz() { start(); }
  ~Xz() override { lzma_end(&stream_); }

  Step step(const char* from, size_t from_size, char* to, size_t to_size) override {
    set_buffers(stream_, from, from_size, to, to_size);
    const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
    if (result == LZMA_MEM_ERROR || result == LZMA_MEMLIMIT_ERROR) no_memory();
    if (result != LZMA_OK && result != LZMA_STREAM_END && result != LZMA_BUF_ERROR) corrupt("xz");
    const Step step{from_size - stream_.avail_in, to_size - stream_.avail_out,
                    result == LZMA_STREAM_END};
    if (step.done) start();
    return step;
  }

 private:
  void start() {
    if (lzma_stream_decoder(&stream_, kXzMemory, 0) != LZMA_OK) no_memory();
  }
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class Zstd final : public Decompressor::Codec {
 public:
  Zstd() : stream_(ZSTD_createDStream(), ZSTD_freeDStream) {
    if (!stream_ ||
        ZSTD_isError(ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLog)))
      no_memory();
  }

  Step step(const char* from, size_t from_size, char* to, size_t to_size) override {
    ZSTD_inBuffer in{from, from_size, 0};
    ZSTD_outBuffer out{to, to_size, 0};
    const size_t result = ZSTD_decompressStream(stream_.get(), &out, &in);
    if (ZSTD_isError(result)) {
      const std::string_view reason = ZSTD_getErrorName(result);
      if (reason.find("memory") != std::string_view::npos) no_memory();
      corrupt("zstd");
    }
    return {in.pos, out.pos, result == 0};
  }

 private:
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream_;
};

std::unique_ptr<Decompressor::Codec> make_codec(Compression compression) {
  switch (compression) {
    case Compression::none:
      return nullptr;
    case Compression::gzip:
      return std::make_unique<Gzip>();
    case Compression::zstd:
      return std::make_unique<Zstd>();
    case Compression::xz:
      return std::make_unique<Xz>();
    case Compression::bzip2:
      return std::make_unique<Bzip2>();
  }
  return nullptr;
}

}  // namespace

Compression compression_of(std::string_view first) {
  using namespace std::string_view_literals;
  if (first.starts_with("\x1f\x8b\x08"sv)) return Compression::gzip;
  if (first.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::zstd;
  // A zstd file may begin with a skippable frame.
  if (first.size() >= 4 && (first[0] & 0xf0) == 0x50 &&
      first.substr(1).starts_with("\x2a\x4d\x18"sv))
    return Compression::zstd;
  if (first.starts_with("\xfd"
                        "7zXZ\0"sv)) {
    return Compression::xz;
  }
  if (first.starts_with("BZh"sv) && first.size() >= 4 && first[3] >= '1' && first[3] <= '9')
    return Compression::bzip2;
  return Compression::none;
}

Decompressor::Decompressor(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), input_(std::make_unique_for_overwrite<char[]>(kInput)) {
  fill();
  compression_ = compression_of({input_.get(), input_size_});
  codec_ = make_codec(compression_);
  if (codec_) hash_.update(input_.get(), input_size_);
}

Decompressor::~Decompressor() = default;

bool Decompressor::fill() {
  input_used_ = 0;
  input_size_ = read_full(fd_, input_.get(), kInput, name_);
  // Plain bytes are hashed by whoever takes them.
  if (codec_) hash_.update(input_.get(), input_size_);
  blob_size_ += input_size_;
  return input_size_ > 0;
}

bool Decompressor::only_padding_left() {
  do {
    for (; input_used_ < input_size_; ++input_used_) {
      if (input_[input_used_] != 0) return false;
    }
  } while (fill());
  return true;
}

size_t Decompressor::read(char* to, size_t size) {
  size_t given = 0;
  while (given < size) {
    if (input_used_ == input_size_ && !fill() && (!codec_ || between_members_)) break;
    if (!codec_) {
      const size_t copied = std::min(size - given, input_size_ - input_used_);
      memcpy(to + given, input_.get() + input_used_, copied);
      input_used_ += copied;
      given += copied;
      continue;
    }
    // Nothing but zeros may stand between two members, and after zeros nothing.
    if (between_members_ && input_[input_used_] == 0) {
      if (!only_padding_left())
        throw Error(cat(name_, ": there is something after the compressed data"));
      break;
    }
    given += decode(to + given, size - given);
  }
  return given;
}

size_t Decompressor::decode(char* to, size_t size) {
  const size_t available = input_size_ - input_used_;
  if (between_members_ && available >= 4 &&
      compression_of({input_.get() + input_used_, available}) != compression_) {
    throw Error(cat(name_, ": there is something after the compressed data"));
  }
  const Codec::Step step = with_context(
      name_, [&] { return codec_->step(input_.get() + input_used_, available, to, size); });
  input_used_ += step.taken;
  between_members_ = step.done;
  if (available == 0 && step.given == 0 && !step.done)
    throw Error(cat(name_, ": the compressed data is truncated"));
  return step.given;
}

}  // namespace mini::image
