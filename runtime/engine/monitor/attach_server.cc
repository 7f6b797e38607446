#include "runtime/engine/monitor/attach_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/attach_protocol.h"

namespace mini::engine {
namespace {

constexpr size_t kOwnerQueue = 256 << 10, kGuestQueue = 1 << 20;
constexpr size_t kMaxClients = 256;
constexpr int64_t kFarewell = 2'000'000'000;

std::string frame_of(Frame type, std::string_view payload) {
  std::string frame(1, static_cast<char>(type));
  frame += payload;
  return frame;
}

std::string exit_frame(int32_t code) {
  return frame_of(Frame::exit, {reinterpret_cast<const char*>(&code), sizeof code});
}

}  // namespace

void AttachServer::listen(const std::string& run_directory) {
  // A socket's name may be 107 bytes long; through the directory's descriptor any path fits.
  const Fd directory = open_file(run_directory, O_PATH | O_DIRECTORY);
  listener_ = Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_) throw SysError("attach socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/attach.sock",
           directory.get());
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(listener_.get(), SOMAXCONN) < 0) {
    throw SysError(cat(run_directory, "/attach.sock"));
  }
}

void AttachServer::adopt(Fd client) {
  set_nonblocking(client.get());
  auto made = std::make_unique<Client>();
  made->socket = std::move(client);
  made->owner = true;
  clients_.push_back(std::move(made));
  handle(*clients_.back());
}

bool AttachServer::accept() {
  Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return false;
  if (clients_.size() >= kMaxClients) return true;
  auto client = std::make_unique<Client>();
  client->socket = std::move(socket);
  clients_.push_back(std::move(client));
  return true;
}

void AttachServer::watch(PollRound& round, bool input_open) {
  sweep();
  if (listener_) round.watch(listener_.get(), POLLIN, [this](short) { accept(); });
  for (const auto& held : clients_) {
    Client* client = held.get();
    short events = client->queue.empty() ? 0 : POLLOUT;
    if (input_open || !client->gives_input) events |= POLLIN;
    round.watch(client->socket.get(), events, [this, client](short ready) {
      if (ready & POLLOUT) flush(*client);
      if (ready & POLLIN) {
        handle(*client);
      } else if (ready & (POLLHUP | POLLERR)) {
        client->gone = true;
      }
    });
  }
}

void AttachServer::hear() {
  while (accept()) {
  }
  for (const auto& client : clients_) {
    if (!client->gone) handle(*client);
  }
}

void AttachServer::handle(Client& client) {
  ReceivedFrame frame;
  // One frame of input at a time: after it there may be no room for more.
  for (bool more = true; more;) {
    switch (receive_frame(client.socket.get(), frame)) {
      case Received::none:
        return;
      case Received::end:
        client.gone = true;
        return;
      case Received::frame:
        more = frame.type != Frame::input;
        act_on(client, static_cast<char>(frame.type), frame.payload);
    }
  }
}

void AttachServer::act_on(Client& client, char type, std::string_view payload) {
  switch (static_cast<Frame>(type)) {
    case Frame::hello:
      client.wants_output = payload.find('o') != std::string_view::npos;
      client.gives_input = payload.find('i') != std::string_view::npos;
      break;
    case Frame::input:
      if (on_input) on_input(payload);
      break;
    case Frame::no_restart:
      if (on_no_restart) on_no_restart();
      break;
    case Frame::end_of_input:
      if (on_end_of_input) on_end_of_input();
      break;
    case Frame::resize: {
      uint16_t size[2];
      if (payload.size() != sizeof size) break;
      memcpy(size, payload.data(), sizeof size);
      if (!first_size_) first_size_ = {size[0], size[1]};
      if (on_resize) on_resize(size[0], size[1]);
      break;
    }
    default:
      break;
  }
}

void AttachServer::output(bool is_stderr, std::string_view data) {
  for (const auto& client : clients_) {
    if (!client->wants_output) continue;
    for (size_t at = 0; at < data.size(); at += kLargestFrame) {
      send(*client, frame_of(is_stderr ? Frame::error_output : Frame::output,
                             data.substr(at, kLargestFrame)));
    }
  }
}

void AttachServer::send(Client& client, std::string frame) {
  if (client.gone) return;
  client.queued += frame.size();
  client.queue.push_back(std::move(frame));
  flush(client);
  if (!client.owner && client.queued > kGuestQueue) {
    send_frame(client.socket.get(), Frame::dropped, {});
    client.gone = true;
  }
}

void AttachServer::flush(Client& client) {
  size_t sent = 0;
  for (; sent < client.queue.size() && !client.gone; ++sent) {
    const std::string& frame = client.queue[sent];
    if (!send_frame(client.socket.get(), static_cast<Frame>(frame[0]),
                    std::string_view(frame).substr(1))) {
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) break;
      client.gone = true;
      break;
    }
    client.queued -= frame.size();
  }
  client.queue.erase(client.queue.begin(),
                     client.queue.begin() + static_cast<std::ptrdiff_t>(sent));
}

bool AttachServer::keeps_up() const {
  for (const auto& client : clients_) {
    if (client->owner && !client->gone && client->queued > kOwnerQueue) return false;
  }
  return true;
}

bool AttachServer::has_owner() const {
  for (const auto& client : clients_) {
    if (client->owner && !client->gone) return true;
  }
  return false;
}

void AttachServer::finish(int exit_code) {
  hear();
  for (const auto& client : clients_) send(*client, exit_frame(exit_code));
  listener_.reset();
  const int64_t end = monotonic_ns() + kFarewell;
  for (;;) {
    std::erase_if(clients_, [&](const auto& client) {
      return client->gone || client->queue.empty() || (!client->owner && monotonic_ns() >= end);
    });
    if (clients_.empty()) return;
    PollRound round;
    for (const auto& held : clients_) {
      Client* client = held.get();
      round.watch(client->socket.get(), POLLOUT, [this, client](short ready) {
        if (ready & POLLOUT) flush(*client);
        if (ready & (POLLHUP | POLLERR)) client->gone = true;
      });
    }
    if (!has_owner()) round.wake_at(end);
    round.wait();
  }
}

void AttachServer::sweep() {
  std::erase_if(clients_, [](const auto& client) { return client->gone; });
}

}  // namespace mini::engine
