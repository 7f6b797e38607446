#include "sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

std::string mount_table() {
  return read_file("/proc/self/mountinfo");
}

std::string children() {
  return read_file(cat("/proc/self/task/", gettid(), "/children"));
}

}  // namespace

std::string line_of(const std::string& text, const std::string& start) {
  for (const auto& line : split(text, '\n')) {
    if (line.starts_with(start)) return line;
  }
  return cat("no line starts with ", start, " in: ", text);
}

void Sandbox::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: it makes namespaces and mounts";
  char name[] = "/tmp/mini-launch-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  scratch_ = name;
  ASSERT_EQ(chmod(scratch_.c_str(), 0755), 0);
  root_ = scratch_ + "/rootfs";
  name_ = cat("launch-test-", getpid());
  for (const char* dir : {"/bin", "/proc", "/sys", "/dev", "/etc", "/tmp"})
    make_directories(root_ + dir);
  replace_file(root_ + "/bin/probe", read_file(MINI_PROBE), false, 0755);
}

void Sandbox::TearDown() {
  if (scratch_.empty()) return;
  // Whatever the test did, the host is as before.
  EXPECT_THAT(mount_table(), testing::Not(testing::HasSubstr(scratch_)));
  EXPECT_EQ(children(), "");
  EXPECT_FALSE(Cgroup::find(name_));
  struct stat null;
  ASSERT_EQ(stat("/dev/null", &null), 0);
  EXPECT_EQ(null.st_uid, 0u);
  EXPECT_EQ(null.st_mode & 07777, 0666u);
  remove_tree(scratch_);
}

Spec Sandbox::spec(std::vector<std::string> args) const {
  Spec out;
  out.root.path = root_;
  Process& process = out.process.emplace();
  process.args = {"probe"};
  process.args.insert(process.args.end(), args.begin(), args.end());
  process.env = {"PATH=/bin"};
  const std::vector<std::string> all = {"CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_SETUID",
                                        "CAP_SETGID", "CAP_KILL",         "CAP_MKNOD"};
  process.capabilities = Capabilities{all, all, {}, all, {}};
  for (const char* type : {"mount", "pid", "network", "ipc", "uts"})
    out.linux_.namespaces.push_back({type, ""});
  out.mounts = {{"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}, {}, {}},
                {"/dev", "tmpfs", "tmpfs", {"nosuid", "mode=755", "size=65536k"}, {}, {}},
                {"/dev/pts",
                 "devpts",
                 "devpts",
                 {"newinstance", "ptmxmode=0666", "mode=0620", "gid=5"},
                 {},
                 {}}};
  return out;
}

Outcome Sandbox::run(const Spec& given, LaunchOptions options) {
  Outcome out;
  Pipe pipe = make_pipe();
  if (options.name.empty()) options.name = name_;
  if (options.stdio.out < 0) options.stdio.out = pipe.write.get();
  if (options.stdio.err < 0) options.stdio.err = pipe.write.get();
  try {
    Launched launched = launch(given, options);
    pipe.write.reset();
    if (launched.console) {
      char buffer[4096];
      ssize_t size;
      while ((size = read(launched.console.get(), buffer, sizeof buffer)) > 0)
        out.output.append(buffer, static_cast<size_t>(size));
    } else {
      out.output = read_all(pipe.read.get(), "output");
    }
    out.code = exit_code_of(wait_child(launched.process.pid));
    launched.cgroup.remove();
  } catch (const Error& error) {
    out.error = cat(error.what(), error.hint().empty() ? "" : " | ", error.hint());
    out.kind = error.kind();
  }
  return out;
}

Launched Sandbox::start(const Spec& given, LaunchOptions options) {
  Pipe pipe = make_pipe();
  if (options.name.empty()) options.name = name_;
  if (options.stdio.out < 0) options.stdio.out = pipe.write.get();
  Launched launched = launch(given, options);
  pipe.write.reset();
  char byte = 0;
  if (options.start_fifo.empty()) EXPECT_EQ(read(pipe.read.get(), &byte, 1), 1);
  return launched;
}

Outcome Sandbox::exec(const Launched& container, std::vector<std::string> args, const Spec& like,
                      LaunchOptions options) {
  Outcome out;
  Spec wanted;
  wanted.process = like.process;
  wanted.process->args = {"probe"};
  wanted.process->args.insert(wanted.process->args.end(), args.begin(), args.end());
  Pipe pipe = make_pipe();
  options.name = name_;
  options.stdio.out = options.stdio.err = pipe.write.get();
  try {
    Launched launched = launch_in(wanted, container.process, container.cgroup, options);
    pipe.write.reset();
    out.output = read_all(pipe.read.get(), "output");
    out.code = exit_code_of(wait_child(launched.process.pid));
  } catch (const Error& error) {
    out.error = error.what();
    out.kind = error.kind();
  }
  return out;
}

void Sandbox::stop(Launched& container) {
  signal_pidfd(container.pidfd.get(), SIGKILL);
  wait_child(container.process.pid);
  container.cgroup.remove();
}

}  // namespace mini::container
