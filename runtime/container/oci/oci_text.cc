// The OCI runtime's answers as text: state and list as runc prints them, features as features.md
// describes.
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/container/oci/oci_runtime.h"
#include "runtime/container/seccomp/capability.h"

namespace mini::container {
namespace {

OrderedJson state_object(const OciState& state) {
  OrderedJson json;
  json["ociVersion"] = state.oci_version;
  json["id"] = state.id;
  json["pid"] = state.pid;
  json["status"] = state.status;
  json["bundle"] = state.bundle;
  json["rootfs"] = state.rootfs;
  json["created"] = state.created;
  if (!state.annotations.empty()) json["annotations"] = state.annotations;
  json["owner"] = state.owner;
  return json;
}

OrderedJson enabled(bool yes) {
  return OrderedJson{{"enabled", yes}};
}

std::vector<std::string> capability_names() {
  std::vector<std::string> out;
  const uint64_t known = kernel_capabilities();
  for (int bit = 0; bit < 64; ++bit) {
    if (known >> bit & 1) out.push_back(capability_name(bit));
  }
  return out;
}

OrderedJson seccomp_features() {
  OrderedJson json = enabled(true);
  json["actions"] = {"SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",       "SCMP_ACT_KILL",
                     "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
                     "SCMP_ACT_TRAP",         "SCMP_ACT_TRACE"};
  json["operators"] = {"SCMP_CMP_EQ", "SCMP_CMP_GE",        "SCMP_CMP_GT", "SCMP_CMP_LE",
                       "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"};
  return json;
}

}  // namespace

std::string oci_state_json(const OciState& state) {
  return state_object(state).dump(2, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string oci_list_json(const std::vector<OciState>& states) {
  OrderedJson json = OrderedJson::array();
  for (const auto& state : states) json.push_back(state_object(state));
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string oci_list_table(const std::vector<OciState>& states) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const auto& state : states) {
    rows.push_back({state.id, std::to_string(state.pid), state.status, printable(state.bundle),
                    state.created, state.owner});
  }
  std::vector<size_t> widths(6, 9);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i)
      out += row[i] + std::string(widths[i] + 3 - row[i].size(), ' ');
    out += row.back() + "\n";
  }
  return out;
}

std::string oci_features_json() {
  OrderedJson json;
  json["ociVersionMin"] = "1.0.0";
  json["ociVersionMax"] = Spec().oci_version;
  json["hooks"] = {"prestart",       "createRuntime", "createContainer",
                   "startContainer", "poststart",     "poststop"};
  json["mountOptions"] = {"async",       "atime",          "bind",        "defaults",
                          "dev",         "diratime",       "exec",        "idmap",
                          "noatime",     "nodev",          "nodiratime",  "noexec",
                          "norelatime",  "nostrictatime",  "nosuid",      "nosymfollow",
                          "private",     "ratime",         "rbind",       "rdev",
                          "rdiratime",   "relatime",       "rexec",       "ridmap",
                          "rnoatime",    "rnodev",         "rnodiratime", "rnoexec",
                          "rnorelatime", "rnostrictatime", "rnosuid",     "rnosymfollow",
                          "ro",          "rprivate",       "rrelatime",   "rro",
                          "rrw",         "rshared",        "rslave",      "rstrictatime",
                          "rsuid",       "rsymfollow",     "runbindable", "rw",
                          "shared",      "slave",          "strictatime", "suid",
                          "symfollow",   "tmpcopyup",      "unbindable"};
  OrderedJson& linux_json = json["linux"];
  linux_json["namespaces"] = {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"};
  linux_json["capabilities"] = capability_names();
  linux_json["cgroup"] = {
      {"v1", true}, {"v2", true}, {"systemd", false}, {"systemdUser", false}, {"rdma", false}};
  linux_json["seccomp"] = seccomp_features();
  linux_json["apparmor"] = enabled(exists("/sys/kernel/security/apparmor"));
  linux_json["selinux"] = enabled(exists("/sys/fs/selinux"));
  linux_json["intelRdt"] = enabled(false);
  linux_json["mountExtensions"] = {{"idmap", enabled(true)}};
  json["annotations"] = {{"org.mini.version", MINI_VERSION}};
  return json.dump(2);
}

}  // namespace mini::container
