#include "runtime/base/process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini {

std::string boot_id() {
  static const std::string id(trim(read_file("/proc/sys/kernel/random/boot_id")));
  return id;
}

std::optional<ProcessId> ProcessId::of(pid_t pid) {
  if (pid <= 0) return {};
  std::string stat;
  try {
    const auto text = read_file_if_exists(cat("/proc/", pid, "/stat"));
    if (!text) return {};
    stat = *text;
  } catch (const SysError& error) {
    if (error.code() == ESRCH) return {};  // it ended between the open and the read
    throw;
  }
  // The second field is the command in parentheses and may contain anything, so count from its end:
  // field 3 comes first.
  const size_t end = stat.rfind(") ");
  if (end == std::string::npos) return {};
  const std::vector<std::string> fields = split(std::string_view(stat).substr(end + 2), ' ');
  constexpr size_t kState = 3 - 3, kStartTime = 22 - 3;
  if (fields.size() <= kStartTime) return {};
  if (fields[kState] == "Z" || fields[kState] == "X") return {};
  const auto start = parse_number(fields[kStartTime]);
  if (!start) return {};
  return ProcessId{pid, *start, boot_id()};
}

bool ProcessId::alive() const {
  return pid > 0 && boot == boot_id() && of(pid) == *this;
}

Fd open_pidfd(pid_t pid) {
  Fd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) throw SysError(cat("process ", pid));
  return fd;
}

std::optional<Fd> open_pidfd(const ProcessId& process) {
  if (process.pid <= 0) return {};
  Fd fd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!fd && errno != ESRCH) throw SysError(cat("process ", process.pid));
  // Checked after the open: from here on the descriptor cannot come to mean another process.
  if (!fd || !process.alive()) return {};
  return fd;
}

bool signal_pidfd(int pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  throw SysError(cat("send ", signal_name(signal)));
}

int wait_child(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw SysError(cat("wait for process ", pid));
  }
  return status;
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

namespace {

struct Signal {
  std::string_view name;
  int number;
};

// The first name of a number is the one that is shown.
constexpr Signal kSignals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},   {"IOT", SIGABRT},  {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL},   {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},  {"CONT", SIGCONT},
    {"STOP", SIGSTOP},     {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
    {"URG", SIGURG},       {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGIO},
    {"PWR", SIGPWR},       {"SYS", SIGSYS}};

// What the C library leaves to programs of the kernel's 32..64.
constexpr int kFirstRealTime = 34, kLastRealTime = 64;

// "RTMIN", "RTMIN+3", "RTMAX-2"; 0 when it is none of these.
int real_time_signal(std::string_view name) {
  const bool from_first = name.starts_with("RTMIN");
  if (!from_first && !name.starts_with("RTMAX")) return 0;
  name.remove_prefix(5);
  int offset = 0;
  if (!name.empty()) {
    const auto number = parse_number(name.substr(1), kLastRealTime - kFirstRealTime);
    if (name[0] != (from_first ? '+' : '-') || !number) return 0;
    offset = static_cast<int>(*number);
  }
  return from_first ? kFirstRealTime + offset : kLastRealTime - offset;
}

}  // namespace

int parse_signal(const std::string& text) {
  if (const auto number = parse_number(text, kLastRealTime); number && *number > 0) {
    return static_cast<int>(*number);
  }
  const std::string whole = upper(text);
  std::string_view name = whole;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (const Signal& signal : kSignals) {
    if (signal.name == name) return signal.number;
  }
  if (const int number = real_time_signal(name)) return number;
  std::array<std::string_view, std::size(kSignals)> names;
  std::transform(std::begin(kSignals), std::end(kSignals), names.begin(),
                 [](const Signal& signal) { return signal.name; });
  const auto near = did_you_mean(name, names);
  throw Error(cat("signal ", quoted(text), ": unknown"),
              near ? cat("did you mean SIG", *near, "?")
                   : "use a name such as SIGTERM or a number from 1 to 64",
              ErrorKind::usage);
}

std::string signal_name(int number) {
  for (const Signal& signal : kSignals) {
    if (signal.number == number) return cat("SIG", signal.name);
  }
  if (number < kFirstRealTime || number > kLastRealTime) return cat("signal ", number);
  if (number == kFirstRealTime) return "SIGRTMIN";
  if (number == kLastRealTime) return "SIGRTMAX";
  return cat("SIGRTMIN+", number - kFirstRealTime);
}

namespace {

constexpr std::array<const char*, 4> kProgramDirectories = {"/usr/sbin", "/usr/bin", "/sbin",
                                                            "/bin"};

std::string find_program(const std::string& name) {
  if (name.starts_with('/')) return name;
  if (name.find('/') == std::string::npos) {
    for (const char* directory : kProgramDirectories) {
      std::string path = cat(directory, '/', name);
      if (access(path.c_str(), X_OK) == 0) return path;
    }
  }
  throw Error(cat("host program ", quoted(name), ": not found in /usr/sbin, /usr/bin, /sbin, /bin"),
              "install it with the host's package manager", ErrorKind::not_found);
}

Fd make_capture(const char* name) {
  Fd fd(memfd_create(name, MFD_CLOEXEC));
  if (!fd) throw SysError(cat("memory file ", name));
  return fd;
}

std::string captured(const Fd& fd, const std::string& name) {
  if (lseek(fd.get(), 0, SEEK_SET) < 0) throw SysError(name);
  return read_all(fd.get(), name);
}

std::string last_lines(std::string_view text) {
  constexpr size_t kLines = 5;
  std::vector<std::string> lines = split(trim(text), '\n');
  if (lines.size() > kLines) lines.erase(lines.begin(), lines.end() - kLines);
  for (std::string& line : lines) line = printable(line);
  return join(lines, "; ");
}

const char* const kFixedEnvironment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", nullptr};

// Starts it with no blocked signals, whatever mini was called with.
pid_t spawn(const std::string& path, const std::vector<std::string>& argv, int in, int out, int err,
            const char* const* environment = kFixedEnvironment) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, path.c_str(), &actions, &attributes, arguments.data(),
                                const_cast<char* const*>(environment));
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw SysError(error, cat("host program ", path));
  return pid;
}

}  // namespace

void close_beside(Fd fd, std::string_view last) {
  const auto write_last = [&](int to) {
    if (!last.empty()) (void)!write(to, last.data(), last.size());
  };
  const pid_t between = fork();
  if (between == 0) {
    // Twice, so that whoever started us has no child to wait for that it does not know.
    if (fork() != 0) _exit(0);
    if (dup2(fd.get(), 0) == 0) close_range(1, ~0U, 0);
    write_last(0);
    _exit(0);
  }
  if (between > 0) {
    wait_child(between);
  } else {
    write_last(fd.get());
  }
}

std::string run_host_program(const std::vector<std::string>& argv, const std::string& input) {
  if (argv.empty()) throw Error("host program: no command");
  const std::string path = find_program(argv[0]);
  // Memory files instead of pipes: nobody has to read while somebody else writes.
  const Fd in = sealed_memfd("input", input, false);
  const Fd out = make_capture("output");
  const Fd err = make_capture("errors");
  const int status = wait_child(spawn(path, argv, in.get(), out.get(), err.get()));
  if (status == 0) return captured(out, path);
  std::string reason = last_lines(captured(err, path));
  if (reason.empty()) reason = last_lines(captured(out, path));
  throw Error(cat("host program ", path, ": ",
                  WIFSIGNALED(status) ? cat("ended by ", signal_name(WTERMSIG(status)))
                                      : cat("exit code ", WEXITSTATUS(status)),
                  reason.empty() ? "" : ": ", reason));
}

ProgramResult run_users_program(const std::vector<std::string>& argv, const std::string& input) {
  if (argv.empty() || argv[0].empty() || argv[0].find('/') != std::string::npos)
    throw Error(cat("program ", quoted(argv.empty() ? "" : argv[0]), ": is no name of a program"));
  const char* search = getenv("PATH");
  for (const std::string& directory : split(search ? search : "", ':')) {
    // A relative directory would be somebody's build context.
    const std::string path = cat(directory, '/', argv[0]);
    if (!directory.starts_with('/') || access(path.c_str(), X_OK) != 0) continue;
    const Fd in = sealed_memfd("input", input, false);
    const Fd out = make_capture("output");
    const Fd err = make_capture("errors");
    const int status = wait_child(spawn(path, argv, in.get(), out.get(), err.get(), environ));
    return {exit_code_of(status), captured(out, path)};
  }
  throw Error(cat("program ", quoted(argv[0]), ": not found in PATH"), {}, ErrorKind::not_found);
}

}  // namespace mini
