#include "builder/build/source/stdin_context.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/image/layer/layer_reader.h"

namespace mini::build {
namespace {

constexpr size_t kTarHeader = 512;

bool looks_like_tar(std::string_view head) {
  using namespace std::string_view_literals;
  for (const std::string_view magic : {"\x1f\x8b"sv, "BZh"sv,
                                       "\xfd"
                                       "7zXZ\0"sv,
                                       "\x28\xb5\x2f\xfd"sv}) {
    if (head.starts_with(magic)) return true;
  }
  return head.size() >= kTarHeader && head.substr(257, 5) == "ustar";
}

// Hands `head` and then the rest of `from` on; ends early when the reader is gone.
void pump(std::string_view head, int from, Fd to) {
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
  try {
    write_all(to.get(), head, "pipe");
    std::array<char, 64 << 10> buffer;
    for (;;) {
      // Also wakes when the reader is gone, so that a silent sender cannot hold the build.
      pollfd states[2] = {{from, POLLIN, 0}, {to.get(), 0, 0}};
      if (poll(states, 2, -1) < 0 && errno != EINTR) return;
      if ((states[1].revents & (POLLERR | POLLHUP)) != 0) return;
      const ssize_t got = read(from, buffer.data(), buffer.size());
      if (got == 0 || (got < 0 && errno != EINTR)) return;
      if (got > 0) write_all(to.get(), {buffer.data(), static_cast<size_t>(got)}, "pipe");
    }
  } catch (const Error&) {
    // The reader sees a short archive and says so.
  }
}

}  // namespace

std::optional<std::string> unpack_stdin(int fd, image::Draft& draft, bool or_text, size_t limit) {
  std::string head(kTarHeader, '\0');
  head.resize(read_full(fd, head.data(), head.size(), "standard input"));
  if (!looks_like_tar(head)) {
    if (!or_text) {
      throw Error("standard input: not a tar archive",
                  "with `-f`, the context `-` must be a tar archive", ErrorKind::usage);
    }
    return head + read_all(fd, "standard input", limit);
  }
  Pipe pipe = make_pipe();
  std::thread pumping(pump, head, fd, std::move(pipe.write));
  try {
    image::read_layer(pipe.read.get(), "standard input", draft, {.allow_devices = false});
  } catch (...) {
    pipe.read.reset();
    pumping.join();
    throw;
  }
  pipe.read.reset();
  pumping.join();
  return {};
}

}  // namespace mini::build
