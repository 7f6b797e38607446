#include "runtime/engine/inspect/info.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"

namespace mini::engine {
namespace {

std::string operating_system() {
  for (const std::string& line : split(read_file_if_exists("/etc/os-release").value_or(""), '\n')) {
    constexpr std::string_view kKey = "PRETTY_NAME=";
    if (!line.starts_with(kKey)) continue;
    std::string name = line.substr(kKey.size());
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
      name = name.substr(1, name.size() - 2);
    return printable(name);
  }
  return "Linux";
}

void add_warnings(const container::CgroupHost& host, std::vector<std::string>& warnings) {
  if (host.layout == container::CgroupLayout::none) {
    warnings.push_back("no cgroup is mounted: limits and pause do not work");
    return;
  }
  if (host.layout == container::CgroupLayout::v2) return;
  for (const char* controller : {"memory", "cpu", "pids", "cpuset", "blkio"}) {
    if (!host.v1_mount(controller))
      warnings.push_back(cat("no ", controller, " limit: the cgroup controller is not mounted"));
  }
  if (const std::string* memory = host.v1_mount("memory");
      memory && !exists(*memory + "/memory.memsw.limit_in_bytes")) {
    warnings.push_back("no swap limit: the kernel does not account for swap");
  }
}

}  // namespace

Info info(Engine& engine) {
  Info out;
  for (const Record& record : engine.containers.list()) {
    ++out.containers;
    if (record.state.status == Status::paused) {
      ++out.paused;
    } else if (is_live(record)) {
      ++out.running;
    } else {
      ++out.stopped;
    }
  }
  out.images = engine.images.list().size();
  utsname host{};
  uname(&host);
  out.kernel_version = host.release;
  out.architecture = host.machine;
  out.host_name = host.nodename;
  out.operating_system = operating_system();
  out.cpus = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  struct sysinfo memory {};
  sysinfo(&memory);
  out.memory_bytes = static_cast<uint64_t>(memory.totalram) * memory.mem_unit;
  out.cgroup_layout = to_string(container::CgroupHost::get().layout);
  out.storage_driver = "overlay2";
  out.root = engine.paths().root;
  out.run_root = engine.paths().run;
  out.security_options = {"name=seccomp,profile=builtin"};
  add_warnings(container::CgroupHost::get(), out.warnings);
  return out;
}

}  // namespace mini::engine
