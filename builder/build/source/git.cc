#include "builder/build/source/git.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <exception>
#include <map>
#include <thread>

#include "runtime/base/file.h"
#include "runtime/base/private_mounts.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr uid_t kNobody = 65534;
constexpr const char* kPlace = "/tmp";
constexpr size_t kOutputLimit = 64 << 20;

bool is_commit(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isdigit(c) || (c >= 'a' && c <= 'f'); });
}

bool uses_ssh(const std::string& url) {
  return url.starts_with("ssh://") || url.find("://") == url.npos;
}

// What would be an option to git, or a path out of the repository.
void check_part(const char* what, const std::string& text) {
  if (text.starts_with('-') || text.find_first_of(std::string_view("\0\n ", 3)) != text.npos)
    throw Error(cat("git ", what, " ", quoted(text), ": malformed"));
}

void apply_query(const std::string& query, GitSource& source) {
  for (const std::string& part : split(query, '&')) {
    const size_t equals = part.find('=');
    const std::string key = part.substr(0, equals);
    const std::string value = equals == part.npos ? "" : part.substr(equals + 1);
    if (key == "ref") {
      source.ref = value;
    } else if (key == "commit" || key == "checksum") {
      source.checksum = value;
    } else if (key == "branch") {
      source.ref = "refs/heads/" + value;
    } else if (key == "tag") {
      source.ref = "refs/tags/" + value;
    } else if (key == "subdir") {
      source.subdir = value;
    } else {
      throw Error(cat("git source: option ", quoted(key), ": unknown"),
                  "ref, branch, tag, commit or subdir");
    }
  }
}

// Of what `git ls-remote` tells: it also lists names that only end in `wanted`, as "x/main". What
// an annotated tag stands for is listed as "TAG^{}".
std::optional<std::string> commit_in(const std::string& listed, const std::string& wanted) {
  std::map<std::string, std::string> commits;
  for (const std::string& line : split(listed, '\n')) {
    const size_t tab = line.find('\t');
    if (tab != line.npos && is_commit(line.substr(0, tab)))
      commits[line.substr(tab + 1)] = line.substr(0, tab);
  }
  for (const std::string& name :
       {wanted, "refs/" + wanted, "refs/heads/" + wanted, "refs/tags/" + wanted})
    for (const std::string& full : {name + "^{}", name})
      if (const auto found = commits.find(full); found != commits.end()) return found->second;
  return {};
}

std::string output_of(const Fd& file) {
  lseek(file.get(), 0, SEEK_SET);
  return read_all(file.get(), "git", kOutputLimit);
}

std::string last_line(const std::string& text) {
  std::string last;
  for (const std::string& line : split(text, '\n'))
    if (!trim(line).empty()) last = trim(line);
  return printable(last);
}

std::string git_program() {
  for (const char* path : {"/usr/bin/git", "/usr/local/bin/git", "/bin/git"})
    if (access(path, X_OK) == 0) return path;
  throw Error("git repositories need the program git", "install the package git",
              ErrorKind::not_found);
}

void remove_git_directories(const std::string& directory) {
  remove_tree(directory + "/.git");
  for (const std::string& name : list_directory(directory)) {
    const std::string path = cat(directory, '/', name);
    struct stat info;
    if (lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) remove_git_directories(path);
  }
}

// Git with nothing of the user's in it, and for remote repositories only.
std::vector<std::string> command_of(const std::vector<std::string>& words) {
  std::vector<std::string> argv = {"git", "-c", "protocol.allow=never"};
  for (const char* protocol : {"http", "https", "git", "ssh"})
    argv.insert(argv.end(), {"-c", cat("protocol.", protocol, ".allow=always")});
  argv.insert(argv.end(), {"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c",
                           "safe.directory=*", "-c", "gc.auto=0", "-c", "maintenance.auto=false"});
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

// `agent`: of SSH; empty: none.
std::vector<std::string> environment_of(const std::string& home, const std::string& agent) {
  std::vector<std::string> env = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                  "LC_ALL=C",
                                  "HOME=" + home,
                                  "GIT_TERMINAL_PROMPT=0",
                                  "GIT_CONFIG_NOSYSTEM=1",
                                  "GIT_CONFIG_GLOBAL=/dev/null",
                                  "GIT_ASKPASS=/bin/false"};
  for (const char* name : {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
                           "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"})
    if (const char* value = getenv(name)) env.push_back(cat(name, '=', value));
  if (!agent.empty()) {
    env.push_back("SSH_AUTH_SOCK=" + agent);
    env.push_back("GIT_SSH_COMMAND=ssh -o BatchMode=yes");
  }
  return env;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct Start {
  std::string program, directory;
  std::vector<std::string> argv, env;
  bool as_nobody = false;
  Fd in, out, err;
};

// Only what is safe between fork and exec in a process with threads.
bool become_nobody() {
  return setgroups(0, nullptr) == 0 && setresgid(kNobody, kNobody, kNobody) == 0 &&
         setresuid(kNobody, kNobody, kNobody) == 0;
}

// In a process group of its own, which dies with the calling thread.
pid_t start(Start& what) {
  const std::vector<char*> argv = pointers(what.argv), env = pointers(what.env);
  const pid_t child = fork();
  if (child < 0) throw SysError("fork");
  if (child > 0) {
    setpgid(child, child);
    return child;
  }
  // Only what is safe between fork and exec in a process with threads.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const bool ready = chdir(what.as_nobody ? kPlace : what.directory.c_str()) == 0 &&
                     dup2(what.in.get(), 0) == 0 && dup2(what.out.get(), 1) == 1 &&
                     dup2(what.err.get(), 2) == 2 && (!what.as_nobody || become_nobody());
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // another user forgets it
  if (ready) execve(what.program.c_str(), argv.data(), env.data());
  _exit(127);
}

int wait_or_kill(pid_t child, const Cancel& cancel) {
  const Fd process = open_pidfd(child);
  pollfd waiting[] = {{process.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
  while (poll(waiting, 2, -1) < 0 && errno == EINTR) {
  }
  // Whatever is still running may not touch the files that are read now.
  kill(-child, SIGKILL);
  const int code = exit_code_of(wait_child(child));
  cancel.check();
  return code;
}

// Nobody cannot walk to a directory of the store, so it stands on /tmp, in a mount namespace that
// only this thread and its child see.
int run_as_nobody(Start& what, const Cancel& cancel) {
  int code = 0;
  std::exception_ptr problem;
  std::thread thread([&] {
    try {
      enter_private_mount_namespace();
      mount_privately(what.directory, kPlace, nullptr, MS_BIND, "", "git");
      code = wait_or_kill(start(what), cancel);
    } catch (...) {
      problem = std::current_exception();
    }
  });
  thread.join();
  if (problem) std::rethrow_exception(problem);
  return code;
}

}  // namespace

std::optional<GitSource> GitSource::parse(std::string_view text) {
  GitSource source;
  const size_t hash = text.find('#');
  std::string address(text.substr(0, hash));
  const bool by_scheme = address.starts_with("git://") || address.starts_with("ssh://");
  const bool by_host = address.starts_with("git@") && address.find(':') != address.npos;
  const bool web = address.starts_with("http://") || address.starts_with("https://");
  if (address.starts_with("github.com/")) {
    address = "https://" + address;
  } else if (!by_scheme && !by_host) {
    if (!web || !address.substr(0, address.find('?')).ends_with(".git")) return {};
  }
  if (const size_t query = address.find('?'); query != address.npos && !by_host) {
    apply_query(address.substr(query + 1), source);
    address.erase(query);
  }
  source.url = address;
  if (hash != text.npos) {
    const std::string fragment(text.substr(hash + 1));
    const size_t colon = fragment.find(':');
    if (colon != 0) source.ref = fragment.substr(0, colon);
    if (colon != fragment.npos) source.subdir = fragment.substr(colon + 1);
  }
  check_part("repository", source.url);
  check_part("reference", source.ref);
  check_part("commit", source.checksum);
  if (source.ref.empty() && is_commit(source.checksum)) source.ref = source.checksum;
  return source;
}

std::string Git::commit(const GitSource& source, const std::string& checksum) const {
  std::string found = source.ref;
  if (!is_commit(found)) {
    const std::string wanted = source.ref.empty() ? "HEAD" : source.ref;
    const auto commit = commit_in(
        run(source, "/", {"ls-remote", "--", source.url, wanted, wanted + "^{}"}), wanted);
    if (!commit)
      throw Error(cat("git repository ", quoted(source.url), ": has no ", quoted(wanted)),
                  "name a branch, a tag or a whole commit", ErrorKind::not_found);
    found = *commit;
  }
  for (const std::string& expected : {source.checksum, checksum})
    if (!found.starts_with(expected))
      throw Error(cat("git repository ", quoted(source.url), ": expected commit ", quoted(expected),
                      ", got ", found));
  return found;
}

void Git::checkout(const GitSource& source, const std::string& commit, const std::string& directory,
                   bool keep_git_dir) const {
  if (!uses_ssh(source.url) && geteuid() == 0 && chown(directory.c_str(), kNobody, kNobody) < 0)
    throw SysError(directory);
  const auto git = [&](std::vector<std::string> words) {
    run(source, directory, std::move(words));
  };
  git({"init", "-q", "."});
  git({"remote", "add", "origin", source.url});
  try {
    git({"fetch", "-q", "--depth=1", "origin", commit});
  } catch (const Cancelled&) {
    throw;
  } catch (const Error&) {
    // Servers that give no single commits, or no shallow ones.
    git({"fetch", "-q", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"});
  }
  git({"checkout", "-q", "--detach", commit});
  if (exists(directory + "/.gitmodules"))
    git({"submodule", "--quiet", "update", "--init", "--recursive"});
  if (!keep_git_dir) remove_git_directories(directory);
}

std::string Git::run(const GitSource& source, const std::string& directory,
                     std::vector<std::string> words) const {
  const bool ssh = uses_ssh(source.url);
  if (ssh && agent_.empty())
    throw Error(cat("git repository ", quoted(source.url), ": needs an SSH agent"),
                "--ssh default");
  Start what;
  what.program = git_program();
  what.directory = directory;
  what.argv = command_of(words);
  what.as_nobody = !ssh && geteuid() == 0;
  what.env = environment_of(what.as_nobody ? kPlace : directory, ssh ? agent_ : std::string());
  what.in = open_file("/dev/null", O_RDONLY);
  what.out = Fd(memfd_create("git", MFD_CLOEXEC));
  what.err = Fd(memfd_create("git", MFD_CLOEXEC));
  if (!what.out || !what.err) throw SysError("memfd_create");
  const int code =
      what.as_nobody ? run_as_nobody(what, cancel_) : wait_or_kill(start(what), cancel_);
  if (code == 0) return output_of(what.out);
  throw Error(cat("git repository ", quoted(source.url), ": git ", words.front(), ": ",
                  last_line(output_of(what.err))));
}

}  // namespace mini::build
