// The monitor's side of attach.h: the clients of one container. The client that started the
// container (its owner) may slow it down, as a pipe would; any other client that does not keep up
// is dropped. Owns the socket <run>/containers/<id>/attach.sock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/poll_round.h"

namespace mini::engine {

class AttachServer {
 public:
  std::function<void(std::string_view data)> on_input;
  std::function<void()> on_end_of_input;
  std::function<void()> on_no_restart;
  std::function<void(uint16_t rows, uint16_t columns)> on_resize;

  void listen(const std::string& run_directory);
  // The owner. Its first frames (hello, size) are read here, so that the terminal has its size from
  // the start.
  void adopt(Fd client);
  std::optional<std::pair<uint16_t, uint16_t>> first_size() const { return first_size_; }

  // `input_open`: there is room for input; otherwise it waits at the clients.
  void watch(PollRound& round, bool input_open);
  // Hears what clients have said already, without waiting: before something is decided that depends
  // on it.
  void hear();
  void output(bool is_stderr, std::string_view data);
  bool keeps_up() const;  // false: the owner's queue is full
  // Everything queued, then the exit code, then the end of all connections. The owner is waited for
  // as long as it lives, the others for two seconds.
  void finish(int exit_code);

 private:
  bool has_owner() const;
  struct Client {
    Fd socket;
    bool owner = false, wants_output = false, gives_input = false, gone = false;
    std::vector<std::string> queue;  // whole frames, type byte first
    size_t queued = 0;               // bytes
  };

  bool accept();
  void handle(Client& client);
  void act_on(Client& client, char type, std::string_view payload);
  void send(Client& client, std::string frame);
  void flush(Client& client);
  void sweep();

  Fd listener_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::optional<std::pair<uint16_t, uint16_t>> first_size_;
};

}  // namespace mini::engine
