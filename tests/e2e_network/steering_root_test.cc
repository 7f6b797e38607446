// A container whose own programs have port 53 of all addresses, while its name server answers at
// 127.0.0.11:53 all the same: the ways in which C libraries and others ask, and check who answered.
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "dns_fixture.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/network/names/dns_steering.h"

namespace mini::network {
namespace {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  sockaddr* any() { return reinterpret_cast<sockaddr*>(&address); }
  std::string str() const {
    char text[INET6_ADDRSTRLEN] = "?";
    if (address.ss_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
      inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
      return cat(text, " ", ntohs(v4->sin_port));
    }
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    return cat(text, " ", ntohs(v6->sin6_port));
  }
};

Endpoint endpoint(const char* address, uint16_t port) {
  Endpoint out;
  if (strchr(address, ':') == nullptr) {
    const sockaddr_in v4 = socket_address(address, port);
    memcpy(&out.address, &v4, out.size = sizeof v4);
    return out;
  }
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  inet_pton(AF_INET6, address, &v6.sin6_addr);
  memcpy(&out.address, &v6, out.size = sizeof v6);
  return out;
}

// --- in the container: a blocking socket each; what went wrong, or "" ---

std::string program_has_port_53(const char* address, int type) {
  Endpoint all = endpoint(address, 53);
  const int own = socket(all.any()->sa_family, type, 0);
  if (bind(own, all.any(), all.size) != 0) return cat("bind ", address, ": ", strerror(errno));
  if (type == SOCK_STREAM && listen(own, 1) != 0) return cat("listen: ", strerror(errno));
  // It stays open: the rest of the test runs beside it.
  return {};
}

std::string check(const std::string& answer, const std::string& from, const char* address) {
  if (told(answer) != "NOERROR 10.88.0.2") return cat("told ", told(answer));
  if (from != cat(address, " 53")) return cat("came from ", from);
  return {};
}

// As musl does: one socket for all servers, each answer's sender compared.
std::string ask_unconnected(const char* address) {
  Endpoint to = endpoint(address, 53), from;
  const Fd socket(::socket(to.any()->sa_family, SOCK_DGRAM, 0));
  const std::string query = make_query("web");
  if (sendto(socket.get(), query.data(), query.size(), 0, to.any(), to.size) < 0)
    return cat("sendto: ", strerror(errno));
  std::string answer(512, '\0');
  const ssize_t got =
      recvfrom(socket.get(), answer.data(), answer.size(), 0, from.any(), &from.size);
  answer.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return check(answer, from.str(), address);
}

// As glibc and TCP clients do: connected, and whom to is asked of the kernel.
std::string ask_connected(const char* address, int type) {
  Endpoint to = endpoint(address, 53), peer;
  const Fd socket(::socket(to.any()->sa_family, type, 0));
  if (connect(socket.get(), to.any(), to.size) != 0) return cat("connect: ", strerror(errno));
  const std::string query = make_query("web");
  const std::string bytes = type == SOCK_STREAM ? framed(query) : query;
  if (send(socket.get(), bytes.data(), bytes.size(), 0) < 0) return cat("send: ", strerror(errno));
  std::string answer(512, '\0');
  const ssize_t got = recv(socket.get(), answer.data(), answer.size(), 0);
  answer.resize(got > 0 ? static_cast<size_t>(got) : 0);
  if (type == SOCK_STREAM && answer.size() > 2) answer.erase(0, 2);
  getpeername(socket.get(), peer.any(), &peer.size);
  return check(answer, peer.str(), address);
}

// Another address's port 53 is the program's own: nothing but 127.0.0.11 is led elsewhere.
std::string others_are_left_alone() {
  Endpoint to = endpoint("127.0.0.1", 53), peer;
  const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  if (connect(socket.get(), to.any(), to.size) != 0) return cat("connect: ", strerror(errno));
  getpeername(socket.get(), peer.any(), &peer.size);
  return peer.str() == "127.0.0.1 53" ? std::string() : peer.str();
}

// Somebody else's server at the same address, in a container in the container.
std::string asks_its_own_server() {
  if (unshare(CLONE_NEWNET) != 0) return "unshare";
  const Fd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq loopback = {};
  strcpy(loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP;
  if (ioctl(any.get(), SIOCSIFFLAGS, &loopback) != 0) return "loopback";
  const Fd server(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in place = {};
  place.sin_family = AF_INET;
  place.sin_port = htons(kDnsPort);
  place.sin_addr.s_addr = htonl(0x7f00000b);
  const auto* address = reinterpret_cast<const sockaddr*>(&place);
  if (bind(server.get(), address, sizeof place) != 0) return "bind";
  if (sendto(any.get(), "?", 1, 0, address, sizeof place) != 1) return "send";
  char byte;
  return recv(server.get(), &byte, 1, MSG_DONTWAIT) == 1 ? "" : "led elsewhere";
}

int program_in_the_container() {
  const std::pair<const char*, std::string> results[] = {
      {"0.0.0.0:53/udp", program_has_port_53("0.0.0.0", SOCK_DGRAM)},
      {"0.0.0.0:53/tcp", program_has_port_53("0.0.0.0", SOCK_STREAM)},
      {"musl", ask_unconnected("127.0.0.11")},
      {"glibc", ask_connected("127.0.0.11", SOCK_DGRAM)},
      {"tcp", ask_connected("127.0.0.11", SOCK_STREAM)},
      {"mapped, unconnected", ask_unconnected("::ffff:127.0.0.11")},
      {"mapped, connected", ask_connected("::ffff:127.0.0.11", SOCK_DGRAM)},
      {"mapped, tcp", ask_connected("::ffff:127.0.0.11", SOCK_STREAM)},
      {"127.0.0.1:53", others_are_left_alone()},
      {"a container in the container", asks_its_own_server()},  // last: it stays in there
  };
  int failures = 0;
  for (const auto& [what, problem] : results) {
    if (problem.empty()) continue;
    fprintf(stderr, "%s: %s\n", what, problem.c_str());
    ++failures;
  }
  return failures;
}

class SteeringTest : public NameServerTest {
 protected:
  void TearDown() override {
    NameServerTest::TearDown();
    group_.remove();
  }

  container::Cgroup group_;
};

TEST_F(SteeringTest, ProgramsHavePort53AndTheNameServerToo) {
  group_ = container::Cgroup::create(cat("test-steering-", getpid()), {});
  const auto directory = group_.directory("");
  if (!directory) GTEST_SKIP() << "no v2 control groups here";
  if (!steer_dns(*directory, container_.get(), kSteeredDnsPort))
    GTEST_SKIP() << "this kernel does not let us";
  serve(kSteeredDnsPort);
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);  // should nobody answer
    group_.add(getpid(), false);
    const bool inside = setns(container_.get(), CLONE_NEWNET) == 0;
    _exit(inside ? program_in_the_container() : 99);
  }
  int status = -1;
  run_until([&] { return waitpid(child, &status, WNOHANG) == child; });
  EXPECT_EQ(status, 0) << "the program's complaints are above";
}

TEST_F(SteeringTest, WhereItCannotSteerItSaysSo) {
  EXPECT_FALSE(steer_dns("/proc/self", container_.get(), kSteeredDnsPort));
  EXPECT_FALSE(steer_dns("/nowhere", container_.get(), kSteeredDnsPort));
}

}  // namespace
}  // namespace mini::network
