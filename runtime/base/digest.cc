#include "runtime/base/digest.h"

#include <memory>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

constexpr std::string_view kPrefix = "sha256:";

bool is_hex(std::string_view text) {
  return text.size() == 2 * SHA256_DIGEST_LENGTH &&
         text.find_first_not_of(kHexDigits) == std::string_view::npos;
}

}  // namespace

bool Digest::is_valid(std::string_view text) {
  return text.starts_with(kPrefix) && is_hex(text.substr(kPrefix.size()));
}

Digest Digest::parse(std::string_view text) {
  if (!is_valid(text)) {
    throw Error(cat("digest ", quoted(text.substr(0, 100)),
                    ": expected sha256: and 64 lower-case hexadecimal digits"));
  }
  return from_hex(text.substr(kPrefix.size()));
}

Digest Digest::from_hex(std::string_view hex) {
  if (!is_hex(hex)) {
    throw Error(
        cat("digest ", quoted(hex.substr(0, 100)), ": expected 64 lower-case hexadecimal digits"));
  }
  Digest digest;
  digest.hex_ = hex;
  return digest;
}

Digest Digest::of(std::string_view data) {
  return Sha256().update(data).finish();
}

Digest Digest::of_fd(int fd, const std::string& name) {
  constexpr size_t kBuffer = 256 << 10;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBuffer);
  Sha256 hash;
  for (;;) {
    const size_t got = read_full(fd, buffer.get(), kBuffer, name);
    hash.update(buffer.get(), got);
    if (got < kBuffer) return hash.finish();
  }
}

// The low-level calls: fetching an EVP algorithm initialises OpenSSL's providers, which costs a
// start a millisecond.
Sha256::Sha256() {
  SHA256_Init(&state_);
}

Sha256& Sha256::update(const void* data, size_t size) {
  SHA256_Update(&state_, data, size);
  return *this;
}

Digest Sha256::finish() {
  unsigned char raw[SHA256_DIGEST_LENGTH];
  SHA256_Final(raw, &state_);
  std::string hex;
  hex.reserve(2 * sizeof raw);
  for (const unsigned char byte : raw) {
    hex += kHexDigits[byte >> 4];
    hex += kHexDigits[byte & 15];
  }
  return Digest::from_hex(hex);
}

}  // namespace mini
