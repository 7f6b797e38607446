#include "runtime/network/link/netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::network {
namespace {

constexpr size_t kBuffer = 64 << 10;  // more than any single message of the kernel
constexpr int kReceiveBuffer = 4 << 20;

std::string_view payload(const nlmsghdr* header, size_t skip) {
  const size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(skip);
  if (header->nlmsg_len < start) return {};
  return {reinterpret_cast<const char*>(header) + start, header->nlmsg_len - start};
}

// The attributes of an error's answer lie behind the request that it quotes.
std::string kernel_words(const nlmsghdr* header, const nlmsgerr* error) {
  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS)) return {};
  size_t skip = sizeof *error;
  if (!(header->nlmsg_flags & NLM_F_CAPPED)) skip += error->msg.nlmsg_len - sizeof(nlmsghdr);
  const auto words = find_attribute(payload(header, skip), NLMSGERR_ATTR_MSG);
  return words ? words->text() : std::string();
}

[[noreturn]] void fail(const NetlinkMessage& message, int code, const std::string& words) {
  throw SysError(code, words.empty() ? message.what() : cat(message.what(), ": ", words));
}

}  // namespace

void NetlinkMessage::start(uint16_t type, uint16_t flags, const void* fixed, size_t size) {
  nlmsghdr header = {};
  header.nlmsg_type = type;
  header.nlmsg_flags = flags | NLM_F_REQUEST;
  bytes_.assign(reinterpret_cast<const char*>(&header), sizeof header);
  append(fixed, size);
}

void NetlinkMessage::append(const void* data, size_t size) {
  bytes_.append(static_cast<const char*>(data), size);
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  const auto length = static_cast<uint32_t>(bytes_.size());
  memcpy(bytes_.data(), &length, sizeof length);
}

void NetlinkMessage::put(uint16_t type, const void* data, size_t size) {
  const size_t start = open(type);
  append(data, size);
  close(start);
  // The length of an attribute does not count its padding.
  const auto length = static_cast<uint16_t>(NLA_HDRLEN + size);
  memcpy(bytes_.data() + start, &length, sizeof length);
}

void NetlinkMessage::put_be32(uint16_t type, uint32_t value) {
  put_number(type, htonl(value));
}

void NetlinkMessage::put_be64(uint16_t type, uint64_t value) {
  put_number(type, htobe64(value));
}

void NetlinkMessage::put_text(uint16_t type, const std::string& text) {
  put(type, text.c_str(), text.size() + 1);
}

size_t NetlinkMessage::open(uint16_t type) {
  const size_t start = bytes_.size();
  const nlattr attribute = {NLA_HDRLEN, type};
  append(&attribute, sizeof attribute);
  return start;
}

void NetlinkMessage::close(size_t start) {
  const auto length = static_cast<uint16_t>(bytes_.size() - start);
  memcpy(bytes_.data() + start, &length, sizeof length);
}

uint16_t NetlinkMessage::flags() const {
  return reinterpret_cast<const nlmsghdr*>(bytes_.data())->nlmsg_flags;
}

void NetlinkMessage::ask_for_answer() {
  const auto flags = static_cast<uint16_t>(this->flags() | NLM_F_ACK);
  memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_flags), &flags, sizeof flags);
}

void NetlinkMessage::set_sequence(uint32_t sequence) {
  memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
}

std::string NetlinkAttribute::text() const {
  return std::string(data.substr(0, data.find('\0')));
}

std::vector<NetlinkAttribute> attributes(std::string_view data) {
  std::vector<NetlinkAttribute> out;
  while (data.size() >= NLA_HDRLEN) {
    nlattr header;
    memcpy(&header, data.data(), sizeof header);
    if (header.nla_len < NLA_HDRLEN || header.nla_len > data.size()) break;
    out.push_back({static_cast<uint16_t>(header.nla_type & NLA_TYPE_MASK),
                   data.substr(NLA_HDRLEN, header.nla_len - NLA_HDRLEN)});
    data.remove_prefix(std::min<size_t>(NLA_ALIGN(header.nla_len), data.size()));
  }
  return out;
}

std::optional<NetlinkAttribute> find_attribute(std::string_view data, uint16_t type) {
  for (const NetlinkAttribute& attribute : attributes(data)) {
    if (attribute.type == type) return attribute;
  }
  return {};
}

NetlinkSocket::NetlinkSocket(int protocol)
    : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
  if (!fd_) throw SysError("netlink socket");
  const int on = 1;
  // Without them there are fewer words, and less room for answers: both can be done without.
  setsockopt(fd_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  // The kernel answers at once or never.
  const timeval limit = {10, 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

void NetlinkSocket::send(std::span<NetlinkMessage> messages) {
  std::vector<iovec> parts;
  size_t total = 0;
  for (NetlinkMessage& message : messages) {
    message.set_sequence(++sequence_);
    parts.push_back({const_cast<char*>(message.bytes().data()), message.bytes().size()});
    total += message.bytes().size();
  }
  const int room = static_cast<int>(total) * 2;
  if (total > kBuffer) setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  msghdr header = {};
  header.msg_name = &kernel;
  header.msg_namelen = sizeof kernel;
  header.msg_iov = parts.data();
  header.msg_iovlen = parts.size();
  ssize_t sent;
  do {
    sent = sendmsg(fd_.get(), &header, 0);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) throw SysError(messages.front().what());
}

std::string_view NetlinkSocket::receive() {
  if (!buffer_) buffer_ = std::make_unique<char[]>(kBuffer);
  ssize_t size;
  do {
    size = recv(fd_.get(), buffer_.get(), kBuffer, 0);
  } while (size < 0 && errno == EINTR);
  if (size < 0) throw SysError("netlink: receive");
  return {buffer_.get(), static_cast<size_t>(size)};
}

namespace {

// Calls `each` for every message of a datagram until it returns true.
bool walk(std::string_view datagram, const std::function<bool(const nlmsghdr*)>& each) {
  auto left = static_cast<unsigned>(datagram.size());
  for (auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data()); NLMSG_OK(header, left);
       header = NLMSG_NEXT(header, left)) {
    if (each(header)) return true;
  }
  return false;
}

const nlmsgerr* error_of(const nlmsghdr* header) {
  if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr)))
    return nullptr;
  return reinterpret_cast<const nlmsgerr*>(NLMSG_DATA(header));
}

}  // namespace

void NetlinkSocket::request(std::span<NetlinkMessage> messages, size_t last_index) {
  const uint32_t first = sequence_ + 1, last = first + static_cast<uint32_t>(last_index);
  send(messages);
  const NetlinkMessage* failed = nullptr;
  int code = 0;
  std::string words;
  const auto note = [&](const nlmsghdr* header) {
    const nlmsgerr* error = error_of(header);
    const uint32_t sequence = header->nlmsg_seq;
    if (!error || sequence < first || sequence - first >= messages.size()) return false;
    if (error->error != 0 && !failed) {
      failed = &messages[sequence - first];
      code = -error->error;
      words = kernel_words(header, error);
    }
    // A batch that is not even begun gives no other answer.
    return sequence == last || (error->error != 0 && error->msg.nlmsg_type == NFNL_MSG_BATCH_BEGIN);
  };
  while (!walk(receive(), note)) {
  }
  if (failed) fail(*failed, code, words);
}

std::optional<std::string> NetlinkSocket::get(NetlinkMessage& message) {
  send({&message, 1});
  std::optional<std::string> out;
  int code = 0;
  std::string words;
  const auto take = [&](const nlmsghdr* header) {
    if (header->nlmsg_seq != sequence_) return false;
    if (const nlmsgerr* error = error_of(header)) {
      code = -error->error;
      words = kernel_words(header, error);
      return true;
    }
    out = std::string(payload(header, 0));
    return !(message.flags() & NLM_F_ACK);
  };
  while (!walk(receive(), take)) {
  }
  if (code == ENOENT || code == ENODEV) return {};
  if (code != 0) fail(message, code, words);
  return out;
}

void NetlinkSocket::dump(NetlinkMessage& message,
                         const std::function<void(std::string_view)>& each) {
  send({&message, 1});
  int code = 0;
  const auto take = [&](const nlmsghdr* header) {
    if (header->nlmsg_seq != sequence_) return false;
    if (header->nlmsg_type == NLMSG_DONE) return true;
    if (const nlmsgerr* error = error_of(header)) {
      code = -error->error;
      return true;
    }
    each(payload(header, 0));
    return false;
  };
  while (!walk(receive(), take)) {
  }
  if (code != 0) fail(message, code, {});
}

}  // namespace mini::network
