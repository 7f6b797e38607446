#include "runtime/container/spec/spec.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

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

TEST(Spec, EveryMemberIsWrittenAsItWasRead) {
  const std::string text = read_file("tests/golden/spec/every-member.json");
  EXPECT_EQ(spec_to_json(parse_spec(text)), text);
}

TEST(Spec, WhatIsWrittenWhenNothingIsSet) {
  EXPECT_EQ(spec_to_json(parse_spec(R"({"ociVersion": "1.0.0", "process": {"cwd": "/"}})")),
            R"({
  "ociVersion": "1.0.0",
  "process": {
    "terminal": false,
    "user": {
      "uid": 0,
      "gid": 0
    },
    "args": [],
    "cwd": "/",
    "noNewPrivileges": false
  },
  "root": {
    "path": "",
    "readonly": false
  }
})");
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
      HasSubstr("config.json: process.user.uid: 4294967296 is more than 4294967295"));
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
