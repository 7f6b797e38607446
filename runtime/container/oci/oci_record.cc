#include "runtime/container/oci/oci_record.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::container {

Undo::~Undo() {
  if (!launched) return;
  signal_pidfd(launched->pidfd.get(), SIGKILL);
  try {
    wait_child(launched->process.pid);
  } catch (const Error&) {  // nobody is left to be told
  }
}

Fd connect_console(const std::string& path) {
  if (path.empty()) return Fd();
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw Error(cat("console socket ", path, ": name too long"));
  memcpy(address.sun_path, path.c_str(), path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
    throw SysError(cat("console socket ", path));
  }
  return socket;
}

void check_console(bool terminal, bool detached, const std::string& socket) {
  if (terminal && detached && socket.empty()) {
    throw Error("cannot allocate tty if the runtime will detach without setting console socket",
                "pass --console-socket");
  }
  if (!socket.empty() && !(terminal && detached)) {
    throw Error("cannot use console socket if the runtime will not detach or allocate tty",
                "set process.terminal and --detach, or leave --console-socket out");
  }
}

std::vector<int> preserved_descriptors(int count) {
  std::vector<int> out;
  for (int fd = 3; fd < 3 + count; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) throw SysError(cat("preserved descriptor ", fd));
    out.push_back(fd);
  }
  return out;
}

void write_pid_file(const std::string& path, pid_t pid) {
  if (!path.empty()) replace_file(path, std::to_string(pid), false);
}

void wait_for_end(int pidfd, const std::string& id) {
  constexpr int kPatience = 10'000;
  pollfd end = {pidfd, POLLIN, 0};
  int ready;
  do {
    ready = poll(&end, 1, kPatience);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) throw Error(cat("container ", quoted(id), ": still there 10 s after SIGKILL"));
}

}  // namespace mini::container
