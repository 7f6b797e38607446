#include "runtime/network/bridge/port_reservation.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/network/bridge/leases.h"

namespace mini::network {
namespace {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress socket_address(const Address& address, uint16_t port) {
  SocketAddress out;
  if (address.is_v6()) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    memcpy(&v6->sin6_addr, address.bytes(), 16);
    out.size = sizeof *v6;
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    memcpy(&v4->sin_addr, address.bytes(), 4);
    out.size = sizeof *v4;
  }
  return out;
}

bool clash(const PortRule& a, const PortRule& b) {
  return a.protocol == b.protocol && a.host_port == b.host_port &&
         a.host.is_v6() == b.host.is_v6() &&
         (a.host == b.host || a.host.is_any() || b.host.is_any());
}

std::string container_with(const StatePaths& paths, const PortRule& port) {
  for (const std::string& id : leased_networks(paths)) {
    const Leases leases = Leases::load(paths, id);
    for (const Lease& lease : leases.all()) {
      for (const PortRule& other : lease.ports) {
        if (clash(port, other))
          return lease.names.empty() ? lease.container.substr(0, 12) : lease.names[0];
      }
    }
  }
  return {};
}

// Inodes of the sockets that are bound to the port, from /proc/net.
std::vector<std::string> sockets_on(const PortRule& port) {
  std::vector<std::string> inodes;
  const std::string protocol = port.protocol == IPPROTO_UDP ? "udp" : "tcp";
  char hex[8];
  snprintf(hex, sizeof hex, ":%04X", port.host_port);
  for (const char* family : {"", "6"}) {
    const std::string table = read_file_if_exists(cat("/proc/net/", protocol, family)).value_or("");
    for (const std::string& line : split(table, '\n')) {
      std::vector<std::string> words;
      for (std::string& word : split(line, ' ')) {
        if (!word.empty()) words.push_back(std::move(word));
      }
      // 0A: listening; a socket that is connected through the port does not hold it.
      if (words.size() < 10 || !words[1].ends_with(hex)) continue;
      if (protocol == "tcp" && words[3] != "0A") continue;
      inodes.push_back(cat("socket:[", words[9], ']'));
    }
  }
  return inodes;
}

std::string process_with(const PortRule& port) {
  const std::vector<std::string> inodes = sockets_on(port);
  if (inodes.empty()) return {};
  for (const std::string& pid : list_directory("/proc")) {
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string directory = cat("/proc/", pid, "/fd");
    for (const std::string& fd : list_directory(directory)) {
      char target[64];
      const ssize_t size = readlink(cat(directory, '/', fd).c_str(), target, sizeof target);
      if (size <= 0) continue;
      const std::string_view link(target, static_cast<size_t>(size));
      for (const std::string& inode : inodes) {
        if (link != inode) continue;
        const std::string name = read_file_if_exists(cat("/proc/", pid, "/comm")).value_or("");
        return cat("process ", pid, " (", printable(trim(name)), ")");
      }
    }
  }
  return {};
}

Error busy(const StatePaths& paths, const PortRule& port) {
  const std::string what =
      cat("port ", port.host.is_v6() ? cat('[', port.host.str(), ']') : port.host.str(), ':',
          port.host_port, port.protocol == IPPROTO_UDP ? "/udp" : "/tcp");
  const std::string container = container_with(paths, port);
  if (!container.empty())
    return Error(cat(what, ": in use by container ", container),
                 cat("choose another port, or stop it: `mini stop ", container, "`"),
                 ErrorKind::conflict);
  const std::string process = process_with(port);
  return Error(cat(what, ": in use by ", process.empty() ? "another program" : process),
               "choose another port, or stop that program", ErrorKind::conflict);
}

// With SO_REUSEADDR a port can be bound twice as long as no socket listens. So it listens, which
// fails where another does; stops, so that it never takes a connection; and prevents another bind.
void hold(int fd, const StatePaths& paths, const PortRule& port) {
  if (listen(fd, 0) < 0) {
    if (errno == EADDRINUSE) throw busy(paths, port);
    throw SysError(cat("port ", port.host.str(), ':', port.host_port));
  }
  const int off = 0;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof off) < 0 || shutdown(fd, SHUT_RD) < 0)
    throw SysError(cat("port ", port.host.str(), ':', port.host_port));
}

}  // namespace

Fd reserve_port(const StatePaths& paths, PortRule& port) {
  if (port.host.is_v6() && port.host.is_loopback())
    throw Error("publish on ::1: Linux cannot forward IPv6 loopback traffic",
                "publish on 127.0.0.1, or on another IPv6 address of this host", ErrorKind::usage);
  const bool udp = port.protocol == IPPROTO_UDP;
  Fd fd(socket(port.host.family(), (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, port.protocol));
  if (!fd) throw SysError("socket for a published port");
  const int on = 1;
  if (port.host.is_v6()) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  // Old connections of the previous user of the port may linger; they do not hold it.
  if (!udp) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  SocketAddress address = socket_address(port.host, port.host_port);
  if (bind(fd.get(), address.get(), address.size) < 0) {
    if (errno == EADDRINUSE) throw busy(paths, port);
    if (errno == EADDRNOTAVAIL)
      throw Error(cat("publish on ", port.host.str(), ": not an address of this host"),
                  "`ip address` lists them; without an address, a port is published on all",
                  ErrorKind::usage);
    throw SysError(cat("port ", port.host.str(), ':', port.host_port));
  }
  if (!udp) hold(fd.get(), paths, port);
  if (getsockname(fd.get(), address.get(), &address.size) < 0) throw SysError("published port");
  port.host_port =
      ntohs(port.host.is_v6() ? reinterpret_cast<sockaddr_in6*>(address.get())->sin6_port
                              : reinterpret_cast<sockaddr_in*>(address.get())->sin_port);
  return fd;
}

}  // namespace mini::network
