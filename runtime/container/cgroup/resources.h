// linux.resources of the OCI runtime specification (config-linux.md, "Control groups" and "Allowed
// Device list") as plain values. Sizes are bytes; what is not set is not written. Part of the Spec;
// cgroup.h turns it into files of the control group.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mini::container {

struct DeviceRule {
  bool allow = false;
  std::string type = "a";               // a c b
  std::optional<int64_t> major, minor;  // nothing: all
  std::string access = "rwm";
};

struct Resources {
  std::vector<DeviceRule> devices;
  struct Memory {
    std::optional<int64_t> limit, reservation, swap,
        kernel;  // swap: memory plus swap, -1 unlimited
    std::optional<uint64_t> swappiness;
    std::optional<bool> disable_oom_killer;
  } memory;
  struct Cpu {
    std::optional<uint64_t> shares, period, realtime_period, burst;
    std::optional<int64_t> quota, realtime_runtime, idle;
    std::string cpus, mems;
  } cpu;
  std::optional<int64_t> pids_limit;
  struct BlockIo {
    std::optional<uint16_t> weight;
    struct Throttle {
      int64_t major, minor;
      uint64_t rate;
    };
    std::vector<Throttle> read_bps, write_bps, read_iops, write_iops;
  } block_io;
  struct HugepageLimit {
    std::string page_size;  // "2MB"
    uint64_t limit = 0;
  };
  std::vector<HugepageLimit> hugepage_limits;
  std::map<std::string, std::string> unified;  // cgroup v2 files, verbatim
};

}  // namespace mini::container
