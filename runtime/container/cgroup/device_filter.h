// Which device nodes a group's processes may open or make: the device rules of the specification
// (config-linux.md#allowed-device-list) as an eBPF program on a v2 directory, or as the device list
// of cgroup v1. Each of read, write and mknod is decided by the last rule that matches it; what no
// rule matches is denied. Planning is pure. Throws Error for a malformed rule, SysError when the
// kernel refuses.
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "runtime/container/cgroup/cgroup_files.h"
#include "runtime/container/cgroup/resources.h"

namespace mini::container {

// `rules`, then what every container may use whatever they say, as every OCI runtime has it: mknod
// of any device; null, zero, full, random, urandom, tty, console, the pseudo-terminals.
std::vector<DeviceRule> effective_device_rules(const std::vector<DeviceRule>& rules);

// Whether they come to no restriction at all.
bool allows_all_devices(const std::vector<DeviceRule>& rules);

std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules);
// Attached to the v2 group `directory`, in place of one that was attached before; the groups above
// keep theirs.
void attach_device_program(const std::string& directory, const std::vector<bpf_insn>& program);

// The same for cgroup v1's devices.allow and devices.deny. Throws when v1 cannot say it (a denial
// of part of what a wider rule allowed).
LimitWrites v1_device_writes(const std::vector<DeviceRule>& rules);

// Whether this process may load such a program: not in a user namespace, nor without CAP_SYS_ADMIN.
bool device_filter_possible();

}  // namespace mini::container
