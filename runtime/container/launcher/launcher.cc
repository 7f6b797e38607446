// The program that every container's process is for its first millisecond: it maps the plan and
// follows it, one Op after the other, until execve. It is static, has no library, allocates
// nothing, prints nothing; what goes wrong is one record to the parent. The order of the Ops is the
// plan's (plan.cc says why); what one Op must keep in order is said where it is done.
#include "runtime/container/launcher/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

namespace mini::container {
namespace {

constexpr unsigned long kRecPrivate = 0x4000 | (1 << 18);  // MS_REC | MS_PRIVATE

long start_dying_with_parent(Launcher& self) {
  self.die_with_parent = true;
  const long done = sys::call(SYS_prctl, PR_SET_PDEATHSIG, 9, 0, 0, 0);
  // It may have died before this call, which then tells nothing: its end of the channel is closed.
  return done < 0 ? done : parent_gone(self);
}

long wait_go(const Launcher& self) {
  const long got = receive_byte(self);
  if (got == 0) sys::exit(125);  // the parent gave up or died: nothing has been done yet
  return got < 0 ? got : 0;
}

long wait_hooks(const Launcher& self) {
  send_report(self, Report::hooks, 0, -1);
  return wait_go(self);
}

long fsconfig(const Launcher& self, const Op& op, unsigned command) {
  return sys::call(SYS_fsconfig, self.context, command, self.text(op.text),
                   command == FSCONFIG_SET_STRING ? self.text(op.text2) : nullptr, 0);
}

long set_name(const Launcher& self, const Op& op, long number) {
  return sys::call(number, self.text(op.text), length(self.text(op.text)));
}

long use_tree(Launcher& self, const Op& op) {
  self.mount = op.fd;
  return 0;
}

long keep_proc(Launcher& self) {
  self.proc = self.mount;
  return 0;
}

long open_root(Launcher& self) {
  const long fd = sys::call(SYS_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC);
  self.root = static_cast<int>(fd);
  return fd;
}

// One line an operation. Here those that make the container's files.
// clang-format off
long perform_on_files(Launcher& self, const Op& op) {
  switch (op.code) {
    case OpCode::private_mounts: return sys::call(SYS_mount, 0, "/", 0, kRecPrivate, 0);
    case OpCode::fs_open: return fs_open(self, op);
    case OpCode::fs_string: return fsconfig(self, op, FSCONFIG_SET_STRING);
    case OpCode::fs_flag: return fsconfig(self, op, FSCONFIG_SET_FLAG);
    case OpCode::fs_create: return fs_create(self, op);
    case OpCode::use_tree: return use_tree(self, op);
    case OpCode::open_tree: return open_tree(self, op);
    case OpCode::open_path: return open_path(self, op);
    case OpCode::mount_at: return mount_at(self, op);
    case OpCode::set_attr: return set_attr(self, op);
    case OpCode::make_in_mount: return sys::call(SYS_mkdirat, self.mount, self.text(op.text), 0755);
    case OpCode::cover: return cover(self, op);
    case OpCode::copy_up: return copy_up(self, op);
    case OpCode::prepare_masks: return prepare_masks(self);
    case OpCode::attach_root: return attach_root(self, op);
    case OpCode::attach: return attach(self, op);
    case OpCode::keep_proc: return keep_proc(self);
    case OpCode::need_proc: return need_proc(self);
    case OpCode::symlink: return link_file(self, op);
    case OpCode::device: return device(self, op);
    case OpCode::open_console: return open_console(self, op);
    case OpCode::bind_console: return bind_console(self);
    case OpCode::mask: return mask(self, op);
    case OpCode::readonly: return readonly(self, op);
    case OpCode::sysctl: return write_setting(self, op);
    case OpCode::write_proc_self: return write_proc_self(self, op);
    case OpCode::pivot: return pivot(self);
    case OpCode::root_attr: return root_attr(op);
    case OpCode::open_root: return open_root(self);
    default: return -ENOSYS;
  }
}

// The others, which make its process.
long perform(Launcher& self, const Op& op, ReportRecord& record) {
  switch (op.code) {
    case OpCode::wait_go: return wait_go(self);
    case OpCode::die_with_parent: return start_dying_with_parent(self);
    case OpCode::hide: return sys::call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    case OpCode::join: return sys::call(SYS_setns, op.fd, op.a);
    case OpCode::become_root: return become_root();
    case OpCode::unshare: return sys::call(SYS_unshare, op.a);
    case OpCode::fork_sibling: return fork_sibling(self, op);
    case OpCode::new_session: return sys::call(SYS_setsid);
    case OpCode::session_keyring: return session_keyring(self, op);
    case OpCode::loopback_up: return loopback_up();
    case OpCode::hooks: return wait_hooks(self);
    case OpCode::hostname: return set_name(self, op, SYS_sethostname);
    case OpCode::domainname: return set_name(self, op, SYS_setdomainname);
    case OpCode::stdio: return take_stdio(self, op);
    case OpCode::terminal_stdio: return terminal_stdio(self);
    case OpCode::give_stdio: return give_stdio(op);
    case OpCode::preserve: return sys::call(SYS_dup3, op.fd, op.a, 0);
    case OpCode::rlimit: return set_rlimit(op);
    case OpCode::scheduler: return sys::call(SYS_sched_setattr, 0, self.text(op.text), 0);
    case OpCode::io_priority: return sys::call(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, op.a);
    case OpCode::personality: return sys::call(SYS_personality, op.a);
    case OpCode::close_others: return close_others(self, op);
    case OpCode::make_directory: return make_directory(self, op);
    case OpCode::change_directory: return change_directory(self, op);
    case OpCode::groups: return set_groups(self, op);
    case OpCode::drop_bounding: return drop_bounding(op);
    case OpCode::ids: return set_ids(self, op);
    case OpCode::verify_directory: return verify_directory(self, self.text(op.text));
    case OpCode::capabilities: return set_capabilities(op);
    case OpCode::ambient: return raise_ambient(op);
    case OpCode::no_new_privileges: return sys::call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    case OpCode::seccomp: return load_seccomp(self, op);
    case OpCode::umask: return sys::call(SYS_umask, op.a);
    case OpCode::run_hook: return run_hook(self, op);
    case OpCode::find_command: return find_command(self, op);
    case OpCode::gate: return gate(self, op);
    case OpCode::init: return run_init(self);
    case OpCode::execute: return execute(self, op, record);
    default: return perform_on_files(self, op);
  }
}
// clang-format on

[[noreturn]] void fail(const Launcher& self, ReportRecord& record, uint32_t index, long error) {
  record.kind = Report::failed;
  record.op = index;
  record.error = static_cast<int32_t>(-error);
  if (self.context >= 0 && error != -ENOENT) {
    // The file system's own words about an option: "e overlay: …".
    const long size = sys::call(SYS_read, self.context, record.head, sizeof record.head);
    record.head_size = size > 0 ? static_cast<uint32_t>(size) : 0;
  }
  if (self.channel >= 0) sys::call(SYS_write, self.channel, &record, sizeof record);
  // After the start gate nobody listens; the exit code says what a shell's would.
  sys::exit(error == -ENOENT ? 127 : 126);
}

[[noreturn]] void follow_plan() {
  Launcher self;
  struct stat info;
  if (sys::call(SYS_fstat, kPlanFd, &info) < 0) sys::exit(125);
  // Private and writable: vectors are turned into pointers where they lie.
  const long address =
      sys::call(SYS_mmap, nullptr, info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, kPlanFd, 0);
  if (address < 0 && address > -4096) sys::exit(125);
  sys::close(kPlanFd);
  auto* header = reinterpret_cast<PlanHeader*>(address);
  self.ops = reinterpret_cast<Op*>(header + 1);
  self.op_count = static_cast<uint32_t>(header->op_count);
  self.data = reinterpret_cast<char*>(self.ops + self.op_count);
  self.channel = kChannelFd;
  // Its end tells the parent that the command runs.
  sys::call(SYS_fcntl, kChannelFd, F_SETFD, FD_CLOEXEC);

  // Modes of what is made here are exact; the process's own umask comes with its Op.
  sys::call(SYS_umask, 0);
  static ReportRecord record;
  for (uint32_t i = 0; i < self.op_count; ++i) {
    const long done = perform(self, self.ops[i], record);
    if (done < 0) fail(self, record, i, done);
  }
  sys::exit(125);
}

}  // namespace

char** Launcher::vector(uint32_t offset) {
  auto* items = list<PlanPointer>(offset);
  // Offsets are far below any address, so a vector that was turned already shows it.
  for (size_t i = 0; items[i]; ++i) {
    if (items[i] < 0x100000000ULL && items[i] < reinterpret_cast<PlanPointer>(data)) {
      items[i] += reinterpret_cast<PlanPointer>(data);
    }
  }
  return reinterpret_cast<char**>(items);
}

void send_report(const Launcher& self, Report kind, uint32_t value, int fd) {
  if (self.channel < 0) return;
  ReportRecord record = {};
  record.kind = kind;
  record.value = value;
  iovec part = {&record, sizeof record};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    *reinterpret_cast<int*>(CMSG_DATA(header)) = fd;
  }
  sys::call(SYS_sendmsg, self.channel, &message, MSG_NOSIGNAL);
}

long receive_byte(const Launcher& self) {
  char byte;
  return sys::call(SYS_read, self.channel, &byte, 1);
}

long parent_gone(const Launcher& self) {
  if (self.channel < 0) return 0;
  pollfd channel = {self.channel, POLLIN, 0};
  timespec now = {0, 0};
  const long ready = sys::call(SYS_ppoll, &channel, 1, &now, nullptr, 0);
  return ready > 0 && channel.revents & POLLHUP ? -ESRCH : 0;
}

}  // namespace mini::container

// The kernel enters here with the stack aligned; nothing on it is read.
extern "C" [[noreturn]] void _start() {
  mini::container::follow_plan();
}
