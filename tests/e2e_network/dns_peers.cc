#include "dns_peers.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/network/link/in_namespace.h"

namespace mini::network {
namespace {

Fd new_socket(int netns, int type) {
  const InNamespace inside(netns);
  Fd out(socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!out) throw SysError("socket of the test");
  return out;
}

std::string number(size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

}  // namespace

std::string make_query(const std::string& name, uint16_t type, uint16_t id) {
  std::string out = number(id) + number(0x0100) + number(1) + std::string(6, '\0');
  for (const std::string& label : split(name, '.'))
    out.append(1, static_cast<char>(label.size())).append(label);
  return out.append(1, '\0') + number(type) + number(1);
}

std::string framed(const std::string& message) {
  return number(message.size()) + message;
}

sockaddr_in socket_address(const char* address, uint16_t port) {
  sockaddr_in out = {};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  memcpy(&out.sin_addr, Address::parse(address).value().bytes(), sizeof out.sin_addr);
  return out;
}

std::string told(const std::string& answer) {
  if (answer.size() < kDnsHeader) return "nothing";
  constexpr const char* kCodes[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                    "NXDOMAIN", "NOTIMP",  "REFUSED"};
  const auto code = static_cast<size_t>(message_code(answer));
  std::string out = code < std::size(kCodes) ? kCodes[code] : "?";
  if (answer[2] & 2) out += " truncated";
  // Records of the name server and of these tests are at the end, 16 bytes each.
  const size_t records = static_cast<uint8_t>(answer[7]), size = 16;
  for (size_t i = 0; i < records && i < 8 && answer.size() > records * size; ++i) {
    const size_t end = answer.size() - (records - 1 - i) * size;
    out += cat(' ', Address::from_bytes(answer.data() + end - 4, false).str());
  }
  return out;
}

Fd bound_socket(int netns, int type, const char* address, uint16_t port) {
  Fd out = new_socket(netns, type);
  const sockaddr_in to = socket_address(address, port);
  if (bind(out.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 ||
      (type == SOCK_STREAM && listen(out.get(), 128) != 0))
    throw SysError(cat("test: bind to ", address));
  return out;
}

Fd connected_socket(int netns, int type, const char* address, uint16_t port) {
  Fd out = new_socket(netns, type);
  const sockaddr_in to = socket_address(address, port);
  if (connect(out.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
      errno != EINPROGRESS)
    throw SysError(cat("test: connect to ", address));
  return out;
}

std::string received(int socket) {
  std::string out(65536, '\0');
  const ssize_t got = recv(socket, out.data(), out.size(), 0);
  out.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return out;
}

FakeServer::FakeServer(int netns, const char* address, Behaviour behaviour)
    : behaviour_(std::move(behaviour)),
      udp_(bound_socket(netns, SOCK_DGRAM, address, 53)),
      tcp_(bound_socket(netns, SOCK_STREAM, address, 53)) {}

void FakeServer::step() {
  char buffer[4096];
  socklen_t size = sizeof last_client;
  for (;;) {
    const ssize_t got = recvfrom(udp_.get(), buffer, sizeof buffer, 0,
                                 reinterpret_cast<sockaddr*>(&last_client), &size);
    if (got < 0) break;
    ++datagrams;
    for (const std::string& reply : behaviour_({buffer, static_cast<size_t>(got)}, false))
      sendto(udp_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&last_client),
             sizeof last_client);
  }
  Fd client(accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (client) {
    const int on = 1;  // each piece goes out alone
    setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    all_.push_back({std::move(client), {}, {}});
  }
  for (Stream& stream : all_) step_stream(stream);
}

// Sends in pieces: at first single bytes.
void FakeServer::step_stream(Stream& stream) {
  if (!stream.socket) return;
  stream.in += received(stream.socket.get());
  if (stream.in.size() >= 2 && stream.in.size() >= 2u + message_id(stream.in)) {
    ++streams;
    const std::string query = stream.in.substr(2, message_id(stream.in));
    stream.in.clear();
    if (hangs_up) return stream.socket.reset();
    for (const std::string& reply : behaviour_(query, true)) stream.out += framed(reply);
  }
  if (stream.out.empty()) return;
  const size_t piece = stream.out.size() > 100 ? stream.out.size() / 7 : 1;
  const ssize_t sent = send(stream.socket.get(), stream.out.data(), piece, MSG_NOSIGNAL);
  if (sent > 0) stream.out.erase(0, static_cast<size_t>(sent));
}

FakeServer::Behaviour answers_with(const char* address) {
  const Address told = *Address::parse(address);
  return [told](const std::string& query, bool tcp) -> std::vector<std::string> {
    const std::vector<Address> all = {told};
    return {address_answer(parse_query(query).value(), all, tcp ? kDnsLargestMessage : 512)};
  };
}

FakeServer::Behaviour fails_with(DnsCode code) {
  return [code](const std::string& query, bool) -> std::vector<std::string> {
    return {code_answer(parse_query(query).value(), code)};
  };
}

FakeServer::Behaviour silent() {
  return [](const std::string&, bool) { return std::vector<std::string>(); };
}

}  // namespace mini::network
