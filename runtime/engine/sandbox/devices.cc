#include "runtime/engine/sandbox/devices.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::engine {
namespace {

std::optional<container::Device> device_at(const std::string& host, const std::string& path,
                                           bool follow) {
  struct stat info;
  if ((follow ? stat(host.c_str(), &info) : lstat(host.c_str(), &info)) < 0) return {};
  if (!S_ISCHR(info.st_mode) && !S_ISBLK(info.st_mode)) return {};
  container::Device device;
  device.path = path;
  device.type = S_ISCHR(info.st_mode) ? "c" : "b";
  device.major = major(info.st_rdev);
  device.minor = minor(info.st_rdev);
  device.file_mode = info.st_mode & 07777;
  device.uid = info.st_uid;
  device.gid = info.st_gid;
  return device;
}

void collect(const std::string& host, const std::string& path,
             std::vector<container::Device>& devices) {
  constexpr std::array kOwn = {"/dev/pts",    "/dev/shm",  "/dev/mqueue",     "/dev/console",
                               "/dev/fd",     "/dev/ptmx", "/dev/stdin",      "/dev/stdout",
                               "/dev/stderr", "/dev/.lxc", "/dev/.lxd-mounts"};
  for (const std::string& name : list_directory(host)) {
    const std::string from = cat(host, '/', name), to = cat(path, '/', name);
    if (std::count(kOwn.begin(), kOwn.end(), from) > 0) continue;
    struct stat info;
    if (lstat(from.c_str(), &info) < 0) continue;
    if (S_ISDIR(info.st_mode)) {
      collect(from, to, devices);
    } else if (auto device = device_at(from, to, false)) {
      devices.push_back(std::move(*device));
    }
  }
}

}  // namespace

std::vector<container::Device> find_devices(const DeviceRequest& request) {
  const std::string shown = cat("--device ", quoted(request.host));
  const std::string& to = request.container.empty() ? request.host : request.container;
  if (!request.host.starts_with('/') || !to.starts_with('/')) {
    throw Error(cat(shown, ": not an absolute path"), {}, ErrorKind::usage);
  }
  if (auto device = device_at(request.host, to, true)) return {std::move(*device)};
  struct stat info;
  if (stat(request.host.c_str(), &info) < 0) throw SysError(shown);
  std::vector<container::Device> devices;
  if (S_ISDIR(info.st_mode)) collect(request.host, to, devices);
  if (devices.empty()) throw Error(cat(shown, ": neither a device nor a directory with devices"));
  return devices;
}

std::vector<container::Device> all_host_devices() {
  std::vector<container::Device> devices;
  collect("/dev", "/dev", devices);
  return devices;
}

container::DeviceRule rule_for(const container::Device& device, const std::string& access) {
  container::DeviceRule rule;
  rule.allow = true;
  rule.type = device.type;
  rule.major = device.major;
  rule.minor = device.minor;
  rule.access = access;
  return rule;
}

container::DeviceRule parse_device_rule(const std::string& text) {
  const auto refuse = [&] {
    throw Error(cat("--device-cgroup-rule ", quoted(text), ": expected for example \"c 1:3 rwm\""),
                {}, ErrorKind::usage);
  };
  container::DeviceRule rule;
  rule.allow = true;
  const std::vector<std::string> parts = split(trim(text), ' ');
  if (parts.size() != 3 || (parts[0] != "a" && parts[0] != "c" && parts[0] != "b")) refuse();
  rule.type = parts[0];
  const std::vector<std::string> numbers = split(parts[1], ':');
  if (numbers.size() != 2) refuse();
  const auto number = [&](const std::string& part) -> std::optional<int64_t> {
    if (part == "*") return {};
    const auto value = parse_number(part, std::numeric_limits<uint32_t>::max());
    if (!value) refuse();
    return static_cast<int64_t>(*value);
  };
  rule.major = number(numbers[0]);
  rule.minor = number(numbers[1]);
  rule.access = parts[2];
  if (rule.access.empty() || rule.access.find_first_not_of("rwm") != std::string::npos) refuse();
  return rule;
}

}  // namespace mini::engine
