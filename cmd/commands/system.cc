// info, version and fsck: facts about this machine, this binary and this store.
#include <sys/utsname.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/engine/inspect/info.h"
#include "runtime/image/store/garbage.h"

namespace mini::cmd {
namespace {

using Object = nlohmann::ordered_json;

Object info_object(const engine::Info& info) {
  return {{"Containers", info.containers},
          {"ContainersRunning", info.running},
          {"ContainersPaused", info.paused},
          {"ContainersStopped", info.stopped},
          {"Images", info.images},
          {"Driver", info.storage_driver},
          {"CgroupVersion", info.cgroup_layout},
          {"KernelVersion", info.kernel_version},
          {"OperatingSystem", info.operating_system},
          {"OSType", "linux"},
          {"Architecture", info.architecture},
          {"NCPU", info.cpus},
          {"MemTotal", info.memory_bytes},
          {"Name", info.host_name},
          {"DockerRootDir", info.root},
          {"RunRoot", info.run_root},
          {"ServerVersion", MINI_VERSION},
          {"SecurityOptions", info.security_options},
          {"Warnings", info.warnings}};
}

std::string info_text(const engine::Info& info) {
  std::string out =
      cat("Containers: ", info.containers, "\n Running: ", info.running, "\n Paused: ", info.paused,
          "\n Stopped: ", info.stopped, "\nImages: ", info.images, "\nVersion: ", MINI_VERSION,
          "\nStorage Driver: ", info.storage_driver, "\nCgroup Layout: ", info.cgroup_layout,
          "\nSecurity Options:\n");
  for (const std::string& option : info.security_options) out += cat(" ", option, "\n");
  out += cat("Kernel Version: ", info.kernel_version, "\nOperating System: ", info.operating_system,
             "\nOSType: linux\nArchitecture: ", info.architecture, "\nCPUs: ", info.cpus,
             "\nTotal Memory: ", binary_size(info.memory_bytes), "\nName: ", info.host_name,
             "\nRoot Dir: ", info.root, "\nRun Root: ", info.run_root, "\n");
  return out;
}

}  // namespace

int info(const Session& session, const Args& args) {
  Flags flags("info [flags]", "Shows information about this system and the store.");
  std::string format;
  flags.value("-f,--format FORMAT", format, "output format: json, or a Go template");
  if (!flags.parse(args)) return 0;
  check_format(format);
  Stores stores(session);
  const engine::Info facts = engine::info(stores.engine());
  if (!format.empty()) {
    print_object(info_object(facts), format);
    return 0;
  }
  std::string out;
  for (const std::string& line : split(info_text(facts), '\n')) out += printable(line) + "\n";
  out.pop_back();
  put(out);
  for (const std::string& warning : facts.warnings)
    std::fprintf(stderr, "WARNING: %s\n", printable(warning).c_str());
  return 0;
}

int version(const Session&, const Args& args) {
  Flags flags("version [flags]", "Shows version information.");
  std::string format;
  flags.value("-f,--format FORMAT", format, "output format: json, or a Go template");
  if (!flags.parse(args)) return 0;
  check_format(format);
  utsname kernel{};
  uname(&kernel);
  const std::string architecture = image::host_architecture();
  const char* layout = to_string(container::CgroupHost::get().layout);
  if (format.empty()) {
    put(cat("mini:\n Version:        ", MINI_VERSION, "\n OS/Arch:        linux/", architecture,
            "\n Kernel:         ", kernel.release, "\n Cgroup layout:  ", layout, "\n"));
    return 0;
  }
  // Client and Server are one program here; scripts that ask either get the same answer.
  const Object facts = {{"Version", MINI_VERSION},
                        {"Os", "linux"},
                        {"Arch", architecture},
                        {"KernelVersion", kernel.release},
                        {"CgroupLayout", layout}};
  print_object({{"Client", facts}, {"Server", facts}}, format);
  return 0;
}

int fsck(const Session& session, const Args& args) {
  Flags flags("fsck", "Verifies all content of the store against its digests.");
  if (!flags.parse(args)) return 0;
  const image::FsckReport report = image::fsck(image::ImageStore(session.paths));
  std::string out;
  for (const image::Finding& finding : report.findings)
    out += cat(printable(finding.object), ": ", printable(finding.problem), "\n");
  put(out);
  const std::string verdict =
      report.findings.empty() ? "no damage found" : cat(report.findings.size(), " damaged objects");
  const std::string summary =
      cat(report.images, " images, ", report.layers, " layers, ", report.blobs, " blobs, ",
          human_size(report.bytes_read), " read: ", verdict, "\n");
  std::fputs(summary.c_str(), stderr);
  return report.findings.empty() ? 0 : 1;
}

}  // namespace mini::cmd
