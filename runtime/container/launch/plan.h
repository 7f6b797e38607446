// A Spec, thought through: the list of operations that the launcher follows
// (launcher/plan_format.h), with every string, vector and filter in place. Pure: nothing is opened
// here; descriptors come in as numbers of this process and get the launcher's numbers (kFirstFd…)
// in the plan. `dump` is the plan as text, one operation a line, for tests and for people;
// `describe` names one operation for an error.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/container/launcher/plan_format.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {

struct Plan {
  uint64_t clone_flags = 0;  // namespaces that clone3 makes
  bool user_namespace =
      false;  // … among them a user namespace: its maps must be written before the launcher starts
  bool forks = false;  // the container's process is the launcher's sibling, told by Report::forked
  bool second_go = false;  // … which waits for a GO of its own
  std::vector<Op> ops;
  std::string data = std::string(1, '\0');
  std::vector<int> fds;  // ours; number i becomes kFirstFd + i. 0: the plan itself, 1: the channel

  Op& add(OpCode code) { return ops.emplace_back(Op{code, 0, -1, 0, 0, 0, 0, 0}); }
  Op& add(OpCode code, std::string_view text, std::string_view text2 = {});
  uint32_t text(std::string_view value);
  uint32_t bytes(const void* value, size_t size);  // aligned for any type
  uint32_t vector(const std::vector<std::string>& values);
  int pass(int fd);  // the launcher's number of it
  const char* at(uint32_t offset) const { return data.data() + offset; }

  std::string serialize() const;
};

// A mount's source, opened by the parent while nothing of the container runs (sources.h).
struct MountTree {
  int fd =
      -1;  // a detached tree; -1: the launcher opens the path, because only it has the privilege
  bool is_file = false;
  int user_namespace = -1;  // of an id-mapped mount
};

struct PlanInputs {
  std::string name;
  std::vector<MountTree> mounts;  // one per Spec::mounts, unset for new file systems
  MountTree root;
  std::vector<std::pair<std::string, int>>
      cgroup_trees;  // controllers and the container's directories in them, for a v1 "cgroup" mount
  bool cgroup_v2 = false;
  std::vector<std::pair<int, uint64_t>> joins;  // namespace or pidfd, CLONE_NEW* flags
  std::span<const sock_filter> seccomp;
  unsigned seccomp_flags = 0;
  int stdio[3] = {-1, -1, -1};
  std::vector<int> preserve;
  int gate = -1;
  bool die_with_parent = false;
  bool waits_for_beside = false;  // a GO of its own before the settings are written
  bool overlay_appends = true;    // fsconfig knows lowerdir+ (Linux 6.8)
  std::string hook_state_before, hook_state_after;  // the state's JSON around the pid
};

Plan plan_container(const Spec& spec, const PlanInputs& inputs);
Plan plan_process(const Spec& spec, const PlanInputs& inputs);

std::string dump(const Plan& plan);
std::string describe(const Plan& plan, size_t index);

uint64_t namespace_flag(const std::string& type);  // "pid" -> CLONE_NEWPID; throws

// Parts of the above, in files of their own.
void plan_root(Plan& plan, const Spec& spec, const PlanInputs& inputs);
void plan_mounts(Plan& plan, const Spec& spec, const PlanInputs& inputs);
void plan_root_attributes(Plan& plan, const Spec& spec);
void plan_devices(Plan& plan, const Spec& spec);
void plan_streams(Plan& plan, const Spec& spec, const PlanInputs& inputs, bool own_root);
void plan_settings(Plan& plan, const Spec& spec);
void plan_identity(Plan& plan, const Spec& spec, const PlanInputs& inputs, bool own_root);

}  // namespace mini::container
