// What a container's monitor and its clients say to each other over a SOCK_SEQPACKET socket: one
// packet is one frame, a type byte and its payload. The client speaks first (hello). Both sides are
// mini, of the same version or of another one: a frame of unknown type is passed over. Signals do
// not come this way: a client sends them to the container's process itself, so that they never wait
// behind unread input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mini::engine {

enum class Frame : char {
  // client -> monitor
  hello = 'h',  // payload: letters of what the client is: 'o' output, 'i' input; none: only waits
                // for the end
  input = 'i',
  end_of_input = 'e',
  resize = 'r',      // payload: rows, columns as two uint16_t
  no_restart = 'n',  // the container is being ended on purpose
  // monitor -> client
  output = 'o',
  error_output = 'x',
  exit = 'q',     // payload: the exit code as int32_t; the connection ends
  dropped = 'd',  // the client was too slow
};

constexpr size_t kLargestFrame = 32 << 10;

// One packet; false when the other side is gone or (non-blocking) not ready: see errno.
bool send_frame(int socket, Frame type, std::string_view payload);
// A received packet; nothing in `payload` and false at the end. Blocks unless the socket is
// non-blocking.
struct ReceivedFrame {
  Frame type{};
  std::string payload;
};
enum class Received { frame, none, end };
Received receive_frame(int socket, ReceivedFrame& frame);

}  // namespace mini::engine
