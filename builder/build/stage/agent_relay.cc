#include "builder/build/stage/agent_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr size_t kMostConnections = 64;
constexpr timeval kPatience = {10, 0};  // for who does not read what it asked for

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw Error(cat("socket ", quoted(path), ": the path is too long"));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Fd new_socket() {
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) throw SysError("socket");
  return fd;
}

// False when either side is done.
bool carry(int from, int to) {
  std::array<char, 16 << 10> buffer;
  const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
  if (got <= 0) return got < 0 && errno == EINTR;
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t now =
        send(to, buffer.data() + sent, static_cast<size_t>(got - sent), MSG_NOSIGNAL);
    if (now < 0 && errno != EINTR) return false;
    if (now > 0) sent += now;
  }
  return true;
}

}  // namespace

AgentRelay::AgentRelay(const std::string& agent, const std::string& path, uint32_t mode,
                       uint32_t uid, uint32_t gid)
    : agent_(agent), listener_(new_socket()), stop_(make_pipe()) {
  // Through a descriptor: the path of a store may be longer than an address holds.
  const size_t slash = path.rfind('/');
  const Fd directory = open_file(path.substr(0, slash), O_PATH | O_DIRECTORY);
  const std::string name = cat("/proc/self/fd/", directory.get(), path.substr(slash));
  const sockaddr_un address = address_of(name);
  if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      chown(name.c_str(), uid, gid) < 0 || chmod(name.c_str(), mode) < 0 ||
      listen(listener_.get(), 8) < 0)
    throw SysError(cat("socket ", path));
  thread_ = std::thread([this] { run(); });
}

AgentRelay::~AgentRelay() {
  stop_.write.reset();
  thread_.join();
}

void AgentRelay::accept() {
  Fd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client || connections_.size() >= kMostConnections) return;
  try {
    Fd agent = new_socket();
    const sockaddr_un address = address_of(agent_);
    if (connect(agent.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
      throw SysError(cat("SSH agent ", agent_));
    for (const int fd : {client.get(), agent.get()})
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    connections_.emplace_back(std::move(client), std::move(agent));
  } catch (const Error& error) {
    warn_once(error.what());
  }
}

void AgentRelay::run() {
  while (true) {
    std::vector<pollfd> waiting = {{stop_.read.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const auto& [client, agent] : connections_) {
      waiting.push_back({client.get(), POLLIN, 0});
      waiting.push_back({agent.get(), POLLIN, 0});
    }
    if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if (waiting[0].revents != 0) return;
    for (size_t i = connections_.size(); i-- > 0;) {
      auto& [client, agent] = connections_[i];
      const bool asked = waiting[2 + 2 * i].revents != 0, told = waiting[3 + 2 * i].revents != 0;
      if ((asked && !carry(client.get(), agent.get())) ||
          (told && !carry(agent.get(), client.get())))
        connections_.erase(connections_.begin() + static_cast<long>(i));
    }
    if (waiting[1].revents != 0) accept();
  }
}

}  // namespace mini::build
