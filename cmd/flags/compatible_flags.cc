#include "cmd/flags/compatible_flags.h"

#include "cmd/flags/flag_values.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::cmd {

void CompatibleFlags::declare(Flags& flags) {
  flags.flag("--disable-content-trust", no_trust_, "accepted: images are named by digest");
  flags.flag("--use-api-socket", api_socket_, "refused: there is no daemon");
  flags.value("--isolation MODE", isolation_, "only \"default\"");
  flags.value("--kernel-memory SIZE", kernel_memory_, "accepted: kernels no longer have it");
  flags.value("--runtime NAME", runtime_, "only \"mini\"");
  flags.value("--gpus SPEC", gpus_, "refused: mini has no device plug-ins");
  flags.value("--volume-driver NAME", volume_driver_, "only \"local\"");
  flags.value("--userns MODE", userns_, "only \"host\"");
  flags.value("--io-maxbandwidth SIZE", io_bandwidth_, "refused: for Windows");
  flags.value("--io-maxiops NUMBER", io_operations_, "refused: for Windows");
  flags.value("--cpu-count NUMBER", cpu_count_, "refused: for Windows");
  flags.value("--cpu-percent NUMBER", cpu_percent_, "refused: for Windows");
  flags.values("--storage-opt OPTION", storage_opt_, "refused: layers have no quota");
  flags.values("--link-local-ip ADDRESS", link_local_, "refused: the kernel chooses them");
  for (const char* name :
       {"--disable-content-trust", "--use-api-socket", "--isolation", "--kernel-memory",
        "--runtime", "--gpus", "--volume-driver", "--userns", "--io-maxbandwidth", "--io-maxiops",
        "--cpu-count", "--cpu-percent", "--storage-opt", "--link-local-ip"})
    flags.hide(name);
}

void CompatibleFlags::check() const {
  const auto only = [](const char* flag, const std::string& text, const char* right,
                       const char* why) {
    if (!text.empty() && text != right) refuse(flag, text, why, cat("omit it, or use ", right));
  };
  if (!no_trust_)
    refuse("--disable-content-trust", "false", "mini verifies no signatures",
           "name the image by digest");
  if (api_socket_)
    refuse("--use-api-socket", "true", "mini has no daemon, so no socket to share", "omit it");
  only("--isolation", isolation_, "default", "for Windows only");
  only("--runtime", runtime_, "mini", "mini runs containers itself");
  only("--volume-driver", volume_driver_, "local", "mini has no volume plug-ins");
  only("--userns", userns_, "host", "containers of root share the host's user namespace");
  if (!gpus_.empty())
    refuse("--gpus", gpus_, "mini has no plug-in that finds GPUs",
           "give the devices with --device, and the driver's libraries with -v");
  if (!storage_opt_.empty())
    refuse("--storage-opt", storage_opt_[0], "a container's layer has no quota",
           "mount a tmpfs or a volume of the size that you need");
  if (!link_local_.empty())
    refuse("--link-local-ip", link_local_[0], "link-local addresses are the kernel's choice",
           "use --ip or --ip6");
  if (!io_bandwidth_.empty() || io_operations_ != 0 || cpu_count_ != 0 || cpu_percent_ != 0)
    refuse("--io-maxbandwidth, --io-maxiops, --cpu-count, --cpu-percent", "", "for Windows only",
           "use --device-read-bps and --cpus");
  if (!kernel_memory_.empty())
    warn_once("flag --kernel-memory: ignored, because kernels no longer have this limit");
}

}  // namespace mini::cmd
