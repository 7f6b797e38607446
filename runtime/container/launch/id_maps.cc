#include "runtime/container/launch/id_maps.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

std::string map_text(const std::vector<IdMap>& maps) {
  std::string out;
  for (const auto& map : maps) out += cat(map.container_id, " ", map.host_id, " ", map.size, "\n");
  return out;
}

void run_helper(const char* program, pid_t pid, const std::vector<IdMap>& maps) {
  std::vector<std::string> argv = {program, std::to_string(pid)};
  for (const auto& map : maps) {
    for (const uint32_t number : {map.container_id, map.host_id, map.size})
      argv.push_back(std::to_string(number));
  }
  run_host_program(argv);
}

bool only_own_id(const std::vector<IdMap>& maps, uint32_t own) {
  return maps.size() == 1 && maps[0].size == 1 && maps[0].host_id == own;
}

class ReapedChild {
 public:
  explicit ReapedChild(pid_t pid) : pid_(pid) {}
  ~ReapedChild() {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  ReapedChild(const ReapedChild&) = delete;
  ReapedChild& operator=(const ReapedChild&) = delete;

 private:
  pid_t pid_;
};

}  // namespace

void write_id_maps(pid_t pid, const std::vector<IdMap>& uids, const std::vector<IdMap>& gids) {
  if (uids.empty() || gids.empty())
    throw Error("linux.uidMappings, gidMappings: a new user namespace needs both");
  const std::string process = cat("/proc/", pid);
  if (geteuid() == 0) {
    write_existing(process + "/uid_map", map_text(uids));
    write_existing(process + "/gid_map", map_text(gids));
    return;
  }
  if (only_own_id(uids, geteuid())) {
    write_existing(process + "/uid_map", map_text(uids));
  } else {
    run_helper("newuidmap", pid, uids);
  }
  if (only_own_id(gids, getegid())) {
    write_existing(process + "/setgroups", "deny");
    write_existing(process + "/gid_map", map_text(gids));
  } else {
    run_helper("newgidmap", pid, gids);
  }
}

Fd user_namespace_of_maps(const std::vector<IdMap>& uids, const std::vector<IdMap>& gids,
                          const std::string& what) {
  const long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) throw SysError(cat(what, ": user namespace"));
  if (pid == 0) {
    for (;;) pause();
  }
  const ReapedChild child(static_cast<pid_t>(pid));
  return with_context(what, [&] {
    write_id_maps(static_cast<pid_t>(pid), uids, gids);
    return open_file(cat("/proc/", pid, "/ns/user"), O_RDONLY);
  });
}

}  // namespace mini::container
