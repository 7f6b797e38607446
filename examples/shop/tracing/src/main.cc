// The collector's process: reads the environment, opens the archive, serves until SIGTERM or SIGINT, then writes what is
// queued and ends with 0. It is made to be process 1 of a container.
#include <httplib.h>
#include <malloc.h>
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "src/api.h"

namespace {

constexpr size_t kMaxQueued = 4 * 1024 * 1024;
constexpr int kReaders = 2;

int serve(const tracing::Settings& settings) {
  // Blocked before any thread starts, so that all inherit it and only sigwait() below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  tracing::Intake intake(
      std::make_unique<tracing::ArchiveWriter>(settings.db_path, settings.bounds, settings.tag_keys), kMaxQueued);
  tracing::ReaderPool readers(settings.db_path, kReaders);
  httplib::Server server;
  tracing::mount(server, {intake, readers, settings});
  if (!server.bind_to_port("0.0.0.0", settings.port)) {
    std::fprintf(stderr, "tracing: cannot listen on port %d: is it taken?\n", settings.port);
    return 1;
  }
  std::thread stopper([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    server.stop();
  });
  std::fprintf(stderr, "tracing: listening on port %d, spans in %s\n", settings.port, settings.db_path.c_str());
  bool clean = server.listen_after_bind();
  pthread_kill(stopper.native_handle(), SIGTERM);  // when listening ended by itself
  stopper.join();
  return clean ? 0 : 1;
}

}  // namespace

int main() {
  // Each arena of malloc keeps memory of its own; two are enough for two cores.
  mallopt(M_ARENA_MAX, 2);
  try {
    return serve(tracing::read_settings(std::getenv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tracing: %s\n", error.what());
    return 1;
  }
}
