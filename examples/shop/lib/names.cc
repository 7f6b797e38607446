#include "lib/names.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <memory>

namespace shop {
namespace {

struct LookUp {
  int status = ARES_ETIMEOUT;
  std::string address;

  static void finish(void* self, int status, int, hostent* host) {
    auto& look_up = *static_cast<LookUp*>(self);
    look_up.status = status;
    char text[INET_ADDRSTRLEN];
    if (status == ARES_SUCCESS && ::inet_ntop(AF_INET, host->h_addr_list[0], text, sizeof text)) look_up.address = text;
  }
};

using Channel = std::unique_ptr<ares_channeldata, decltype(&::ares_destroy)>;

Channel open_channel(const std::string& servers) {
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH;  // a service's name is whole
  options.timeout = 300;               // milliseconds to the second try; doubled for each further one
  options.tries = 5;
  ares_channel channel = nullptr;
  int status = ::ares_init_options(&channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
  if (status == ARES_SUCCESS && !servers.empty()) status = ::ares_set_servers_ports_csv(channel, servers.c_str());
  Channel owner(channel, &::ares_destroy);
  if (status != ARES_SUCCESS) throw NameError(std::string("name look-up: ") + ::ares_strerror(status));
  return owner;
}

// Lets c-ares do what there is to do; waits for its sockets, for its own next timeout, or until the deadline. False: the look-up has ended.
bool step(ares_channel channel, Deadline deadline) {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  int wanted = ::ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
  if (wanted == 0) return false;
  pollfd polled[ARES_GETSOCK_MAXNUM];
  nfds_t count = 0;
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    bool readable = ARES_GETSOCK_READABLE(wanted, i), writable = ARES_GETSOCK_WRITABLE(wanted, i);
    if (readable || writable) {
      polled[count++] = {sockets[i], static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)), 0};
    }
  }
  auto left = std::max<int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count());
  timeval most{left / 1000, left % 1000 * 1000}, next{};
  ::ares_timeout(channel, &most, &next);
  ::poll(polled, count, static_cast<int>(next.tv_sec * 1000 + (next.tv_usec + 999) / 1000));
  ::ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its timeouts
  for (nfds_t i = 0; i < count; ++i) {
    bool read = polled[i].revents & (POLLIN | POLLERR | POLLHUP), write = polled[i].revents & POLLOUT;
    ::ares_process_fd(channel, read ? polled[i].fd : ARES_SOCKET_BAD, write ? polled[i].fd : ARES_SOCKET_BAD);
  }
  return true;
}

}  // namespace

std::string resolve(const std::string& host, Deadline deadline, const std::string& servers) {
  static const int ready = ::ares_library_init(ARES_LIB_INIT_ALL);
  (void)ready;
  LookUp look_up;
  Channel channel = open_channel(servers);
  ::ares_gethostbyname(channel.get(), host.c_str(), AF_INET, &LookUp::finish, &look_up);
  while (Clock::now() < deadline && step(channel.get(), deadline)) {
  }
  channel.reset();  // what has not ended is cancelled
  if (!look_up.address.empty()) return look_up.address;
  bool late = look_up.status == ARES_EDESTRUCTION || look_up.status == ARES_ETIMEOUT;
  throw NameError("host \"" + host + "\": " + (late ? "the name server did not answer in time" : ::ares_strerror(look_up.status)));
}

}  // namespace shop
