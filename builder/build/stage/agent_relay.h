// A socket for a RUN that leads to an SSH agent of the host (RUN --mount=type=ssh): the command
// reaches the agent, never its keys nor its socket. Connections are carried by a thread of its own,
// until the object goes. What a command sends to the agent is not looked at.
#pragma once

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"

namespace mini::build {

class AgentRelay {
 public:
  // Listens at `path`, which must not exist; `mode` and the owner are the socket's. Throws
  // SysError.
  AgentRelay(const std::string& agent, const std::string& path, uint32_t mode, uint32_t uid,
             uint32_t gid);
  ~AgentRelay();
  AgentRelay(const AgentRelay&) = delete;

 private:
  void run();
  void accept();

  const std::string agent_;
  Fd listener_;
  Pipe stop_;
  std::vector<std::pair<Fd, Fd>> connections_;  // of the command, to the agent
  std::thread thread_;
};

}  // namespace mini::build
