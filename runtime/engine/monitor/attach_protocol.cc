#include "runtime/engine/monitor/attach_protocol.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

namespace mini::engine {

bool send_frame(int socket, Frame type, std::string_view payload) {
  iovec parts[2] = {{&type, 1}, {const_cast<char*>(payload.data()), payload.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

Received receive_frame(int socket, ReceivedFrame& frame) {
  frame.payload.resize(kLargestFrame + 1);
  ssize_t size;
  do {
    size = recv(socket, frame.payload.data(), frame.payload.size(), 0);
    // A monitor that ends without having read all input resets the connection; what it had sent
    // before, its last word above all, is still behind that one error.
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Received::none;
  if (size <= 0) return Received::end;
  frame.type = static_cast<Frame>(frame.payload[0]);
  frame.payload.resize(static_cast<size_t>(size));
  frame.payload.erase(0, 1);
  return Received::frame;
}

}  // namespace mini::engine
