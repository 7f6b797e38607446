#include "runtime/container/launch/conversation.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/container/launch/explain_exec.h"

namespace mini::container {
namespace {

struct Received {
  ReportRecord record = {};
  Fd descriptor;
};

// Nothing at the end of the conversation.
std::optional<Received> receive(int channel) {
  Received out;
  iovec part = {&out.record, sizeof out.record};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size;
  do {
    size = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  // A process that was killed with our bytes unread resets the connection: also an end.
  if (size == 0 || (size < 0 && errno == ECONNRESET)) return std::nullopt;
  if (size < 0) throw SysError("launcher: receive");
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header && header->cmsg_type == SCM_RIGHTS) {
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    out.descriptor.reset(fd);
  }
  return out;
}

// What the errno means at this step, where strerror alone would puzzle.
std::string meaning(OpCode code, int error) {
  if (code == OpCode::attach && error == ELOOP) return "a symbolic link is in the way";
  if (code == OpCode::attach && error == ENOTDIR)
    return "one of source and destination is a directory and the other is not";
  if (code == OpCode::attach && error == EXDEV)
    return "the destination is inside /proc, /sys or /dev";
  if (code == OpCode::verify_directory && error == EXDEV)
    return "the working directory is outside of the container";
  if (code == OpCode::open_console && error == ENXIO)
    return "/dev/pts/ptmx of the container is not a devpts";
  if (code == OpCode::stdio && error == ENXIO)
    return "/dev/null of the container is not the null device";
  if (code == OpCode::run_hook && error == ECANCELED) return "exited with an error";
  return strerror(error);
}

std::string cure(OpCode code, int error) {
  if (code == OpCode::seccomp && error == EACCES)
    return "without CAP_SYS_ADMIN a filter needs process.noNewPrivileges";
  if (code == OpCode::pivot && error == EINVAL)
    return "the host's root may be an initramfs, which cannot be pivoted away from; start from a "
           "real root file system";
  if (code == OpCode::attach && error == EROFS)
    return "the place to mount on is missing and the file system there is read-only: create it in "
           "the image";
  if (code == OpCode::attach && (error == ENOTDIR || error == EINVAL))
    return "mount a file over a file, or a directory over a directory";
  if ((code == OpCode::make_directory || code == OpCode::change_directory) &&
      (error == ENOTDIR || error == ENOENT))
    return "the working directory (-w, WORKDIR) must be a directory of the container";
  return "";
}

}  // namespace

Conversation::Conversation(const Plan& plan, Fd channel, Birth birth, std::string name)
    : plan_(plan), channel_(std::move(channel)), birth_(std::move(birth)), name_(std::move(name)) {}

Conversation::~Conversation() {
  if (birth_.pid <= 0) return;
  signal_pidfd(birth_.pidfd.get(), SIGKILL);
  while (waitpid(birth_.pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

void Conversation::forked(pid_t pid) {
  // The sibling is our child and not yet waited for, so the number is still its own.
  Birth sibling{pid, open_pidfd(pid)};
  std::swap(birth_, sibling);
  wait_child(sibling.pid);  // the launcher itself has ended
  if (on_forked) on_forked(pid);
}

void Conversation::fail(const ReportRecord& record, const Process& process) const {
  const Op& op = plan_.ops.at(record.op);
  const std::string_view head(record.head, std::min<size_t>(record.head_size, sizeof record.head));
  if (op.code == OpCode::execute || op.code == OpCode::find_command) {
    throw explain_exec(process.args.at(0), record.error, head, record.value != 0);
  }
  std::string text = cat(describe(plan_, record.op), ": ", meaning(op.code, record.error));
  if (!head.empty()) text += cat(" (", printable(trim(head)), ")");
  throw Error(text, cure(op.code, record.error));
}

void Conversation::ended_early() {
  const int status = wait_child(std::exchange(birth_.pid, 0));
  if (WIFSIGNALED(status)) {
    throw Error(cat("container ", name_, ": killed by ", signal_name(WTERMSIG(status)),
                    " while it was set up"),
                "a memory limit may be too small");
  }
  throw Error(cat("container ", name_, ": the launcher ended with code ", WEXITSTATUS(status)));
}

// True when the command runs, or is about to.
bool Conversation::handle(const ReportRecord& record, Fd descriptor, const Process& process) {
  switch (record.kind) {
    case Report::failed:
      fail(record, process);
    case Report::forked:
      forked(static_cast<pid_t>(record.value));
      return false;
    case Report::hooks:
      on_hooks();
      return false;
    case Report::console:
      console_ = std::move(descriptor);
      if (on_console) on_console(console_);
      return false;
    case Report::at_gate:
    case Report::executing:
      return true;
  }
  throw Error("launcher: not understood");
}

void Conversation::throw_reported(const Process& process) {
  pollfd ready{channel_.get(), POLLIN, 0};
  while (poll(&ready, 1, 0) > 0) {
    const auto received = receive(channel_.get());
    if (!received) return;
    if (received->record.kind == Report::failed) fail(received->record, process);
  }
}

Launched Conversation::until_running(const Process& process) {
  bool running = false;
  while (auto received = receive(channel_.get())) {
    running = handle(received->record, std::move(received->descriptor), process) || running;
  }
  if (!running) ended_early();
  Launched out;
  out.process = ProcessId::of(birth_.pid).value_or(ProcessId{birth_.pid, 0, boot_id()});
  out.pidfd = std::move(birth_.pidfd);
  out.console = std::move(console_);
  birth_.pid = 0;
  return out;
}

void say_go(int channel) {
  send(channel, "g", 1, MSG_NOSIGNAL);
}

void send_descriptor(int socket, int fd, const std::string& text) {
  iovec part = {const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) throw SysError("console socket");
}

}  // namespace mini::container
