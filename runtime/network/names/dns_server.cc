#include "runtime/network/names/dns_server.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/network/link/in_namespace.h"

namespace mini::network {
namespace {

constexpr int kEventsPerCall = 16;
constexpr int kDatagramsPerCall = 16;
constexpr uint32_t kMostConnections = 16;
constexpr int64_t kConnectionIdle = 10'000'000'000;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

enum Tag : uint32_t {
  udp_tag,
  tcp_tag,
  timer_tag,
  first_connection = 0x100,
  first_question = 0x1000
};

Fd listener(int type, uint16_t port) {
  Fd out(socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  memcpy(&address.sin_addr, Address::parse(kDnsServerAddress)->bytes(), sizeof address.sin_addr);
  // Free binding: the loopback interface may not be up yet.
  if (!out || setsockopt(out.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof on) != 0 ||
      (type == SOCK_STREAM &&
       setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) ||
      bind(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      (type == SOCK_STREAM && listen(out.get(), kMostConnections) != 0)) {
    throw SysError(
        cat("name server of the container: cannot listen on ", kDnsServerAddress, ":", port));
  }
  return out;
}

bool is_own(const Upstream& upstream) {
  return !upstream.from_host && upstream.address == Address::parse(kDnsServerAddress);
}

std::vector<Upstream> usable_upstreams(const DnsOptions& options) {
  std::vector<Upstream> out;
  for (const Upstream& upstream : options.upstreams) {
    if (!is_own(upstream)) out.push_back(upstream);
  }
  return out;
}

void append_framed(std::string& out, std::string_view message) {
  out += static_cast<char>(message.size() >> 8);
  out += static_cast<char>(message.size());
  out += message;
}

}  // namespace

DnsSockets open_dns_sockets(int namespace_fd, uint16_t port) {
  const InNamespace inside(namespace_fd);
  return {listener(SOCK_DGRAM, port), listener(SOCK_STREAM, port), own_network_namespace()};
}

// A client's. One query at a time: the next is taken when the answer has been written.
struct DnsServer::Connection {
  Fd socket;
  uint64_t number = 0;  // no other connection has had it
  std::string in, out;
  bool waiting = false;  // for an answer
  int64_t deadline = 0;
};

DnsServer::DnsServer(DnsSockets sockets, DnsNames names, DnsOptions options)
    : sockets_(std::move(sockets)),
      names_(std::move(names)),
      internal_(std::move(options.internal)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      timer_at_(kNever),
      connections_(kMostConnections),
      forward_(epoll_.get(), first_question, sockets_.net_namespace.get(),
               usable_upstreams(options), options.timeout_ns) {
  if (!epoll_ || !timer_) throw SysError("name server of the container");
  watch(sockets_.udp.get(), udp_tag, EPOLLIN);
  watch(sockets_.tcp.get(), tcp_tag, EPOLLIN);
  watch(timer_.get(), timer_tag, EPOLLIN);
}

DnsServer::~DnsServer() = default;

void DnsServer::watch(int fd, uint64_t tag, uint32_t events, bool known) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = tag;
  if (epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
    throw SysError("name server of the container");
  }
}

void DnsServer::serve() {
  std::array<epoll_event, kEventsPerCall> events;
  const int count = epoll_wait(epoll_.get(), events.data(), kEventsPerCall, 0);
  for (int i = 0; i < count; ++i) {
    try {
      dispatch(events[i].data.u64, events[i].events);
    } catch (const std::exception& error) {
      debug("name server of the container: ", error.what());
    }
  }
  set_timer();
}

void DnsServer::dispatch(uint64_t tag, uint32_t events) {
  if (tag == udp_tag) return serve_datagrams();
  if (tag == tcp_tag) return accept_connections();
  if (tag >= first_question) return forward_.ready(static_cast<uint32_t>(tag));
  if (tag >= first_connection)
    return serve_connection(static_cast<uint32_t>(tag - first_connection), events);
  uint64_t expirations = 0;
  if (read(timer_.get(), &expirations, sizeof expirations) < 0 && errno != EAGAIN) return;
  timer_at_ = kNever;
  const int64_t now = monotonic_ns();
  forward_.expire(now);
  expire_connections(now);
}

void DnsServer::set_timer() {
  int64_t next = forward_.next_deadline();
  for (const auto& connection : connections_) {
    if (connection && !connection->waiting) next = std::min(next, connection->deadline);
  }
  if (next == timer_at_) return;
  itimerspec at = {};
  if (next != kNever) {
    at.it_value.tv_sec = next / 1'000'000'000;
    at.it_value.tv_nsec = next % 1'000'000'000;
  }
  if (timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr) == 0) timer_at_ = next;
}

bool DnsServer::answer(std::string_view packet, bool tcp, Reply reply) {
  const std::optional<DnsQuery> query = parse_query(packet);
  if (!query) return false;
  const size_t limit = tcp ? kDnsLargestMessage : query->datagram_limit();
  std::optional<std::string> own;
  bool internal = true;
  try {
    own = own_answer(*query, limit);
    if (!own) internal = internal_();
  } catch (const std::exception& error) {
    debug("name server of the container: ", error.what());
    own = code_answer(*query, DnsCode::server_failure);
  }
  if (own) {
    reply(std::move(*own));
  } else {
    forward(packet, *query, tcp, internal, std::move(reply));
  }
  return true;
}

// Nothing: not known here.
std::optional<std::string> DnsServer::own_answer(const DnsQuery& query, size_t limit) const {
  if (query.problem != DnsCode::no_error) return code_answer(query, query.problem);
  if (!query.plain || query.name.empty()) return {};
  if (query.type == dns_type::kPtr) {
    const auto address = parse_reverse_name(query.name);
    const auto name = address ? names_.name_of(*address) : std::nullopt;
    if (name) return name_answer(query, *name, limit);
  }
  DnsLookup found = names_.find(query.name);
  if (!found.known) return {};
  std::erase_if(found.addresses, [&](const Address& address) {
    return address.empty() || (query.type != dns_type::kAny &&
                               query.type != (address.is_v6() ? dns_type::kAaaa : dns_type::kA));
  });
  // Clients take the first: so those that share a name share the work. Ids are random.
  if (!found.addresses.empty()) {
    const auto first = static_cast<ptrdiff_t>(query.id % found.addresses.size());
    std::rotate(found.addresses.begin(), found.addresses.begin() + first, found.addresses.end());
  }
  return address_answer(query, found.addresses, limit);
}

void DnsServer::forward(std::string_view packet, const DnsQuery& query, bool tcp, bool internal,
                        Reply reply) {
  const size_t limit = tcp ? kDnsLargestMessage : query.datagram_limit();
  const auto done = [query, limit, reply](std::string answer) {
    if (answer.empty()) return reply(code_answer(query, DnsCode::server_failure));
    if (answer.size() > limit) return reply(truncated_answer(query));
    set_message_id(answer, query.id);
    reply(std::move(answer));
  };
  if (forward_.ask(packet, query, tcp, !internal, done)) return;
  // A datagram is dropped, as a busy network would: its client asks again, and later.
  if (tcp) reply(code_answer(query, DnsCode::server_failure));
}

void DnsServer::serve_datagrams() {
  std::array<char, kDnsLargestQuery> buffer;
  for (int i = 0; i < kDatagramsPerCall; ++i) {
    sockaddr_in client = {};
    socklen_t size = sizeof client;
    const ssize_t got = recvfrom(sockets_.udp.get(), buffer.data(), buffer.size(), MSG_TRUNC,
                                 reinterpret_cast<sockaddr*>(&client), &size);
    if (got < 0) return;
    if (static_cast<size_t>(got) > buffer.size()) continue;
    answer({buffer.data(), static_cast<size_t>(got)}, false,
           [socket = sockets_.udp.get(), client](const std::string& message) {
             sendto(socket, message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&client), sizeof client);
           });
  }
}

void DnsServer::accept_connections() {
  for (int i = 0; i < kEventsPerCall; ++i) {
    Fd socket(accept4(sockets_.tcp.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return;
    make_room();
    const auto slot = std::find(connections_.begin(), connections_.end(), nullptr);
    watch(socket.get(), first_connection + static_cast<uint64_t>(slot - connections_.begin()),
          EPOLLIN);
    *slot = std::make_unique<Connection>();
    (*slot)->socket = std::move(socket);
    (*slot)->number = next_number_++;
    (*slot)->deadline = monotonic_ns() + kConnectionIdle;
  }
}

// When every place is taken, the connection that has done nothing for longest gives way, also while
// it waits for an answer: else a few that only ask slow servers would keep all others out.
void DnsServer::make_room() {
  if (std::find(connections_.begin(), connections_.end(), nullptr) != connections_.end()) return;
  std::min_element(connections_.begin(), connections_.end(), [](const auto& a, const auto& b) {
    return a->deadline < b->deadline;
  })->reset();
}

void DnsServer::serve_connection(uint32_t slot, uint32_t events) {
  if (slot >= connections_.size() || !connections_[slot]) return;
  Connection& connection = *connections_[slot];
  const bool open = (events & (EPOLLERR | EPOLLHUP)) == 0 &&
                    (connection.out.empty() ? read_from(connection) : write_to(connection)) &&
                    take_queries(slot);
  if (!open) return connections_[slot].reset();
  const uint32_t wanted = !connection.out.empty() ? uint32_t{EPOLLOUT}
                          : connection.waiting    ? 0
                                                  : uint32_t{EPOLLIN};
  watch(connection.socket.get(), first_connection + slot, wanted, true);
}

bool DnsServer::read_from(Connection& connection) {
  std::array<char, kDnsLargestQuery> buffer;
  if (connection.waiting) return true;
  const ssize_t got = recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  connection.in.append(buffer.data(), static_cast<size_t>(got));
  return got > 0;
}

bool DnsServer::write_to(Connection& connection) {
  const ssize_t sent =
      send(connection.socket.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  connection.out.erase(0, static_cast<size_t>(sent));
  return true;
}

// False: not a DNS message.
bool DnsServer::take_queries(uint32_t slot) {
  Connection& connection = *connections_[slot];
  std::string& in = connection.in;
  if (connection.waiting || !connection.out.empty() || in.size() < kDnsLengthPrefix) return true;
  const size_t length = message_id(in);  // big-endian, as an id is
  if (length < kDnsHeader || length > kDnsLargestQuery) return false;
  if (in.size() < kDnsLengthPrefix + length) return true;
  const std::string packet = in.substr(kDnsLengthPrefix, length);
  in.erase(0, kDnsLengthPrefix + length);
  connection.waiting = true;
  connection.deadline = monotonic_ns() + kConnectionIdle;
  // What is dropped has no answer to wait for.
  return answer(packet, true, [this, slot, number = connection.number](const std::string& message) {
    const auto& client = connections_[slot];
    if (!client || client->number != number) return;
    append_framed(client->out, message);
    client->waiting = false;
    client->deadline = monotonic_ns() + kConnectionIdle;
    watch(client->socket.get(), first_connection + slot, EPOLLOUT, true);
  });
}

void DnsServer::expire_connections(int64_t now) {
  for (auto& connection : connections_) {
    if (connection && !connection->waiting && connection->deadline <= now) connection.reset();
  }
}

}  // namespace mini::network
