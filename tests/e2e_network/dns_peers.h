// The two sides of a name server under test: clients in the container's namespace, and upstream
// servers anywhere that behave as told. Nothing waits: the test's loop lets each do a step.
#pragma once

#include <netinet/in.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/network/names/dns_message.h"

namespace mini::network {

std::string make_query(const std::string& name, uint16_t type = dns_type::kA, uint16_t id = 0x1234);
std::string framed(const std::string& message);
sockaddr_in socket_address(const char* address, uint16_t port);

// "NOERROR 10.0.0.1 10.0.0.2", "SERVFAIL", "NOERROR truncated", "nothing".
std::string told(const std::string& answer);

// Bound and non-blocking, in the namespace.
Fd bound_socket(int netns, int type, const char* address, uint16_t port);
Fd connected_socket(int netns, int type, const char* address, uint16_t port);
std::string received(int socket);  // what is there now; "": nothing

class FakeServer {
 public:
  // Replies to a query: datagrams, or messages of a stream. None: silence.
  using Behaviour = std::function<std::vector<std::string>(const std::string& query, bool tcp)>;

  FakeServer(int netns, const char* address, Behaviour behaviour);
  void step();

  int datagrams = 0, streams = 0;  // queries that came
  sockaddr_in last_client{};
  bool hangs_up = false;  // closes a stream instead of answering

 private:
  struct Stream {
    Fd socket;
    std::string in, out;
  };
  void step_stream(Stream& stream);

  Behaviour behaviour_;
  Fd udp_, tcp_;
  std::vector<Stream> all_;
};

// Usual behaviours.
FakeServer::Behaviour answers_with(const char* address);
FakeServer::Behaviour fails_with(DnsCode code);
FakeServer::Behaviour silent();

}  // namespace mini::network
