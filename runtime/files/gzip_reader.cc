#include "runtime/files/gzip_reader.h"

#include <libdeflate.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::files {
namespace {

constexpr size_t kMember = 1 << 20;
constexpr size_t kMemberInput = kMember + (64 << 10);  // what is stored grows a little
constexpr int kGzipOnly = 16 + MAX_WBITS;

}  // namespace

void GzipReader::FreeDecompressor::operator()(libdeflate_decompressor* one) const {
  libdeflate_free_decompressor(one);
}

GzipReader::GzipReader(std::function<std::string_view()> input, std::string name)
    : input_(std::move(input)), name_(std::move(name)), whole_(libdeflate_alloc_decompressor()) {
  if (!whole_ || inflateInit2(&stream_, kGzipOnly) != Z_OK) throw SysError(ENOMEM, name_);
  member_.resize(kMember);
}

GzipReader::~GzipReader() {
  inflateEnd(&stream_);
}

size_t GzipReader::read(char* to, size_t size) {
  size_t done = 0;
  while (done < size) {
    if (const size_t left = member_size_ - member_used_; left > 0) {
      const size_t length = std::min(size - done, left);
      memcpy(to + done, member_.data() + member_used_, length);
      member_used_ += length;
      done += length;
    } else if (streaming_) {
      done += inflate_some(to + done, size - done);
    } else if (!next_member()) {
      break;
    }
  }
  return done;
}

// False when no byte is left. What is there is moved to the front, so there must be much room after
// it when members are short.
bool GzipReader::refill(size_t least) {
  if (in_.size() - at_ < least && !input_ended_) {
    in_.erase(0, at_);
    at_ = 0;
    const size_t enough = least == kMemberInput ? 3 * least : least;
    while (in_.size() < enough && !input_ended_) {
      const std::string_view piece = input_();
      input_ended_ = piece.empty();
      in_ += piece;
    }
  }
  return at_ < in_.size();
}

bool GzipReader::next_member() {
  const bool more = refill(whole_ ? kMemberInput : 2);
  const std::string_view next = std::string_view(in_).substr(at_);
  if (begun_ && !next.starts_with("\x1f\x8b")) {
    for (bool left = more; left; at_ = in_.size(), left = refill(1)) {
      if (in_.find_first_not_of('\0', at_) != std::string::npos)
        throw Error(cat(name_, ": there is something after the compressed data"));
    }
    return false;
  }
  begun_ = true;
  if (whole_ && decode_whole()) return true;
  whole_.reset();
  member_ = {};
  inflateReset(&stream_);
  streaming_ = true;
  return true;
}

// False when it does not fit, and for what is damaged, which the stream then explains.
bool GzipReader::decode_whole() {
  size_t used = 0, got = 0;
  if (libdeflate_gzip_decompress_ex(whole_.get(), in_.data() + at_, in_.size() - at_,
                                    member_.data(), kMember, &used, &got) != LIBDEFLATE_SUCCESS)
    return false;
  at_ += used;
  member_used_ = 0;
  member_size_ = got;
  return true;
}

size_t GzipReader::inflate_some(char* to, size_t size) {
  if (!refill(1)) damaged("truncated data");
  stream_.next_in = reinterpret_cast<Bytef*>(in_.data() + at_);
  stream_.avail_in = static_cast<uInt>(in_.size() - at_);
  stream_.next_out = reinterpret_cast<Bytef*>(to);
  const auto room = static_cast<uInt>(std::min<size_t>(size, 1U << 30));
  stream_.avail_out = room;
  const int result = inflate(&stream_, Z_NO_FLUSH);
  at_ = in_.size() - stream_.avail_in;
  if (result == Z_STREAM_END) {
    streaming_ = false;
  } else if (result != Z_OK) {
    const std::string_view why = stream_.msg ? stream_.msg : "";
    damaged(why == "incorrect data check"     ? "its checksum differs"
            : why == "incorrect length check" ? "its length differs from what it says"
            : stream_.msg                     ? stream_.msg
                                              : "damaged data");
  }
  return room - stream_.avail_out;
}

void GzipReader::damaged(const char* why) const {
  throw Error(cat(name_, ": cannot be unpacked: ", why));
}

}  // namespace mini::files
