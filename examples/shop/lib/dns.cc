#include "lib/dns.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace shop {
namespace {

constexpr size_t kHeader = 12;

unsigned word_at(std::string_view text, size_t at) {
  return static_cast<unsigned char>(text[at]) << 8 | static_cast<unsigned char>(text[at + 1]);
}

// The offset behind the name at `at`, or npos if it runs out of the message.
size_t skip_name(std::string_view text, size_t at) {
  while (at < text.size()) {
    auto length = static_cast<unsigned char>(text[at]);
    if (length == 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return std::string_view::npos;
}

sockaddr_in name_server() {
  std::ifstream file("/etc/resolv.conf");
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(53);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key, value;
    if (words >> key >> value && key == "nameserver" &&
        ::inet_pton(AF_INET, value.c_str(), &server.sin_addr) == 1) {
      return server;
    }
  }
  throw NetError("/etc/resolv.conf: no name server");
}

}  // namespace

std::optional<in_addr> lookup_hosts(const std::string& host, const char* file_name) {
  std::ifstream file(file_name);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address, name;
    in_addr result{};
    if (!(words >> address) || ::inet_pton(AF_INET, address.c_str(), &result) != 1) continue;
    while (words >> name) {
      if (name == host) return result;
    }
  }
  return std::nullopt;
}

std::string dns_query(const std::string& host, uint16_t id) {
  std::string query{static_cast<char>(id >> 8), static_cast<char>(id), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  std::istringstream labels(host);
  for (std::string label; std::getline(labels, label, '.');) {
    if (label.empty() || label.size() > 63) throw NetError("\"" + host + "\": not a host name");
    query += static_cast<char>(label.size()) + label;
  }
  if (query.size() > kHeader + 254) throw NetError("\"" + host + "\": not a host name");
  return query + std::string{0, 0, 1, 0, 1};
}

std::optional<in_addr> dns_answer(std::string_view reply, const std::string& query) {
  if (reply.size() < query.size() || reply.substr(0, 2) != query.substr(0, 2)) return std::nullopt;
  bool is_answer = (reply[2] & 0x80) != 0;
  auto lower = [](unsigned char c) { return std::tolower(c); };
  bool same = std::equal(query.begin() + kHeader, query.end(), reply.begin() + kHeader,
                         [&](char a, char b) { return lower(a) == lower(b); });
  if (!is_answer || !same) return std::nullopt;
  in_addr result{};
  size_t at = query.size();
  for (unsigned left = word_at(reply, 6); left > 0; --left) {
    at = skip_name(reply, at);
    if (at == std::string_view::npos || at + 10 > reply.size()) break;
    unsigned type = word_at(reply, at), size = word_at(reply, at + 8);
    if (at + 10 + size > reply.size()) break;
    if (type == 1 && size == 4) {
      reply.copy(reinterpret_cast<char*>(&result), 4, at + 10);
      break;
    }
    at += 10 + size;
  }
  return result;
}

in_addr lookup_dns(const std::string& host, Deadline deadline) {
  uint16_t id = 0;
  if (::getrandom(&id, sizeof id, 0) != sizeof id) throw NetError("getrandom failed");
  std::string query = dns_query(host, id);
  sockaddr_in server = name_server();
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&server), sizeof server) != 0) {
    throw NetError("the name server cannot be reached");
  }
  while (Clock::now() < deadline) {
    (void)!::send(fd.get(), query.data(), query.size(), MSG_NOSIGNAL);
    Deadline again = std::min(deadline, Clock::now() + std::chrono::milliseconds(300));
    while (wait_for(fd.get(), POLLIN, again)) {
      char reply[1500];
      ssize_t size = ::recv(fd.get(), reply, sizeof reply, 0);
      if (size < 0) throw NetError("the name server does not answer");
      auto address = dns_answer({reply, static_cast<size_t>(size)}, query);
      if (!address) continue;
      if (address->s_addr == 0) throw NetError("host \"" + host + "\": no such name");
      return *address;
    }
  }
  throw NetError("host \"" + host + "\": the name server did not answer in time");
}

}  // namespace shop
