#include "runtime/container/cgroup/limits.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

// What is written for one limit; an empty text: nothing.
struct Value {
  std::string v1, v2;
  bool binds = true;           // false: as good as unlimited
  std::string page_size = {};  // replaces the * in a file's name
};
using Values = std::vector<Value>;

struct Limit {
  const char* controller;  // in v1's words
  const char* name;        // for errors
  const char* v1_file;
  const char* v2_file;  // null: v2 has no such control
  Values (*values)(const Resources& resources);
};

std::string max_or(int64_t value) {
  return value < 0 ? "max" : std::to_string(value);
}

// 0 is how Go programs write "not set", -1 "unlimited".
Values bytes(const std::optional<int64_t>& limit) {
  if (limit.value_or(0) == 0) return {};
  return {{std::to_string(*limit), max_or(*limit), *limit > 0}};
}

Values swap(const Resources::Memory& memory) {
  const int64_t limit = memory.limit.value_or(0), total = memory.swap.value_or(0);
  if (total <= 0) return bytes(memory.swap);
  if (limit <= 0) throw Error("memory swap limit: needs a memory limit beside it");
  if (total < limit)
    throw Error("memory swap limit: is memory plus swap, so not below the memory limit");
  // The specification and v1 count memory and swap together, v2 counts swap alone.
  return {{std::to_string(total), std::to_string(total - limit)}};
}

template <class Number>
Values unless_zero(const std::optional<Number>& number) {
  if (number.value_or(0) == 0) return {};
  return {{std::to_string(*number), std::to_string(*number)}};
}

template <class Number>
Values exact(const std::optional<Number>& number, bool zero_binds) {
  if (!number) return {};
  return {{std::to_string(*number), std::to_string(*number), zero_binds || *number != 0}};
}

Values oom_killer(const Resources::Memory& memory) {
  if (!memory.disable_oom_killer) return {};
  const bool disabled = *memory.disable_oom_killer;
  return {{disabled ? "1" : "0", disabled ? "1" : "", disabled}};
}

// An idle group has no weight; the kernel refuses one.
Values shares(const Resources::Cpu& cpu) {
  if (cpu.shares.value_or(0) == 0 || cpu.idle.value_or(0) != 0) return {};
  return {{std::to_string(*cpu.shares), std::to_string(weight_of_shares(*cpu.shares))}};
}

// v1 has a file for the period, v2 one for both.
Values period(const Resources::Cpu& cpu) {
  if (cpu.period.value_or(0) == 0) return {};
  return {{std::to_string(*cpu.period), "", false}};
}

Values quota(const Resources::Cpu& cpu) {
  const int64_t quota = cpu.quota.value_or(0);
  const uint64_t period = cpu.period.value_or(0);
  if (quota == 0 && period == 0) return {};
  return {{quota ? std::to_string(quota) : "",
           cat(quota > 0 ? std::to_string(quota) : "max", ' ', period ? period : 100'000),
           quota > 0}};
}

Values text(const std::string& list) {
  if (list.empty()) return {};
  return {{list, list}};
}

Values processes(const std::optional<int64_t>& limit) {
  if (!limit) return {};
  const std::string value = *limit > 0 ? std::to_string(*limit) : "max";
  return {{value, value, *limit > 0}};
}

// 10..1000 of v1 onto 1..10000.
Values io_weight(const std::optional<uint16_t>& weight) {
  if (weight.value_or(0) == 0) return {};
  return {{std::to_string(*weight), cat("default ", 1 + (*weight - 10) * 9999 / 990)}};
}

Values throttles(const std::vector<Resources::BlockIo::Throttle>& list, const char* key) {
  Values values;
  for (const auto& item : list) {
    const std::string device = cat(item.major, ':', item.minor, ' ');
    values.push_back({cat(device, item.rate),
                      cat(device, key, '=', item.rate ? std::to_string(item.rate) : "max")});
  }
  return values;
}

Values huge_pages(const std::vector<Resources::HugepageLimit>& limits) {
  Values values;
  for (const auto& [size, limit] : limits)
    values.push_back({std::to_string(limit), std::to_string(limit), true, size});
  return values;
}

using R = Resources;
// A group is idle or has shares, so that comes first.
constexpr Limit kLimits[] = {
    {"memory", "memory limit", "memory.limit_in_bytes", "memory.max",
     [](const R& r) { return bytes(r.memory.limit); }},
    {"memory", "memory swap limit", "memory.memsw.limit_in_bytes", "memory.swap.max",
     [](const R& r) { return swap(r.memory); }},
    {"memory", "memory reservation", "memory.soft_limit_in_bytes", "memory.low",
     [](const R& r) { return bytes(r.memory.reservation); }},
    {"memory", "memory swappiness", "memory.swappiness", nullptr,
     [](const R& r) { return exact(r.memory.swappiness, true); }},
    {"memory", "disabling the OOM killer", "memory.oom_control", nullptr,
     [](const R& r) { return oom_killer(r.memory); }},
    {"cpu", "CPU idle", "cpu.idle", "cpu.idle",
     [](const R& r) { return exact(r.cpu.idle, false); }},
    {"cpu", "CPU shares", "cpu.shares", "cpu.weight", [](const R& r) { return shares(r.cpu); }},
    {"cpu", "CPU period", "cpu.cfs_period_us", nullptr, [](const R& r) { return period(r.cpu); }},
    {"cpu", "CPU quota", "cpu.cfs_quota_us", "cpu.max", [](const R& r) { return quota(r.cpu); }},
    {"cpu", "CPU burst", "cpu.cfs_burst_us", "cpu.max.burst",
     [](const R& r) { return exact(r.cpu.burst, false); }},
    {"cpu", "realtime CPU period", "cpu.rt_period_us", nullptr,
     [](const R& r) { return unless_zero(r.cpu.realtime_period); }},
    {"cpu", "realtime CPU time", "cpu.rt_runtime_us", nullptr,
     [](const R& r) { return unless_zero(r.cpu.realtime_runtime); }},
    {"cpuset", "CPU set", "cpuset.cpus", "cpuset.cpus",
     [](const R& r) { return text(r.cpu.cpus); }},
    {"cpuset", "memory nodes", "cpuset.mems", "cpuset.mems",
     [](const R& r) { return text(r.cpu.mems); }},
    {"pids", "process limit", "pids.max", "pids.max",
     [](const R& r) { return processes(r.pids_limit); }},
    {"blkio", "block I/O weight", "blkio.bfq.weight", "io.weight",
     [](const R& r) { return io_weight(r.block_io.weight); }},
    {"blkio", "block I/O limit", "blkio.throttle.read_bps_device", "io.max",
     [](const R& r) { return throttles(r.block_io.read_bps, "rbps"); }},
    {"blkio", "block I/O limit", "blkio.throttle.write_bps_device", "io.max",
     [](const R& r) { return throttles(r.block_io.write_bps, "wbps"); }},
    {"blkio", "block I/O limit", "blkio.throttle.read_iops_device", "io.max",
     [](const R& r) { return throttles(r.block_io.read_iops, "riops"); }},
    {"blkio", "block I/O limit", "blkio.throttle.write_iops_device", "io.max",
     [](const R& r) { return throttles(r.block_io.write_iops, "wiops"); }},
    {"hugetlb", "huge page limit", "hugetlb.*.limit_in_bytes", "hugetlb.*.max",
     [](const R& r) { return huge_pages(r.hugepage_limits); }},
};

LimitWrites writes_of(const std::string& controller, const Resources& resources,
                      const char* Limit::*file_of, std::string Value::*text_of) {
  LimitWrites writes;
  for (const Limit& limit : kLimits) {
    if (controller != limit.controller) continue;
    for (const Value& value : limit.values(resources)) {
      if ((value.*text_of).empty()) continue;
      if (!(limit.*file_of))
        throw Error(cat(limit.name, ": cgroup v2 has no such control"), "leave it out");
      std::string file = limit.*file_of;
      if (const size_t star = file.find('*'); star != file.npos)
        file.replace(star, 1, value.page_size);
      writes.push_back({std::move(file), value.*text_of, limit.name});
    }
  }
  return writes;
}

}  // namespace

LimitWrites limits_v1(const std::string& controller, const Resources& resources,
                      std::optional<uint64_t> current_swap) {
  LimitWrites writes = writes_of(controller, resources, &Limit::v1_file, &Value::v1);
  const int64_t swap = resources.memory.swap.value_or(0);
  const bool raises = current_swap && (swap < 0 || static_cast<uint64_t>(swap) > *current_swap);
  const auto found = std::find_if(writes.begin(), writes.end(), [](const LimitWrite& write) {
    return write.file == "memory.memsw.limit_in_bytes";
  });
  if (raises && found != writes.end()) std::rotate(writes.begin(), found, found + 1);
  return writes;
}

LimitWrites limits_v2(const std::string& controller, const Resources& resources) {
  return writes_of(controller, resources, &Limit::v2_file, &Value::v2);
}

std::vector<std::string> needed_controllers(const Resources& resources) {
  std::vector<std::string> needed;
  for (const Limit& limit : kLimits) {
    if (!needed.empty() && needed.back() == limit.controller) continue;
    const Values values = limit.values(resources);
    if (std::any_of(values.begin(), values.end(), [](const Value& value) { return value.binds; }))
      needed.push_back(limit.controller);
  }
  return needed;
}

uint64_t weight_of_shares(uint64_t shares) {
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  // A curve through (2, 1), (1024, 100) and (262144, 10000): the ends and the defaults of both
  // scales meet, which a straight line misses.
  const double l = std::log2(static_cast<double>(shares));
  return static_cast<uint64_t>(std::ceil(std::pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0)));
}

}  // namespace mini::container
