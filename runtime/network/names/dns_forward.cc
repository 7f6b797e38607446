#include "runtime/network/names/dns_forward.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/network/link/in_namespace.h"

namespace mini::network {
namespace {

uint16_t random_id() {
  uint16_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id) throw SysError("name server: no random number");
  return id;
}

struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t size;
};

SocketAddress socket_address(const Upstream& upstream) {
  SocketAddress out;
  memset(&out, 0, sizeof out);
  if (upstream.address.is_v6()) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(upstream.port);
    out.v6.sin6_scope_id = upstream.zone.empty() ? 0 : if_nametoindex(upstream.zone.c_str());
    memcpy(&out.v6.sin6_addr, upstream.address.bytes(), upstream.address.size());
    out.size = sizeof out.v6;
  } else {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(upstream.port);
    memcpy(&out.v4.sin_addr, upstream.address.bytes(), upstream.address.size());
    out.size = sizeof out.v4;
  }
  return out;
}

// The next server may know better; every other code is an answer.
bool is_failure(DnsCode code) {
  return code == DnsCode::server_failure || code == DnsCode::refused ||
         code == DnsCode::not_implemented;
}

}  // namespace

struct DnsForward::Question {
  Fd socket;
  bool tcp = false, from_host = false;
  uint16_t id = 0;
  size_t server = 0;  // the next to be asked
  int64_t deadline = 0;
  std::string packet, question;  // the client's whole query, and its question alone
  std::string out, in;
  std::string failure;  // the last server's, for the client if no server does better
  Done done;
};

DnsForward::DnsForward(int epoll, uint32_t first_tag, int namespace_fd,
                       std::vector<Upstream> upstreams, int64_t timeout_ns)
    : epoll_(epoll),
      first_tag_(first_tag),
      namespace_fd_(namespace_fd),
      upstreams_(std::move(upstreams)),
      timeout_ns_(timeout_ns) {}

DnsForward::~DnsForward() = default;

bool DnsForward::ask(std::string_view packet, const DnsQuery& query, bool tcp, bool from_host,
                     Done done) {
  auto free = std::find(slots_.begin(), slots_.end(), nullptr);
  if (free == slots_.end()) {
    if (slots_.size() == kMostQuestions) return false;
    free = slots_.emplace(slots_.end());
  }
  *free = std::make_unique<Question>();
  Question& question = **free;
  question.tcp = tcp;
  question.from_host = from_host;
  question.packet = packet;
  question.question = query.question;
  question.done = std::move(done);
  ask_next(static_cast<uint32_t>(free - slots_.begin()));
  return true;
}

void DnsForward::ask_next(uint32_t slot) {
  Question& question = *slots_[slot];
  question.socket.reset();
  while (question.server < upstreams_.size()) {
    const Upstream& upstream = upstreams_[question.server++];
    if (upstream.from_host && !question.from_host) continue;
    try {
      if (open(slot, upstream)) return;
    } catch (const Error& error) {
      debug("name server ", upstream.address.str(), ": ", error.what());
    }
    question.socket.reset();
  }
  finish(slot, std::move(question.failure));
}

bool DnsForward::open(uint32_t slot, const Upstream& upstream) {
  Question& question = *slots_[slot];
  question.socket = make_socket(upstream, question.tcp);
  question.id = random_id();
  set_message_id(question.packet, question.id);
  question.in.clear();
  question.out.clear();
  if (question.tcp) {
    question.out += static_cast<char>(question.packet.size() >> 8);
    question.out += static_cast<char>(question.packet.size());
  }
  question.out += question.packet;
  question.deadline = monotonic_ns() + timeout_ns_;
  if (!question.tcp && !send(question)) return false;
  epoll_event event = {};
  event.events = question.tcp ? EPOLLOUT : EPOLLIN;
  event.data.u64 = first_tag_ + slot;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, question.socket.get(), &event) == 0;
}

Fd DnsForward::make_socket(const Upstream& upstream, bool tcp) const {
  const SocketAddress to = socket_address(upstream);
  std::optional<InNamespace> inside;
  if (!upstream.from_host) inside.emplace(namespace_fd_);
  const int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  Fd out(socket(to.any.sa_family, type, 0));
  if (!out || (connect(out.get(), &to.any, to.size) != 0 && errno != EINPROGRESS)) {
    throw SysError("cannot be asked");
  }
  return out;
}

// What the socket takes of `out`. False: the server cannot be reached.
bool DnsForward::send(Question& question) {
  const ssize_t sent =
      ::send(question.socket.get(), question.out.data(), question.out.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  question.out.erase(0, static_cast<size_t>(sent));
  return true;
}

void DnsForward::ready(uint32_t tag) {
  const uint32_t slot = tag - first_tag_;
  if (slot >= slots_.size() || !slots_[slot]) return;
  Question& question = *slots_[slot];
  if (!question.tcp) return receive_datagram(slot);
  if (question.out.empty()) return receive_stream(slot);
  if (!send(question)) return ask_next(slot);
  if (!question.out.empty()) return;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, question.socket.get(), &event);
}

void DnsForward::receive_datagram(uint32_t slot) {
  std::array<char, kDnsLargestDatagram> buffer;
  const ssize_t got = recv(slots_[slot]->socket.get(), buffer.data(), buffer.size(), MSG_TRUNC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return ask_next(slot);  // nothing listens there
  const size_t size = static_cast<size_t>(got);
  std::string packet(buffer.data(), std::min(size, buffer.size()));
  // One that was cut stays larger than any client takes, which makes it a truncated answer.
  packet.resize(std::min(size, kDnsLargestMessage));
  take(slot, std::move(packet));
}

void DnsForward::receive_stream(uint32_t slot) {
  Question& question = *slots_[slot];
  std::array<char, kDnsLargestDatagram> buffer;
  const ssize_t got = recv(question.socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return ask_next(slot);
  std::string& in = question.in;
  in.append(buffer.data(), static_cast<size_t>(got));
  if (in.size() < kDnsLengthPrefix) return;
  const size_t length = message_id(in);  // big-endian, as an id is
  if (in.size() < kDnsLengthPrefix + length) return;
  std::string packet = in.substr(kDnsLengthPrefix, length);
  // The connection carries one question: anything but its answer ends it.
  if (!answers_question(packet, question.id, question.question)) return ask_next(slot);
  take(slot, std::move(packet));
}

void DnsForward::take(uint32_t slot, std::string packet) {
  Question& question = *slots_[slot];
  if (is_bare_error(packet, question.id)) return ask_next(slot);
  if (!answers_question(packet, question.id, question.question)) return;
  if (!is_failure(message_code(packet))) return finish(slot, std::move(packet));
  question.failure = std::move(packet);
  ask_next(slot);
}

void DnsForward::finish(uint32_t slot, std::string answer) {
  const std::unique_ptr<Question> question = std::move(slots_[slot]);
  question->socket.reset();
  while (!slots_.empty() && !slots_.back()) slots_.pop_back();
  question->done(std::move(answer));
}

void DnsForward::expire(int64_t now) {
  for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot] && slots_[slot]->deadline <= now) ask_next(slot);
  }
}

int64_t DnsForward::next_deadline() const {
  int64_t next = std::numeric_limits<int64_t>::max();
  for (const auto& slot : slots_) {
    if (slot) next = std::min(next, slot->deadline);
  }
  return next;
}

}  // namespace mini::network
