// Talking to the kernel over netlink: messages as bytes, a socket that sends several at once and
// collects their answers. Used by links.h (rtnetlink) and firewall.h (nftables); see netlink(7).
// Errors carry the kernel's own words where it has any (extended acks).
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace mini::network {

// One message under construction: a header, a fixed part, then attributes, which may be nested.
class NetlinkMessage {
 public:
  // `what` names the object for errors: "bridge mini0". It gets NLM_F_REQUEST by itself.
  template <class Fixed>
  NetlinkMessage(uint16_t type, uint16_t flags, const Fixed& fixed, std::string what)
      : what_(std::move(what)) {
    start(type, flags, &fixed, sizeof fixed);
  }

  void put(uint16_t type, const void* data, size_t size);
  template <class Number>
  void put_number(uint16_t type, Number value) {
    put(type, &value, sizeof value);
  }
  void put_be32(uint16_t type, uint32_t value);
  void put_be64(uint16_t type, uint64_t value);
  void put_text(uint16_t type, const std::string& text);  // with its NUL
  // Raw bytes that belong inside the open attribute (the peer's ifinfomsg of a veth).
  void append(const void* data, size_t size);

  // What is put inside `fill` becomes the content of the attribute.
  template <class Fill>
  void nest(uint16_t type, Fill&& fill) {
    const size_t start = open(type | NLA_F_NESTED);
    fill();
    close(start);
  }

  uint16_t flags() const;
  void ask_for_answer();  // adds NLM_F_ACK
  void set_sequence(uint32_t sequence);
  std::string_view bytes() const { return bytes_; }
  const std::string& what() const { return what_; }

 private:
  void start(uint16_t type, uint16_t flags, const void* fixed, size_t size);
  size_t open(uint16_t type);
  void close(size_t start);

  std::string bytes_, what_;
};

// The attributes behind a fixed part, bounds checked: what does not fit ends the walk.
struct NetlinkAttribute {
  uint16_t type;
  std::string_view data;

  std::string text() const;  // to the first NUL
  template <class Number>
  std::optional<Number> number() const {
    if (data.size() < sizeof(Number)) return {};
    Number value;
    __builtin_memcpy(&value, data.data(), sizeof value);
    return value;
  }
};
std::vector<NetlinkAttribute> attributes(std::string_view data);
std::optional<NetlinkAttribute> find_attribute(std::string_view data, uint16_t type);

class NetlinkSocket {
 public:
  // Belongs to the network namespace of the calling thread for as long as it lives.
  explicit NetlinkSocket(int protocol);

  // Sends all in one datagram; the kernel processes them in order, and continues after one that
  // fails. Waits for the answer of number `last`, which must ask for one (NLM_F_ACK); then throws
  // SysError for the first that failed.
  void request(std::span<NetlinkMessage> messages, size_t last);
  void request(std::span<NetlinkMessage> messages) { request(messages, messages.size() - 1); }
  void request(NetlinkMessage& message) { request({&message, 1}); }
  // What comes back for one request without NLM_F_DUMP; nothing when the kernel says ENOENT or
  // ENODEV. Data: behind the message header.
  std::optional<std::string> get(NetlinkMessage& message);
  // Everything in a dump, one call a message. Data: behind the message header.
  void dump(NetlinkMessage& message, const std::function<void(std::string_view data)>& each);

  Fd release() { return std::move(fd_); }  // the socket may not be used afterwards

 private:
  void send(std::span<NetlinkMessage> messages);
  std::string_view receive();

  Fd fd_;
  uint32_t sequence_ = 0;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace mini::network
