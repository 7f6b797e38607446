#include "cmd/flags/container_flags.h"

namespace mini::cmd {

void ContainerFlags::add_compatible_flags(Flags& flags) {
  constexpr const char* kWindows = "for Windows only";
  constexpr const char* kLimits = "use --cpus and --device-read-bps";
  flags.only("--disable-content-trust", "true", "mini verifies no signatures",
             "name the image by digest");
  flags.only("--use-api-socket", "false", "mini has no daemon, so no socket to share", "omit it");
  flags.only("--isolation MODE", "default", kWindows, "omit it");
  flags.only("--kernel-memory SIZE", "", "kernels no longer have this limit", "use --memory");
  flags.only("--runtime NAME", "mini", "mini runs containers itself", "omit it");
  flags.only("--gpus SPEC", "", "mini has no plug-in that finds GPUs",
             "give the devices with --device, and the driver's libraries with -v");
  flags.only("--volume-driver NAME", "local", "mini has no volume plug-ins", "omit it");
  flags.only("--userns MODE", "host", "containers of root share the host's user namespace",
             "omit it");
  flags.only("--io-maxbandwidth SIZE", "", kWindows, kLimits);
  flags.only("--io-maxiops NUMBER", "0", kWindows, kLimits);
  flags.only("--cpu-count NUMBER", "0", kWindows, kLimits);
  flags.only("--cpu-percent NUMBER", "0", kWindows, kLimits);
  flags.only("--storage-opt OPTION", "", "a container's layer has no quota",
             "mount a tmpfs or a volume of the size that you need");
  flags.only("--link-local-ip ADDRESS", "", "link-local addresses are the kernel's choice",
             "use --ip or --ip6");
}

}  // namespace mini::cmd
