#include <algorithm>
#include <array>

#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/container/cgroup/cgroup_files.h"

namespace mini::container {
namespace {

constexpr std::array<std::string_view, 9> kControllers = {
    "memory", "cpu", "cpuacct", "cpuset", "pids", "blkio", "devices", "freezer", "hugetlb"};

// The kernel writes blank, tab, newline and backslash in a path as \ooo.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](size_t at) { return text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

CgroupHost CgroupHost::parse(std::string_view mountinfo, std::string_view own_groups) {
  CgroupHost host;
  for (const auto& line : split(mountinfo, '\n')) {
    // id parent major:minor root mountpoint options optional… - type source superoptions: proc(5).
    const size_t dash = line.find(" - cgroup");
    if (dash == std::string::npos) continue;
    const auto left = words(std::string_view(line).substr(0, dash));
    const auto right = words(std::string_view(line).substr(dash + 3));
    if (left.size() < 6 || right.size() < 3) continue;
    const std::string mount_point = unescape(left[4]);
    if (right[0] == "cgroup2") {
      if (host.unified.empty()) host.unified = mount_point;
    } else if (right[0] == "cgroup") {
      for (const auto& option : split(right[2], ','))
        if (std::find(kControllers.begin(), kControllers.end(), option) != kControllers.end() &&
            !host.v1_mount(option))
          host.v1.emplace_back(option, mount_point);
    }
  }
  for (const auto& line : split(own_groups, '\n'))
    if (line.starts_with("0::")) host.own = line.substr(3);
  if (!host.unified.empty())
    host.layout = host.v1.empty() ? CgroupLayout::v2 : CgroupLayout::hybrid;
  else if (!host.v1.empty())
    host.layout = CgroupLayout::v1;
  return host;
}

const CgroupHost& CgroupHost::get() {
  static const CgroupHost host = parse(read_file("/proc/self/mountinfo"),
                                       read_file_if_exists("/proc/self/cgroup").value_or(""));
  return host;
}

const std::string* CgroupHost::v1_mount(const std::string& controller) const {
  for (const auto& [name, mount] : v1)
    if (name == controller) return &mount;
  return nullptr;
}

const char* to_string(CgroupLayout layout) {
  switch (layout) {
    case CgroupLayout::v1:
      return "v1";
    case CgroupLayout::hybrid:
      return "hybrid";
    case CgroupLayout::v2:
      return "v2";
    case CgroupLayout::none:
      break;
  }
  return "none";
}

}  // namespace mini::container
