// A name server in a namespace that plays the container's, with names of its own, and the loop that
// lets it, its clients and its upstream servers do their steps in one thread.
#pragma once

#include <list>
#include <memory>

#include "dns_peers.h"
#include "namespaces.h"
#include "runtime/network/names/dns_server.h"

namespace mini::network {

class NameServerTest : public PrivateNamespaces {
 protected:
  void SetUp() override;
  void TearDown() override;

  FakeServer& upstream(const char* address, FakeServer::Behaviour behaviour);       // inside
  FakeServer& host_upstream(const char* address, FakeServer::Behaviour behaviour);  // on "the host"
  // Everything is asked of the upstreams, in the order in which they were made.
  void serve(uint16_t port = kDnsPort);
  // Steps until `done`; fails after many seconds.
  void run_until(const std::function<bool()>& done);
  void steps(int count);

  Fd client(int type = SOCK_DGRAM) const;
  std::string answer_to(const std::string& query);  // by UDP
  std::string answer_by_tcp(const std::string& query);
  std::string message_from(int stream);  // one message, without its frame; "": the end came

  Fd container_;
  std::unique_ptr<DnsServer> server_;
  std::list<FakeServer> upstreams_;
  DnsOptions options_;
  int lookups_ = 0;
};

}  // namespace mini::network
