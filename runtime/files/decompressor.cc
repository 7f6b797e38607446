#include "runtime/files/decompressor.h"

#include <archive.h>
#include <lzma.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"

// libarchive lets xz allocate whatever a file asks for, which may be 4 GiB. The link (--wrap) leads
// its call here. 192 MiB are a window of 128 MiB, twice that of `xz -9`, and what goes with it;
// zstd's library stops at the same window by itself.
extern "C" {
lzma_ret __real_lzma_stream_decoder(lzma_stream* stream, uint64_t memory, uint32_t flags);
lzma_ret __wrap_lzma_stream_decoder(lzma_stream* stream, uint64_t memory, uint32_t flags) {
  return __real_lzma_stream_decoder(stream, std::min(memory, uint64_t{192} << 20), flags);
}
}

namespace mini::files {
namespace {

constexpr size_t kInput = HashStream::kBuffer;
// Enough to tell a format by. Until it is known the bytes are hashed, for nothing if they are
// plain.
constexpr size_t kFirstInput = 4 << 10;
constexpr std::string_view kGzip("\x1f\x8b\x08");  // RFC 1952, 2.3.1; deflate, the only method

// The formats that are read here.
bool is_compressed(std::string_view bytes) {
  return bytes.starts_with(kGzip) || bytes.starts_with("\x28\xb5\x2f\xfd") ||
         bytes.starts_with(std::string_view("\xfd"
                                            "7zXZ\0",
                                            6)) ||
         (bytes.starts_with("BZh") && bytes.substr(4).starts_with("1AY&SY"));
}

}  // namespace

// RFC 1952, 2.3.1; RFC 8878, 3.1.1.
bool begins_compressed(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd");
}

Decompressor::Decompressor(int fd, std::string name)
    : Decompressor([fd, name](char* to, size_t size) { return read_full(fd, to, size, name); },
                   name) {}

Decompressor::Decompressor(ByteSource source, std::string name)
    : source_(std::move(source)), name_(std::move(name)), archive_(nullptr, archive_read_free) {
  if (fill() == 0) throw Error(cat(name_, ": is empty"));
  if (input_.starts_with(kGzip)) {
    gzip_ = std::make_unique<GzipReader>([this] { return next_input(); }, name_);
  } else {
    open_archive();
  }
}

void Decompressor::open_archive() {
  archive_.reset(archive_read_new());
  archive* in = archive_.get();
  if (!in) throw SysError(ENOMEM, name_);
  // Anything but OK would mean that libarchive was built without the codec and would run a program.
  if (archive_read_support_filter_gzip(in) != ARCHIVE_OK ||
      archive_read_support_filter_zstd(in) != ARCHIVE_OK ||
      archive_read_support_filter_xz(in) != ARCHIVE_OK ||
      archive_read_support_filter_bzip2(in) != ARCHIVE_OK ||
      archive_read_support_format_raw(in) != ARCHIVE_OK)
    throw Error("this mini was built with a libarchive that lacks a codec");
  if (archive_read_open(in, this, nullptr, feed, nullptr) != ARCHIVE_OK) fail();
  compressed_ = archive_filter_code(in, 0) != ARCHIVE_FILTER_NONE;
  if (archive_filter_count(in) > 2) throw Error(cat(name_, ": is compressed twice"));
  archive_entry* entry;
  if (archive_read_next_header(in, &entry) != ARCHIVE_OK) fail();
}

Compression Decompressor::compression() const {
  if (gzip_) return Compression::gzip;
  switch (archive_filter_code(archive_.get(), 0)) {
    case ARCHIVE_FILTER_ZSTD:
      return Compression::zstd;
    case ARCHIVE_FILTER_XZ:
      return Compression::xz;
    case ARCHIVE_FILTER_BZIP2:
      return Compression::bzip2;
    default:
      return Compression::none;
  }
}

void Decompressor::fail() const {
  if (error_) std::rethrow_exception(error_);
  const char* reason = archive_error_string(archive_.get());
  throw Error(cat(name_, ": cannot be unpacked: ", reason ? lower(reason) : "truncated data"));
}

ssize_t Decompressor::feed(archive*, void* object, const void** piece) {
  auto* self = static_cast<Decompressor*>(object);
  try {
    const std::string_view input = self->next_input();
    *piece = input.data();
    return static_cast<ssize_t>(input.size());
  } catch (...) {
    self->error_ = std::current_exception();
    return ARCHIVE_FATAL;
  }
}

// The first piece has been looked at already.
std::string_view Decompressor::next_input() {
  if (looked_at_) fill();
  looked_at_ = true;
  return input_;
}

size_t Decompressor::fill() {
  const HashStream::Space space = hash_.space(kInput);
  input_ = {space.data, source_(space.data, blob_size_ == 0 ? kFirstInput : kInput)};
  if (compressed_) hash_.commit(input_.size());
  if (const size_t last = input_.find_last_not_of('\0'); last != std::string_view::npos)
    content_end_ = blob_size_ + last + 1;
  blob_size_ += input_.size();
  return input_.size();
}

size_t Decompressor::read(char* to, size_t size) {
  if (finished_) return 0;
  size_t given;
  if (gzip_) {
    given = gzip_->read(to, size);
    if (size_ == 0 && is_compressed({to, given})) throw Error(cat(name_, ": is compressed twice"));
  } else {
    const ssize_t got = archive_read_data(archive_.get(), to, size);
    if (got < 0) fail();
    given = static_cast<size_t>(got);
  }
  size_ += given;
  if (given < size) {
    finished_ = true;
    if (compressed_ && !gzip_) check_end();
  }
  return given;
}

// libarchive stops without a word at what is no further frame.
void Decompressor::check_end() {
  const auto end = static_cast<uint64_t>(archive_filter_bytes(archive_.get(), -1));
  while (fill() > 0) {
  }
  if (content_end_ > end) throw Error(cat(name_, ": there is something after the compressed data"));
}

}  // namespace mini::files
