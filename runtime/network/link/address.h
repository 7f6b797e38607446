// IP addresses, subnets and hardware addresses as plain values. Pure; no name is ever looked up.
// Texts as inet_ntop writes them; parsing is strict (no "10.1", no leading zeros, no zone).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mini::network {

class Address {
 public:
  Address() = default;  // none
  static std::optional<Address> parse(std::string_view text);
  static Address parse_or_none(std::string_view text) { return parse(text).value_or(Address()); }
  static Address from_bytes(const void* bytes, bool v6);  // network order, 4 or 16 of them
  static Address v4(uint32_t host_order);

  bool empty() const { return size_ == 0; }
  explicit operator bool() const { return size_ != 0; }
  bool is_v4() const { return size_ == 4; }
  bool is_v6() const { return size_ == 16; }
  bool is_any() const;       // 0.0.0.0, ::
  bool is_loopback() const;  // 127.0.0.0/8, ::1
  int family() const;        // AF_INET, AF_INET6
  const uint8_t* bytes() const { return bytes_.data(); }
  size_t size() const { return size_; }
  std::string str() const;  // "" for none

  Address plus(uint64_t count) const;  // wraps around within the family
  auto operator<=>(const Address&) const = default;

 private:
  uint8_t size_ = 0;
  std::array<uint8_t, 16> bytes_{};
};

struct Subnet {
  Address base;  // host bits are zero
  unsigned length = 0;

  // "10.1.0.0/16". Host bits that are set make it invalid: the caller can tell the user what was
  // meant.
  static std::optional<Subnet> parse(std::string_view text);
  // The subnet of this length that contains `address`.
  static Subnet of(const Address& address, unsigned length);

  bool is_v6() const { return base.is_v6(); }
  bool contains(const Address& address) const;
  bool overlaps(const Subnet& other) const;
  Address first() const { return base.plus(1); }  // the first that a host can have
  Address last() const;                           // the highest address in it
  std::string str() const;
  bool operator==(const Subnet&) const = default;
};

// The first `length` bits of an address, the rest zero.
Address mask_of(const Address& address, unsigned length);

using Mac = std::array<uint8_t, 6>;
std::optional<Mac> parse_mac(std::string_view text);  // "02:42:ac:11:00:02"; unicast only
std::string to_string(const Mac& mac);

}  // namespace mini::network
