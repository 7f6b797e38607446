// Starts processes in sandboxes: the one way in mini by which a container's process comes to be.
//
// All thinking happens before the clone: `launch` turns the Spec into a Plan (plan.h), a flat list
// of system calls with every string, path and filter in place. clone3 then makes a child that at
// once becomes `launcher` (launcher/), a tiny static program without a library, executed from a
// sealed anonymous file: so the container can never see, open or re-execute mini's own binary
// (CVE-2019-5736), and the child cannot allocate, throw or log. It follows the plan and ends in
// execve; an error comes back as one record {operation, errno} and is told here as a sentence.
//
//   parent: Spec -> Plan -> clone3 --------> launcher: waits GO
//   parent: id maps, cgroup v1, on_created
//   parent: GO ----------------------------> mounts
//   parent: beside, GO --------------------> settings, pivot_root, ids, capabilities, seccomp,
//                                            (start gate), execve
//   parent: reads end of file = running, or the record = Error (kind no_command / not_executable
//   for the last step)
//
// The caller is the process's parent and reaps it. Nothing is printed. Errors: Error, SysError;
// then no process, mount or cgroup is left.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {

// Borrowed descriptors that become 0, 1, 2. -1: the container's own /dev/null (never the host's).
// Pipes and sockets are handed to the container's user with fchown, so that it may reopen
// /dev/stdout; device files and regular files of the host are never changed.
struct Stdio {
  int in = -1, out = -1, err = -1;
};

struct LaunchOptions {
  std::string bundle;  // where a relative root.path and relative mount sources start
  std::string name;    // for error texts and the cgroup: the container's id
  Stdio stdio;         // not used with process.terminal
  int console_socket =
      -1;  // with process.terminal: also send the pty master here (runc's --console-socket)
  std::vector<int> preserve_fds;  // become 3, 4, …
  // A FIFO's path: the process stops right before execve until somebody opens it for reading and
  // writing (`oci create`). Empty: no gate.
  std::string start_fifo;
  bool die_with_parent = false;  // the whole container is killed when the calling thread ends
  // Runs after the namespaces exist and before anything is mounted; gets the host pid.
  std::function<void(pid_t)> on_created;
  // Runs while the launcher mounts (the network's place): it waits for the end of this before it
  // writes settings and becomes the command. Gets the host pid of a process in the namespaces. What
  // it throws ends the launch.
  std::function<void(pid_t)> beside;
};

struct Launched {
  ProcessId process;
  Fd pidfd;
  Fd console;  // the pty's master, with process.terminal
  Cgroup cgroup;
};

// A new container. Returns when the process runs its own program (or waits at the start gate).
Launched launch(const Spec& spec, const LaunchOptions& options);

// Another process in a running container (`exec`): joins the namespaces of `init` and its cgroup;
// takes capabilities, seccomp and no_new_privileges from `spec.process` and `spec.linux_` as given.
Launched launch_in(const Spec& spec, const ProcessId& init, const Cgroup& cgroup,
                   const LaunchOptions& options);

// A container user as Docker writes it: "", "name", "uid", "name:group", "uid:gid". Numbers are
// numbers first ("1" is uid 1, never a name); names are looked up in the rootfs's /etc/passwd and
// /etc/group, read as bounded regular files below `rootfs_fd`. Gives ids, the supplementary groups
// of a named user, and the home directory ("/" when unknown). `groups` adds --group-add values.
struct ResolvedUser {
  User user;
  std::string home = "/";
};
ResolvedUser resolve_user(int rootfs_fd, const std::string& user,
                          const std::vector<std::string>& groups);
// The same for a root file system that is not mounted yet: `read` gives a file's text, or nothing
// when it is missing.
using ReadAccountFile =
    std::function<std::optional<std::string>(const std::string& path, size_t limit)>;
ResolvedUser resolve_user_in(const ReadAccountFile& read, const std::string& user,
                             const std::vector<std::string>& groups);

}  // namespace mini::container
