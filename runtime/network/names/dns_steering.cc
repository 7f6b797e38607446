#include "runtime/network/names/dns_steering.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/network/link/in_namespace.h"
#include "runtime/network/names/dns_server.h"

namespace mini::network {
namespace {

int bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

bpf_insn instruction(int code, int to, int from, int16_t offset, int32_t value) {
  bpf_insn out = {};
  out.code = static_cast<__u8>(code);
  out.dst_reg = static_cast<__u8>(to);
  out.src_reg = static_cast<__u8>(from);
  out.off = offset;
  out.imm = value;
  return out;
}

struct Word {  // of the context
  size_t offset;
  uint32_t value;
};

std::vector<Word> server_address(bool mapped) {
  constexpr size_t kV4 = offsetof(bpf_sock_addr, user_ip4), kV6 = offsetof(bpf_sock_addr, user_ip6);
  const uint32_t server = htonl(0x7f00000b);
  if (!mapped) return {{kV4, server}};
  return {{kV6, 0}, {kV6 + 4, 0}, {kV6 + 8, htonl(0xffff)}, {kV6 + 12, server}};
}

uint64_t cookie_of(int namespace_fd) {
  const InNamespace there(namespace_fd);
  const Fd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (!any || getsockopt(any.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0)
    throw SysError("network namespace: its cookie");
  return cookie;
}

// In a call about 127.0.0.11 and port `from`, made in the namespace with this cookie, the port
// becomes `to`. All else is left alone. `mapped`: calls of IPv6 sockets, to which the address is
// ::ffff:127.0.0.11 (all of Java's are).
std::vector<bpf_insn> program(uint16_t from, uint16_t to, bool mapped, uint64_t cookie) {
  constexpr int kResult = BPF_REG_0, kArgument = BPF_REG_1, kValue = BPF_REG_2,
                kContext = BPF_REG_6;
  constexpr size_t kPort = offsetof(bpf_sock_addr, user_port);
  constexpr size_t kAfterWords = 7;  // instructions from the last comparison to the end
  std::vector<Word> about = server_address(mapped);
  about.push_back({kPort, htons(from)});
  std::vector<bpf_insn> out;
  out.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, kContext, kArgument, 0, 0));
  for (size_t left = about.size(); left-- > 0;) {
    const Word& word = about[about.size() - 1 - left];
    const auto past_the_change = static_cast<int16_t>(2 * left + kAfterWords);
    out.push_back(instruction(BPF_LDX | BPF_MEM | BPF_W, kValue, kContext,
                              static_cast<int16_t>(word.offset), 0));
    out.push_back(instruction(BPF_JMP32 | BPF_JNE | BPF_K, kValue, 0, past_the_change,
                              static_cast<int32_t>(word.value)));
  }
  out.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, kArgument, kContext, 0, 0));
  out.push_back(instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_netns_cookie));
  out.push_back(instruction(BPF_LD | BPF_DW | BPF_IMM, kValue, 0, 0, static_cast<int32_t>(cookie)));
  out.push_back(instruction(0, 0, 0, 0, static_cast<int32_t>(cookie >> 32)));
  out.push_back(instruction(BPF_JMP | BPF_JNE | BPF_X, kResult, kValue, 2, 0));
  out.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, kValue, 0, 0, htons(to)));
  out.push_back(instruction(BPF_STX | BPF_MEM | BPF_W, kContext, kValue, kPort, 0));
  out.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, kResult, 0, 0, 1));
  out.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  return out;
}

bool attach(int group, bpf_attach_type type, const std::vector<bpf_insn>& code) {
  static constexpr char kLicense[] = "Apache-2.0";
  bpf_attr load = {};
  load.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
  load.expected_attach_type = type;
  load.insns = reinterpret_cast<uintptr_t>(code.data());
  load.insn_cnt = static_cast<__u32>(code.size());
  load.license = reinterpret_cast<uintptr_t>(kLicense);
  const Fd loaded(bpf(BPF_PROG_LOAD, load));
  if (!loaded) return false;
  bpf_attr attributes = {};
  attributes.target_fd = static_cast<__u32>(group);
  attributes.attach_bpf_fd = static_cast<__u32>(loaded.get());
  attributes.attach_type = type;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  return bpf(BPF_PROG_ATTACH, attributes) == 0;
}

}  // namespace

bool steer_dns(const std::string& directory, int namespace_fd, uint16_t port) {
  const uint64_t cookie = cookie_of(namespace_fd);
  const Fd group(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // The way back first: alone it changes nothing, should the rest fail. What an IPv6 socket sends
  // to a mapped address without a connection, the kernel itself takes to the IPv4 program.
  const struct {
    bpf_attach_type type;
    bool there, mapped;
  } all[] = {
      {BPF_CGROUP_UDP4_RECVMSG, false, false},      {BPF_CGROUP_UDP6_RECVMSG, false, true},
      {BPF_CGROUP_INET4_GETPEERNAME, false, false}, {BPF_CGROUP_INET6_GETPEERNAME, false, true},
      {BPF_CGROUP_UDP4_SENDMSG, true, false},       {BPF_CGROUP_INET6_CONNECT, true, true},
      {BPF_CGROUP_INET4_CONNECT, true, false}};
  const bool done = group && std::all_of(std::begin(all), std::end(all), [&](const auto& one) {
                      return attach(group.get(), one.type,
                                    one.there ? program(kDnsPort, port, one.mapped, cookie)
                                              : program(port, kDnsPort, one.mapped, cookie));
                    });
  if (!done) debug("name server: cannot be steered to by the control group ", directory);
  return done;
}

}  // namespace mini::network
