// The name server of one container, at 127.0.0.11 inside of its network namespace: names and
// addresses of containers it answers itself, by asking its owner each time, so they follow starts,
// stops and renames; everything else it passes on to other servers. One thread, no waiting: the
// owner polls fd() for POLLIN and calls serve(), which does a bounded amount of work and throws
// nothing. All clients are hostile: connections, questions under way and message sizes are bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/network/names/dns_forward.h"
#include "runtime/network/names/dns_message.h"

namespace mini::network {

constexpr const char* kDnsServerAddress = "127.0.0.11";
constexpr uint16_t kDnsPort = 53;
// Where the server listens when the container's traffic is steered to it (dns_steering.h), so that
// port 53 is the container's own. Not a registered port, nor one that Linux hands out by default.
constexpr uint16_t kSteeredDnsPort = 65053;

struct DnsSockets {
  Fd udp, tcp;
  Fd net_namespace;  // where they are
};

// Opens them in the namespace of `namespace_fd` (its descriptor, or a pidfd), which need not be up.
// Throws SysError; the calling thread is in its old namespace in any case.
DnsSockets open_dns_sockets(int namespace_fd, uint16_t port);

struct DnsLookup {
  bool known = false;  // the name is a container's, even if it has no address just now
  std::vector<Address> addresses;
};

// May throw: the client is told that the server failed. Names are in lower case, without a final
// dot, at most 253 printable octets; otherwise arbitrary.
struct DnsNames {
  std::function<DnsLookup(std::string_view name)> find;
  std::function<std::optional<std::string>(const Address& address)> name_of;
};

struct DnsOptions {
  std::vector<Upstream> upstreams;  // asked in this order
  // Whether the container is on internal networks only, asked for each question: then nothing is
  // asked from the host's namespace, which would leak out of them (CVE-2024-29018). Without a
  // server left, what is not known here is answered with SERVFAIL at once, as Docker does.
  std::function<bool()> internal = [] { return false; };
  int64_t timeout_ns = 3'000'000'000;  // for each upstream server
};

class DnsServer {
 public:
  DnsServer(DnsSockets sockets, DnsNames names, DnsOptions options);
  ~DnsServer();

  int fd() const { return epoll_.get(); }
  void serve();

 private:
  struct Connection;

  void watch(int fd, uint64_t tag, uint32_t events, bool known = false);
  void dispatch(uint64_t tag, uint32_t events);
  void set_timer();
  // The answer, now or later: `reply` is called once. False: what was sent is to be dropped.
  using Reply = std::function<void(std::string answer)>;
  bool answer(std::string_view packet, bool tcp, Reply reply);
  std::optional<std::string> own_answer(const DnsQuery& query, size_t limit) const;
  void forward(std::string_view packet, const DnsQuery& query, bool tcp, bool internal,
               Reply reply);

  void serve_datagrams();
  void accept_connections();
  void make_room();
  void serve_connection(uint32_t slot, uint32_t events);
  bool read_from(Connection& connection);
  bool write_to(Connection& connection);
  bool take_queries(uint32_t slot);
  void expire_connections(int64_t now);

  DnsSockets sockets_;
  DnsNames names_;
  std::function<bool()> internal_;
  Fd epoll_, timer_;
  int64_t timer_at_;
  uint64_t next_number_ = 1;
  std::vector<std::unique_ptr<Connection>> connections_;
  DnsForward forward_;
};

}  // namespace mini::network
