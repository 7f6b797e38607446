// The plan: what passes from mini to the launcher. An anonymous file holds a PlanHeader, `op_count`
// Ops, then the data area: NUL-terminated strings, pointer vectors and BPF programs that the Ops
// name by offset. Offset 0 is the empty string and means "none". Both sides are built together, so
// there is no version; the size of Op is checked on both.
//
// The launcher is a machine with four registers, all file descriptors: `mount` (a mount tree that
// nobody sees yet), `root` (the new root's top), `proc` (a procfs of the container's own, for
// writing settings) and `console` (the terminal's container side). One Op is about one system call.
#pragma once

#include <stdint.h>

namespace mini::container {

// Descriptors that pass to the launcher get numbers from here on, in the plan's order: the plan is
// the same text wherever it is made, and 3, 4, … stay free for process.preserve. argv carries
// nothing.
constexpr int kFirstFd = 64;
constexpr int kPlanFd = kFirstFd, kChannelFd = kFirstFd + 1;

enum class OpCode : uint16_t {
  // Start, namespaces
  wait_go,          // until the parent has placed us; also ends us when the parent is gone
  die_with_parent,  // PR_SET_PDEATHSIG
  hide,             // PR_SET_DUMPABLE 0
  join,             // fd: namespace or pidfd, a: CLONE_NEW* flags
  become_root,      // ids 0 in a joined user namespace
  unshare,          // a: flags
  fork_sibling,     // a: CLONE_NEW* flags; the child (of our parent) goes on, we end
  new_session,      // setsid
  session_keyring,  // text: name
  loopback_up,
  private_mounts,  // all that was copied from the host stops propagating
  // The `mount` register
  fs_open,    // text: type
  fs_string,  // text: key, text2: value
  fs_flag,    // text: key
  fs_create,  // a: MOUNT_ATTR_*
  use_tree,   // fd: a detached tree made by the parent
  open_tree,  // text: host path, a: flags
  open_path,  // text: host path, becomes descriptor `a`
  mount_at,  // text: host path, text2: options, a: MS_*; type overlay: kernels whose fsconfig takes
             // no lowerdir+
  set_attr,  // a: attr_set, b: attr_clr, c: propagation, fd: user namespace, flags: recursive
  make_in_mount,  // text: a directory at the mount's top
  cover,          // text: destination whose owner and mode the mount gets, a: Cover
  copy_up,        // text: destination whose files are copied into the mount
  prepare_masks,  // before attach_root, when there will be a mask
  attach_root,    // mount becomes root; flags: kAttached after mount_at
  attach,         // text: destination, flags: Attach
  keep_proc,      // mount also becomes proc
  need_proc,      // a private procfs, unless keep_proc has given one
  // Files of the new root
  symlink,  // text: path, text2: target
  device,   // text: path, a: mode with type, b: device number, c: uid << 32 | gid, text2: host path
            // when mknod is forbidden
  open_console,     // a: rows << 16 | columns, b: uid; sends the master to the parent
  bind_console,     // onto /dev/console
  mask,             // text: path
  readonly,         // text: path
  sysctl,           // text: path below proc, text2: value
  write_proc_self,  // text: path below the own process's directory, text2: value
  hooks,            // the parent runs hooks now
  hostname,         // text
  domainname,       // text
  pivot,
  root_attr,  // a: attr_set, c: propagation
  open_root,  // root = "/" of the joined mount namespace
  // Process attributes
  stdio,             // a, b, c: descriptors or -1
  terminal_stdio,    // console becomes 0, 1, 2 and the controlling terminal
  give_stdio,        // a: uid; pipes and sockets only
  preserve,          // fd becomes descriptor `a`
  rlimit,            // a: resource, b: soft, c: hard
  scheduler,         // text: struct sched_attr
  io_priority,       // a
  personality,       // a
  close_others,      // text: uint32 list of kept descriptors, ascending, a: count
  make_directory,    // text: path, with parents
  change_directory,  // text: path
  groups,            // text: uint32 list, a: count
  drop_bounding,     // a: mask kept
  ids,               // a: uid, b: gid; permitted capabilities stay
  verify_directory,  // the current directory lies inside the root
  capabilities,      // a: effective, b: permitted, c: inheritable
  ambient,           // a: mask
  no_new_privileges,
  seccomp,  // text: program, a: instructions, b: flags
  umask,    // a
  // The end
  run_hook,      // text: path, text2: data of HookArgs, a: timeout in seconds, 0: none
  find_command,  // text: argv vector, text2: PATH
  gate,          // fd: FIFO
  init,          // the rest runs in a child, this process forwards signals and reaps
  execute,       // text: argv vector, text2: envp vector, a: offset of PATH
};

enum Cover : uint64_t { kCoverMode = 1, kCoverUid = 2, kCoverGid = 4 };
enum Attach : uint16_t {
  kAttachFile = 1,     // a missing destination is made as a file
  kAttachNoLinks = 2,  // the destination's name lies in /proc, /sys or /dev: no component may be a
                       // symbolic link; without it, the destination may not lie there
  kAttachInProc = 4,   // may lie inside a procfs
};
constexpr uint16_t kRecursive = 1;  // set_attr, root_attr
constexpr uint16_t kAttached = 1;   // attach_root

struct Op {
  OpCode code;
  uint16_t flags;
  int32_t fd;
  uint32_t text, text2;
  uint64_t a, b, c;
};
static_assert(sizeof(Op) == 40);

struct PlanHeader {
  uint64_t op_count, data_size;
};

// A vector of strings: offsets, ended by 0; the launcher turns them into pointers where they lie.
using PlanPointer = uint64_t;

struct HookArgs {  // offsets
  uint32_t argv, envp, state_before_pid, state_after_pid;
};

// What the launcher tells the parent; one message each.
enum class Report : uint32_t {
  failed,   // op, error, head
  forked,   // value: the sibling's pid
  console,  // carries the master
  hooks,    // waits for one byte
  at_gate,
  executing,
};

struct ReportRecord {
  Report kind;
  uint32_t op;
  int32_t error;
  uint32_t value;
  uint32_t head_size;
  char head[256];  // of a command that could not be executed (the parent explains it), or a file
                   // system's message
};

}  // namespace mini::container
