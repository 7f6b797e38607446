#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "runtime/engine/lifecycle/prune.h"
#include "runtime/engine/sandbox/devices.h"
#include "runtime/engine/sandbox/security_options.h"

namespace mini::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const std::string& option) {
  try {
    parse_security_options({option});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return std::string(error.what()) + error.hint();
  }
  return "";
}

TEST(SecurityOptions, AreParsed) {
  const SecurityOptions options = parse_security_options(
      {"no-new-privileges:true", "seccomp=/etc/profile.json", "systempaths=unconfined",
       "mask=/a:/b", "unmask=all", "label=disable", "apparmor=unconfined"});
  EXPECT_TRUE(options.no_new_privileges);
  EXPECT_FALSE(options.seccomp_unconfined);
  EXPECT_EQ(options.seccomp_profile, "/etc/profile.json");
  EXPECT_TRUE(options.paths_unconfined);
  EXPECT_THAT(options.mask, ElementsAre("/a", "/b"));
  EXPECT_THAT(options.unmask, ElementsAre("ALL"));
  EXPECT_TRUE(parse_security_options({"seccomp:unconfined"}).seccomp_unconfined);
  EXPECT_FALSE(parse_security_options({"no-new-privileges=false"}).no_new_privileges);
}

TEST(SecurityOptions, WhatCannotBeHonouredIsRefusedByName) {
  EXPECT_THAT(refusal("label=type:svirt_t"), HasSubstr("SELinux"));
  EXPECT_THAT(refusal("apparmor=docker-default"), HasSubstr("AppArmor"));
  EXPECT_THAT(refusal("no-new-privilege"), HasSubstr("did you mean \"no-new-privileges\"?"));
  EXPECT_THAT(refusal("seccomp="), HasSubstr("expected"));
  EXPECT_THAT(refusal("mask=relative"), HasSubstr("not an absolute path"));
  EXPECT_THAT(refusal("no-new-privileges=maybe"), HasSubstr("true or false"));
}

TEST(Devices, RulesAreParsed) {
  const container::DeviceRule rule = parse_device_rule("c 1:* rw");
  EXPECT_TRUE(rule.allow);
  EXPECT_EQ(rule.type, "c");
  EXPECT_EQ(rule.major, 1);
  EXPECT_EQ(rule.minor, std::nullopt);
  EXPECT_EQ(rule.access, "rw");
  for (const char* bad :
       {"", "c 1:3", "x 1:3 r", "c 1 r", "c 1:3 q", "c 1:-1 r", "c 99999999999:1 r"}) {
    EXPECT_THROW(parse_device_rule(bad), Error) << bad;
  }
}

TEST(Devices, AreFoundByTheirHostPath) {
  const std::vector<container::Device> found = find_devices({"/dev/null", "/dev/other", "rw"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "/dev/other");
  EXPECT_EQ(found[0].type, "c");
  EXPECT_EQ(found[0].major, 1);
  EXPECT_EQ(found[0].minor, 3);
  EXPECT_THROW(find_devices({"/etc/passwd", "", "rw"}), Error);
  EXPECT_THROW(find_devices({"dev/null", "", "rw"}), Error);
}

TEST(PruneFilter, SelectsByLabel) {
  const PruneFilter filter = PruneFilter::parse({"label=env=test", "label!=keep"});
  EXPECT_TRUE(filter.matches_labels({{"env", "test"}}));
  EXPECT_FALSE(filter.matches_labels({{"env", "prod"}}));
  EXPECT_FALSE(filter.matches_labels({{"env", "test"}, {"keep", ""}}));
  EXPECT_TRUE(PruneFilter::parse({}).matches_labels({}));
}

TEST(PruneFilter, TimesAreParsedAndTheRestIsRefused) {
  EXPECT_EQ(PruneFilter::parse({"until=1970-01-01T00:00:01Z"}).until_ns, 1'000'000'000);
  EXPECT_EQ(PruneFilter::parse({"last-used=1970-01-01T00:00:02Z"}).last_used_ns, 2'000'000'000);
  EXPECT_THROW(PruneFilter::parse({"until=yesterday-ish"}), Error);
  EXPECT_THROW(PruneFilter::parse({"until!=24h"}), Error);
  EXPECT_THROW(PruneFilter::parse({"dangling=true"}), Error);
  EXPECT_THROW(PruneFilter::parse({"label="}), Error);
}

}  // namespace
}  // namespace mini::engine
