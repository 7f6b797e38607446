#include "runtime/container/spec/spec.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini::container {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& json) {
  try {
    parse_spec(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Spec, DefaultSurvivesBeingWrittenAndRead) {
  const Spec spec = default_spec();
  const std::string text = spec_to_json(spec);
  EXPECT_EQ(spec_to_json(parse_spec(text)), text);
}

TEST(Spec, EveryMemberSurvives) {
  const std::string text = spec_to_json(parse_spec(R"({
    "ociVersion": "1.0.2", "hostname": "h", "domainname": "d", "root": {"path": "r", "readonly": true},
    "process": {"terminal": true, "consoleSize": {"height": 24, "width": 80}, "cwd": "/w", "args": ["a"],
      "user": {"uid": 1, "gid": 2, "umask": 63, "additionalGids": [3, 4]}, "env": ["A=b", "C="],
      "capabilities": {"bounding": ["CAP_KILL"], "effective": [], "ambient": ["CAP_KILL"]},
      "rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 18446744073709551615}], "noNewPrivileges": true,
      "oomScoreAdj": -5, "apparmorProfile": "p", "selinuxLabel": "l",
      "scheduler": {"policy": "SCHED_BATCH", "nice": 5}, "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4}},
    "mounts": [{"destination": "/d", "type": "bind", "source": "/s", "options": ["rbind"],
      "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}]}],
    "hooks": {"prestart": [{"path": "/h", "args": ["h", "x"], "env": ["E=1"], "timeout": 3}], "poststop": [{"path": "/p"}]},
    "annotations": {"k": "v"},
    "linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/ns"}], "cgroupsPath": "/a/b",
      "uidMappings": [{"containerID": 0, "hostID": 5, "size": 6}], "gidMappings": [{"containerID": 0, "hostID": 5, "size": 6}],
      "devices": [{"path": "/dev/x", "type": "c", "major": 10, "minor": 229, "fileMode": 438, "uid": 0, "gid": 7}],
      "resources": {"devices": [{"allow": false}], "memory": {"limit": 5, "swap": -1, "disableOOMKiller": true},
        "cpu": {"shares": 2, "quota": -1, "period": 100000, "cpus": "0", "mems": "0"}, "pids": {"limit": 7},
        "blockIO": {"weight": 10, "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}]},
        "hugepageLimits": [{"pageSize": "2MB", "limit": 9}], "unified": {"memory.high": "1"}},
      "rootfsPropagation": "rslave", "sysctl": {"net.a": "1"}, "maskedPaths": ["/m"], "readonlyPaths": ["/r"],
      "mountLabel": "ml", "personality": {"domain": "LINUX32"},
      "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]}]}}})"));
  EXPECT_EQ(spec_to_json(parse_spec(text)), text);
  for (const char* part :
       {"\"umask\": 63", "18446744073709551615", "SCHED_BATCH", "IOPRIO_CLASS_BE", "\"timeout\": 3",
        "\"fileMode\": 438", "throttleReadBpsDevice", "hugepageLimits", "memory.high", "LINUX32",
        "\"defaultErrnoRet\": 38", "SCMP_CMP_EQ", "disableOOMKiller", "\"oomScoreAdj\": -5",
        "\"hostID\": 1000"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Spec, ErrorsNameTheProperty) {
  EXPECT_THAT(error_of("{}"), HasSubstr("ociVersion"));
  EXPECT_THAT(error_of(R"({"ociVersion": "2.0.0"})"),
              HasSubstr("config.json: ociVersion: \"2.0.0\" is not 1.x"));
  EXPECT_THAT(error_of(R"({"ociVersion": "1.0.0", "process": {"cwd": "/", "args": [1]}})"),
              HasSubstr("process.args[0]"));
  EXPECT_THAT(error_of(R"({"ociVersion": "1.0.0", "process": {"cwd": "/", "user": {"uid": -1}}})"),
              HasSubstr("process.user.uid"));
  EXPECT_THAT(
      error_of(R"({"ociVersion": "1.0.0", "process": {"cwd": "/", "user": {"uid": 4294967296}}})"),
      HasSubstr("out of range"));
  EXPECT_THAT(error_of(R"({"ociVersion": "1.0.0", "process": {"cwd": "/", "env": ["A"]}})"),
              HasSubstr("not NAME=value"));
  EXPECT_THAT(error_of(R"({"ociVersion": "1.0.0", "hooks": {"prestart": [{"path": "h"}]}})"),
              HasSubstr("absolute"));
  EXPECT_THAT(error_of(R"({"ociVersion": "1.0.0", "linux": {"intelRdt": {"closID": "x"}}})"),
              HasSubstr("linux.intelRdt"));
  EXPECT_THAT(error_of("{"), HasSubstr("config.json"));
}

TEST(Spec, UnknownPropertiesAreIgnored) {
  EXPECT_NO_THROW(parse_spec(
      R"({"ociVersion": "1.1.0", "zebra": {"x": 1}, "root": {"path": "r", "color": 2}})"));
}

TEST(Spec, CVE_2022_24769_DefaultHasNoInheritableOrAmbientCapabilities) {
  const auto sets = default_spec().process->capabilities;
  ASSERT_TRUE(sets);
  EXPECT_TRUE(sets->inheritable.empty());
  EXPECT_TRUE(sets->ambient.empty());
  EXPECT_EQ(sets->bounding.size(), 14u);
}

TEST(Spec, DefaultMasksAndProtects) {
  const Linux value = default_spec().linux_;
  EXPECT_THAT(value.masked_paths,
              testing::IsSupersetOf({"/proc/kcore", "/proc/interrupts", "/sys/firmware",
                                     "/sys/devices/virtual/powercap"}));
  EXPECT_THAT(value.readonly_paths, testing::Contains("/proc/sys"));
  ASSERT_FALSE(value.resources.devices.empty());
  EXPECT_FALSE(value.resources.devices[0].allow);
}

}  // namespace
}  // namespace mini::container
