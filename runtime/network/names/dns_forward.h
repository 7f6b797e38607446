// Asks other name servers what a container's own one does not know. Every question goes out from a
// socket of its own (so from a random port) with a random id, and only that server's answer to that
// very question is taken; a server that is silent, refuses or fails is followed by the next.
// Bounded: so many questions under way, one deadline for each server. The descriptors are watched
// in the caller's epoll under the tags [first_tag, first_tag + kMostQuestions).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/network/names/dns_message.h"

namespace mini::network {

struct Upstream {
  Address address;
  std::string zone;  // the interface of a link-local address; asked from the host only
  uint16_t port = 53;
  bool from_host = false;  // asked from this process's namespace, not from the container's
  bool operator==(const Upstream&) const = default;
};

class DnsForward {
 public:
  static constexpr uint32_t kMostQuestions = 128;
  using Done = std::function<void(std::string answer)>;  // "": no server has answered

  // `namespace_fd`: the container's; the caller keeps it open.
  DnsForward(int epoll, uint32_t first_tag, int namespace_fd, std::vector<Upstream> upstreams,
             int64_t timeout_ns);
  ~DnsForward();

  // False: too many are under way. `done` may be called before this returns, and may ask again.
  // `from_host`: also servers that are asked from the host's namespace.
  bool ask(std::string_view packet, const DnsQuery& query, bool tcp, bool from_host, Done done);
  void ready(uint32_t tag);
  void expire(int64_t now);
  int64_t next_deadline() const;  // INT64_MAX: nothing is under way

 private:
  struct Question;

  void ask_next(uint32_t slot);
  bool open(uint32_t slot, const Upstream& upstream);
  Fd make_socket(const Upstream& upstream, bool tcp) const;
  bool send(Question& question);
  void receive_datagram(uint32_t slot);
  void receive_stream(uint32_t slot);
  // What came from the server that was asked: an answer, a failure, or something to be ignored.
  void take(uint32_t slot, std::string packet);
  void finish(uint32_t slot, std::string answer);

  int epoll_;
  uint32_t first_tag_;
  int namespace_fd_;
  std::vector<Upstream> upstreams_;
  int64_t timeout_ns_;
  std::vector<std::unique_ptr<Question>> slots_;
};

}  // namespace mini::network
