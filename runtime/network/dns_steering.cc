#include "runtime/network/dns_steering.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/network/dns_server.h"

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

// In a call about 127.0.0.11 and port `from`, the port becomes `to`. All else is left alone.
std::vector<bpf_insn> program(uint16_t from, uint16_t to) {
  constexpr int kResult = BPF_REG_0, kContext = BPF_REG_1, kValue = BPF_REG_2;
  constexpr auto kAddress = static_cast<int16_t>(offsetof(bpf_sock_addr, user_ip4));
  constexpr auto kPort = static_cast<int16_t>(offsetof(bpf_sock_addr, user_port));
  const auto server = static_cast<int32_t>(htonl(0x7f00000b));
  return {instruction(BPF_LDX | BPF_MEM | BPF_W, kValue, kContext, kAddress, 0),
          instruction(BPF_JMP | BPF_JNE | BPF_K, kValue, 0, 4, server),
          instruction(BPF_LDX | BPF_MEM | BPF_W, kValue, kContext, kPort, 0),
          instruction(BPF_JMP | BPF_JNE | BPF_K, kValue, 0, 2, htons(from)),
          instruction(BPF_ALU64 | BPF_MOV | BPF_K, kValue, 0, 0, htons(to)),
          instruction(BPF_STX | BPF_MEM | BPF_W, kContext, kValue, kPort, 0),
          instruction(BPF_ALU64 | BPF_MOV | BPF_K, kResult, 0, 0, 1),
          instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
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

bool steer_dns(const std::string& directory, uint16_t port) {
  const Fd group(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::vector<bpf_insn> there = program(kDnsPort, port), back = program(port, kDnsPort);
  const bool done = group && attach(group.get(), BPF_CGROUP_UDP4_RECVMSG, back) &&
                    attach(group.get(), BPF_CGROUP_INET4_GETPEERNAME, back) &&
                    attach(group.get(), BPF_CGROUP_UDP4_SENDMSG, there) &&
                    attach(group.get(), BPF_CGROUP_INET4_CONNECT, there);
  if (!done) debug("name server: cannot be steered to by the control group ", directory);
  return done;
}

}  // namespace mini::network
