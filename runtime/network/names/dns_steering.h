// Redirects what a container's processes send to 127.0.0.11:53 to the port where its name server
// listens, and back, so that a program in the container can have port 53 of all its addresses. Tiny
// BPF programs on its v2 cgroup (bpf(2), BPF_PROG_TYPE_CGROUP_SOCK_ADDR) rewrite addresses of
// system calls, not packets; they vanish with the group.
#pragma once

#include <cstdint>
#include <string>

namespace mini::network {

// `directory`: the group's. Only calls in the network namespace of `namespace_fd` (its descriptor,
// or a pidfd) are redirected: a container in the container may have a 127.0.0.11 of its own. False
// when this kernel or host does not let us: the name server then has to listen on port 53 itself.
bool steer_dns(const std::string& directory, int namespace_fd, uint16_t port);

}  // namespace mini::network
