#include "dns_fixture.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>

#include "runtime/base/clock.h"
#include "runtime/network/link/in_namespace.h"

namespace mini::network {

void NameServerTest::SetUp() {
  PrivateNamespaces::SetUp();
  if (IsSkipped()) return;
  container_ = make_namespace();
}

void NameServerTest::TearDown() {
  server_.reset();
  upstreams_.clear();
  PrivateNamespaces::TearDown();
}

FakeServer& NameServerTest::upstream(const char* address, FakeServer::Behaviour behaviour) {
  Upstream entry;
  entry.address = *Address::parse(address);
  options_.upstreams.push_back(entry);
  return upstreams_.emplace_back(container_.get(), address, std::move(behaviour));
}

FakeServer& NameServerTest::host_upstream(const char* address, FakeServer::Behaviour behaviour) {
  Upstream entry;
  entry.address = *Address::parse(address);
  entry.from_host = true;
  options_.upstreams.push_back(entry);
  return upstreams_.emplace_back(own_network_namespace().get(), address, std::move(behaviour));
}

void NameServerTest::serve(uint16_t port) {
  const auto find = [this](std::string_view name) -> DnsLookup {
    ++lookups_;
    if (name == "broken") throw std::runtime_error("leases cannot be read");
    if (name == "idle") return {true, {}};
    if (name == "web") return {true, {*Address::parse("10.88.0.2"), *Address::parse("fd00::2")}};
    return {};
  };
  const auto name_of = [](const Address& address) -> std::optional<std::string> {
    if (address.str() == "10.88.0.2") return "web";
    return {};
  };
  server_ = std::make_unique<DnsServer>(open_dns_sockets(container_.get(), port),
                                        DnsNames{find, name_of}, options_);
}

void NameServerTest::steps(int count) {
  for (int i = 0; i < count; ++i) {
    if (server_) server_->serve();
    for (FakeServer& server : upstreams_) server.step();
  }
}

void NameServerTest::run_until(const std::function<bool()>& done) {
  const int64_t patience = monotonic_ns() + 30'000'000'000;
  while (!done()) {
    ASSERT_LT(monotonic_ns(), patience) << "nothing comes";
    steps(1);
  }
}

Fd NameServerTest::client(int type) const {
  return connected_socket(container_.get(), type, kDnsServerAddress, kDnsPort);
}

std::string NameServerTest::answer_to(const std::string& query) {
  const Fd socket = client();
  EXPECT_EQ(send(socket.get(), query.data(), query.size(), 0), static_cast<ssize_t>(query.size()));
  std::string out;
  run_until([&] { return !(out = received(socket.get())).empty(); });
  return out;
}

std::string NameServerTest::answer_by_tcp(const std::string& query) {
  const Fd socket = client(SOCK_STREAM);
  const std::string all = framed(query);
  EXPECT_EQ(send(socket.get(), all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
  return message_from(socket.get());
}

std::string NameServerTest::message_from(int stream) {
  std::string in;
  bool ended = false;
  run_until([&] {
    char byte;
    while (!(in.size() >= 2 && in.size() == 2u + message_id(in))) {
      const ssize_t got = recv(stream, &byte, 1, 0);
      if (got < 0 && errno == EAGAIN) return false;
      ended = got <= 0;
      if (ended) return true;
      in += byte;
    }
    return true;
  });
  return ended || in.size() < 2 ? std::string() : in.substr(2);
}

}  // namespace mini::network
