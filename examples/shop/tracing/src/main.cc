// The collector's process: reads the environment, opens the archive, serves until SIGTERM or SIGINT, then writes what is
// queued and ends with 0. It is made to be process 1 of a container. `tracing health` asks the one that runs on this host
// and ends with 0 if it is well: for HEALTHCHECK, in an image that has no other program.
#include <httplib.h>
#include <malloc.h>
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "src/api.h"

namespace {

// Bytes of JSON; as spans in memory they are four times as much, and a batch that is being written comes on top.
constexpr size_t kMaxQueued = 1024 * 1024;
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

int ask_health(const tracing::Settings& settings) {
  httplib::Client client("127.0.0.1", settings.port);
  client.set_connection_timeout(2, 0);
  client.set_read_timeout(2, 0);
  auto answer = client.Get("/health");
  std::printf("%s\n", answer ? answer->body.c_str() : "no answer");
  return answer && answer->status == 200 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // Each arena of malloc keeps memory of its own; two are enough for two cores. Large answers go back to the system at once.
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  try {
    tracing::Settings settings = tracing::read_settings(std::getenv);
    if (argc == 1) return serve(settings);
    if (argc == 2 && std::string_view(argv[1]) == "health") return ask_health(settings);
    std::fprintf(stderr, "usage: tracing [health]\n");
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tracing: %s\n", error.what());
    return 1;
  }
}
