// --device, --device-cgroup-rule and the devices of --privileged: host device files -> device nodes
// for the Spec. Reads /dev's metadata only; a device is never opened.
#pragma once

#include <string>
#include <vector>

#include "runtime/container/spec/spec.h"
#include "runtime/engine/record/record.h"

namespace mini::engine {

// The device, or every device below a directory. Throws Error naming the flag when there is none.
std::vector<container::Device> find_devices(const DeviceRequest& request);
// Everything below /dev but what each container has of its own (pts, shm, mqueue, console, the
// standard streams).
std::vector<container::Device> all_host_devices();
container::DeviceRule rule_for(const container::Device& device, const std::string& access);
// "c 1:3 rwm", "b *:* r", "a"; throws Error (usage).
container::DeviceRule parse_device_rule(const std::string& text);

}  // namespace mini::engine
