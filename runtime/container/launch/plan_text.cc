// A plan as text.
#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>

#include "runtime/base/text.h"
#include "runtime/container/launch/plan.h"
#include "runtime/container/spec/mount_options.h"

namespace mini::container {
namespace {

constexpr const char* kNames[] = {"wait-go",
                                  "die-with-parent",
                                  "hide",
                                  "join",
                                  "become-root",
                                  "unshare",
                                  "fork-sibling",
                                  "new-session",
                                  "session-keyring",
                                  "loopback-up",
                                  "private-mounts",
                                  "fs",
                                  "option",
                                  "option",
                                  "create",
                                  "use-tree",
                                  "open-tree",
                                  "open-path",
                                  "mount-at",
                                  "set",
                                  "make-in-mount",
                                  "cover",
                                  "copy-up",
                                  "prepare-masks",
                                  "root",
                                  "attach",
                                  "keep-proc",
                                  "need-proc",
                                  "symlink",
                                  "device",
                                  "open-console",
                                  "bind-console",
                                  "mask",
                                  "readonly",
                                  "sysctl",
                                  "write-proc-self",
                                  "hooks",
                                  "hostname",
                                  "domainname",
                                  "pivot",
                                  "root-attr",
                                  "open-root",
                                  "stdio",
                                  "terminal-stdio",
                                  "give-stdio",
                                  "preserve",
                                  "rlimit",
                                  "scheduler",
                                  "io-priority",
                                  "personality",
                                  "close-others",
                                  "make-directory",
                                  "chdir",
                                  "groups",
                                  "drop-bounding",
                                  "ids",
                                  "verify-directory",
                                  "capabilities",
                                  "ambient",
                                  "no-new-privileges",
                                  "seccomp",
                                  "umask",
                                  "run-hook",
                                  "find-command",
                                  "gate",
                                  "init",
                                  "execute"};
static_assert(std::size(kNames) == static_cast<size_t>(OpCode::execute) + 1);

std::string hex(uint64_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[value & 15]);
  } while (value >>= 4);
  return "0x" + digits;
}

std::string octal(uint64_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + (value & 7)));
  } while (value >>= 3);
  return "0" + digits;
}

std::string namespaces(uint64_t flags) {
  static constexpr std::pair<uint64_t, const char*> kFlags[] = {
      {CLONE_NEWUSER, "user"},     {CLONE_NEWNS, "mount"}, {CLONE_NEWPID, "pid"},
      {CLONE_NEWNET, "network"},   {CLONE_NEWIPC, "ipc"},  {CLONE_NEWUTS, "uts"},
      {CLONE_NEWCGROUP, "cgroup"}, {0x80, "time"}};
  std::string out;
  for (const auto& [flag, name] : kFlags) {
    if (flags & flag) out += cat(out.empty() ? "" : ",", name);
  }
  return out;
}

std::string propagation(uint64_t value) {
  switch (value) {
    case 1 << 17:
      return " unbindable";
    case 1 << 18:
      return " private";
    case 1 << 19:
      return " slave";
    case 1 << 20:
      return " shared";
    default:
      return "";
  }
}

std::string strings(const Plan& plan, uint32_t offset) {
  std::string out;
  for (const auto* item = reinterpret_cast<const PlanPointer*>(plan.at(offset)); *item; ++item) {
    out += cat(out.empty() ? "" : " ", quoted(plan.at(static_cast<uint32_t>(*item))));
  }
  return out;
}

std::string numbers(const Plan& plan, const Op& op) {
  std::string out;
  const auto* items = reinterpret_cast<const uint32_t*>(plan.at(op.text));
  for (uint64_t i = 0; i < op.a; ++i) out += cat(out.empty() ? "" : " ", items[i]);
  return out;
}

std::string attributes(const Op& op) {
  std::string out;
  if (op.a & MOUNT_ATTR_IDMAP) out += " idmap";
  if (const uint64_t rest = op.a & ~static_cast<uint64_t>(MOUNT_ATTR_IDMAP))
    out += cat(" ", mount_attr_names(rest));
  if (op.b & ~static_cast<uint64_t>(MOUNT_ATTR__ATIME))
    out += cat(" clear ", mount_attr_names(op.b));
  out += propagation(op.c);
  if (op.flags & kRecursive) out += " recursive";
  return out;
}

std::string device(const Op& op) {
  const char* type = S_ISBLK(op.a) ? "b" : S_ISFIFO(op.a) ? "p" : "c";
  return cat(" ", type, " ", major(op.b), ":", minor(op.b), " ", octal(op.a & 07777), " ",
             op.c >> 32, ":", op.c & 0xffffffff);
}

std::string attach_flags(const Op& op) {
  return cat(op.flags & kAttachFile ? " file" : "", op.flags & kAttachNoLinks ? " no-links" : "",
             op.flags & kAttachInProc ? " in-proc" : "");
}

std::string details(const Plan& plan, const Op& op) {
  const auto signed_fd = [](uint64_t fd) { return static_cast<int>(fd); };
  switch (op.code) {
    case OpCode::join:
      return cat(" ", namespaces(op.a));
    case OpCode::unshare:
    case OpCode::fork_sibling:
      return op.a ? cat(" ", namespaces(op.a)) : "";
    case OpCode::fs_create:
      return cat(" ", mount_attr_names(op.a));
    case OpCode::use_tree:
      return cat(" ", op.fd);
    case OpCode::set_attr:
    case OpCode::root_attr:
      return attributes(op);
    case OpCode::attach:
      return attach_flags(op);
    case OpCode::device:
      return device(op);
    case OpCode::open_console:
      return cat(" ", op.a >> 16, "x", op.a & 0xffff);
    case OpCode::stdio:
      return cat(" ", signed_fd(op.a), " ", signed_fd(op.b), " ", signed_fd(op.c));
    case OpCode::give_stdio:
      return cat(" ", op.a);
    case OpCode::preserve:
      return cat(" ", op.fd, " as ", op.a);
    case OpCode::rlimit:
      return cat(" ", op.a, " ", op.b, ":", op.c);
    case OpCode::close_others:
    case OpCode::groups:
      return cat(" ", numbers(plan, op));
    case OpCode::drop_bounding:
    case OpCode::ambient:
      return cat(" ", hex(op.a));
    case OpCode::capabilities:
      return cat(" effective ", hex(op.a), " permitted ", hex(op.b), " inheritable ", hex(op.c));
    case OpCode::ids:
      return cat(" ", op.a, ":", op.b);
    case OpCode::seccomp:
      return cat(" ", op.a, " instructions");
    case OpCode::umask:
      return cat(" ", octal(op.a));
    case OpCode::find_command:
    case OpCode::execute:
      return cat(" ", strings(plan, op.text));
    default:
      return "";
  }
}

bool has_text(OpCode code) {
  return code != OpCode::close_others && code != OpCode::groups && code != OpCode::seccomp &&
         code != OpCode::scheduler && code != OpCode::find_command && code != OpCode::execute;
}

std::string line(const Plan& plan, const Op& op) {
  std::string out = kNames[static_cast<size_t>(op.code)];
  if (has_text(op.code) && op.text) out += cat(" ", plan.at(op.text));
  if (has_text(op.code) && op.text2 && op.code != OpCode::run_hook && op.code != OpCode::device) {
    out += cat(op.code == OpCode::fs_string ? "=" : " ", plan.at(op.text2));
  }
  return out + details(plan, op);
}

bool builds_mount(OpCode code) {
  return code >= OpCode::fs_open && code <= OpCode::copy_up;
}

}  // namespace

std::string dump(const Plan& plan) {
  std::string out = cat("clone ", namespaces(plan.clone_flags), "\n");
  for (const auto& op : plan.ops) out += line(plan, op) + "\n";
  return out;
}

std::string describe(const Plan& plan, size_t index) {
  const Op& op = plan.ops.at(index);
  if (builds_mount(op.code)) {
    // Named after the place that it was meant for.
    for (size_t i = index + 1; i < plan.ops.size(); ++i) {
      const Op& later = plan.ops[i];
      if (later.code == OpCode::attach)
        return cat("mount ", printable(plan.at(later.text)), ": ", printable(line(plan, op)));
      if (later.code == OpCode::attach_root)
        return cat("root file system: ", printable(line(plan, op)));
    }
  }
  if (op.code == OpCode::attach) return cat("mount ", printable(plan.at(op.text)));
  if (op.code == OpCode::attach_root) return "root file system";
  return printable(line(plan, op));
}

}  // namespace mini::container
