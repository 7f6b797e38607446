#include "runtime/image/layer/layer_pipe.h"

#include <signal.h>

#include <cerrno>
#include <exception>
#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/image/layer/layer_reader.h"

namespace mini::image {
namespace {

void block_broken_pipe() {
  sigset_t broken;
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken, nullptr);
}

}  // namespace

void pass_layer(const std::function<void(int fd)>& write, const std::string& name, Draft& draft) {
  Pipe pipe = make_pipe();
  std::exception_ptr written, read;
  std::thread writer([&] {
    block_broken_pipe();
    try {
      write(pipe.write.get());
    } catch (const SysError& error) {
      if (error.code() != EPIPE) written = std::current_exception();
    } catch (...) {
      written = std::current_exception();
    }
    pipe.write.reset();
  });
  try {
    read_layer(pipe.read.get(), name, draft);
  } catch (...) {
    read = std::current_exception();
  }
  pipe.read.reset();
  writer.join();
  // That the reader found the tar cut is what followed from the writer's.
  if (written) std::rethrow_exception(written);
  if (read) std::rethrow_exception(read);
}

}  // namespace mini::image
