#include "runtime/network/link/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "runtime/base/text.h"

namespace mini::network {

std::optional<Address> Address::parse(std::string_view text) {
  const std::string copy(text);
  if (copy.size() != strlen(copy.c_str())) return {};
  uint8_t bytes[16];
  if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) return from_bytes(bytes, false);
  if (inet_pton(AF_INET6, copy.c_str(), bytes) == 1) return from_bytes(bytes, true);
  return {};
}

Address Address::from_bytes(const void* bytes, bool v6) {
  Address out;
  out.size_ = v6 ? 16 : 4;
  memcpy(out.bytes_.data(), bytes, out.size_);
  return out;
}

Address Address::v4(uint32_t host_order) {
  const uint32_t bytes = htonl(host_order);
  return from_bytes(&bytes, false);
}

bool Address::is_any() const {
  return size_ != 0 && std::all_of(bytes_.begin(), bytes_.begin() + size_,
                                   [](uint8_t byte) { return byte == 0; });
}

bool Address::is_loopback() const {
  if (is_v4()) return bytes_[0] == 127;
  return is_v6() && *this == from_bytes(&in6addr_loopback, true);
}

int Address::family() const {
  return is_v6() ? AF_INET6 : AF_INET;
}

std::string Address::str() const {
  if (empty()) return {};
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family(), bytes_.data(), text, sizeof text);
}

Address Address::plus(uint64_t count) const {
  Address out = *this;
  for (size_t i = size_; i-- > 0 && count != 0;) {
    count += out.bytes_[i];
    out.bytes_[i] = static_cast<uint8_t>(count);
    count >>= 8;
  }
  return out;
}

namespace {

// The mask's byte number `index`.
uint8_t mask_byte(unsigned length, size_t index) {
  const size_t start = index * 8;
  if (length >= start + 8) return 0xff;
  if (length <= start) return 0;
  return static_cast<uint8_t>(0xff << (8 - (length - start)));
}

Address masked(const Address& address, unsigned length, bool fill) {
  uint8_t bytes[16];
  for (size_t i = 0; i < address.size(); ++i) {
    const uint8_t mask = mask_byte(length, i);
    bytes[i] = static_cast<uint8_t>((address.bytes()[i] & mask) | (fill ? ~mask : 0));
  }
  return Address::from_bytes(bytes, address.is_v6());
}

}  // namespace

std::optional<Subnet> Subnet::parse(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) return {};
  const auto length = parse_number(text.substr(slash + 1), base->size() * 8);
  if (!length) return {};
  const Subnet subnet = of(*base, static_cast<unsigned>(*length));
  if (subnet.base != *base) return {};
  return subnet;
}

Subnet Subnet::of(const Address& address, unsigned length) {
  return {masked(address, length, false), length};
}

bool Subnet::contains(const Address& address) const {
  return address.size() == base.size() && masked(address, length, false) == base;
}

bool Subnet::overlaps(const Subnet& other) const {
  return contains(other.base) || other.contains(base);
}

Address Subnet::last() const {
  return masked(base, length, true);
}

Address mask_of(const Address& address, unsigned length) {
  return masked(address, length, false);
}

std::string Subnet::str() const {
  return cat(base.str(), '/', length);
}

std::optional<Mac> parse_mac(std::string_view text) {
  constexpr size_t kLength = 17;
  if (text.size() != kLength) return {};
  Mac mac{};
  for (size_t i = 0; i < kLength; ++i) {
    const char c = text[i];
    if (i % 3 == 2) {
      if (c != ':' && c != '-') return {};
      continue;
    }
    const bool digit = c >= '0' && c <= '9', low = c >= 'a' && c <= 'f',
               high = c >= 'A' && c <= 'F';
    if (!digit && !low && !high) return {};
    const int value = digit ? c - '0' : low ? c - 'a' + 10 : c - 'A' + 10;
    mac[i / 3] = static_cast<uint8_t>(mac[i / 3] << 4 | value);
  }
  if ((mac[0] & 1) != 0 || mac == Mac{}) return {};
  return mac;
}

std::string to_string(const Mac& mac) {
  char text[18];
  snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
           mac[4], mac[5]);
  return text;
}

}  // namespace mini::network
