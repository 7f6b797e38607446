// SHA-256 content addresses ("sha256:" and 64 lower-case hex digits): OCI image specification,
// descriptor.md#digests. No other algorithm is accepted, so a Digest can be used as a file name.
// Sha256 is incremental and uses the CPU's SHA instructions through OpenSSL.
#pragma once

#include <openssl/sha.h>

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace mini {

class Digest {
 public:
  Digest() = default;  // empty: names nothing
  static Digest parse(
      std::string_view text);  // throws Error unless the whole text is sha256:<64 lower-case hex>
  static bool is_valid(std::string_view text);
  static Digest of(std::string_view data);
  static Digest of_fd(int fd, const std::string& name);  // from the current offset to the end
  static Digest from_hex(std::string_view hex);          // 64 lower-case hex digits

  bool empty() const { return hex_.empty(); }
  const std::string& hex() const { return hex_; }
  std::string str() const { return "sha256:" + hex_; }
  std::string short_id() const { return hex_.substr(0, 12); }
  auto operator<=>(const Digest&) const = default;

 private:
  std::string hex_;
};

class Sha256 {
 public:
  Sha256();
  Sha256& update(std::string_view data) { return update(data.data(), data.size()); }
  Sha256& update(const void* data, size_t size);
  Digest finish();  // the object may not be used afterwards

 private:
  SHA256_CTX state_;
};

}  // namespace mini
