#include "runtime/container/seccomp/capability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include "runtime/base/error.h"

namespace mini::container {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using Names = std::vector<std::string>;

TEST(Capability, NamesMatchTheKernelsNumbers) {
  EXPECT_EQ(capability_bit("CAP_CHOWN"), CAP_CHOWN);
  EXPECT_EQ(capability_bit("net_bind_service"), CAP_NET_BIND_SERVICE);
  EXPECT_EQ(capability_bit("Cap_Sys_Admin"), CAP_SYS_ADMIN);
  EXPECT_EQ(capability_bit("SYS_PTRACE"), CAP_SYS_PTRACE);
  EXPECT_EQ(capability_bit("AUDIT_CONTROL"), CAP_AUDIT_CONTROL);
  EXPECT_EQ(capability_bit("SYSLOG"), CAP_SYSLOG);
  EXPECT_EQ(capability_bit("CHECKPOINT_RESTORE"), CAP_CHECKPOINT_RESTORE);
  EXPECT_EQ(capability_bit("ALL"), std::nullopt);
  EXPECT_EQ(capability_bit("CAP_"), std::nullopt);
}

TEST(Capability, EveryBitHasANameThatLeadsBack) {
  for (int bit = 0; bit <= CAP_LAST_CAP; ++bit)
    EXPECT_EQ(capability_bit(capability_name(bit)), bit);
  EXPECT_THROW(capability_name(-1), Error);
  EXPECT_THROW(capability_name(64), Error);
}

TEST(Capability, UnknownNameIsRefusedWithASuggestion) {
  try {
    capability_mask({"CAP_SYS_ADMN"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "capability \"CAP_SYS_ADMN\": unknown");
    EXPECT_EQ(error.hint(), "did you mean CAP_SYS_ADMIN?");
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

TEST(Capability, MaskOfNames) {
  EXPECT_EQ(capability_mask({}), 0u);
  EXPECT_EQ(capability_mask({"CHOWN", "CAP_KILL"}), 1ULL << CAP_CHOWN | 1ULL << CAP_KILL);
  EXPECT_EQ(capability_mask({"all"}), kernel_capabilities());
}

TEST(Capability, DefaultsAreDockers) {
  EXPECT_EQ(default_capabilities().size(), 14u);
  EXPECT_EQ(apply_capability_flags(default_capabilities(), {}, {}), default_capabilities());
}

TEST(Capability, AddAndDrop) {
  const Names base = {"CAP_CHOWN", "CAP_KILL"};
  EXPECT_THAT(apply_capability_flags(base, {"sys_admin"}, {"kill"}),
              ElementsAre("CAP_CHOWN", "CAP_SYS_ADMIN"));
  // A capability in both lists stays, as Docker's tool decides it.
  EXPECT_THAT(apply_capability_flags(base, {"kill"}, {"kill"}),
              ElementsAre("CAP_CHOWN", "CAP_KILL"));
  EXPECT_THAT(apply_capability_flags(base, {}, {"ALL"}), IsEmpty());
  EXPECT_THAT(apply_capability_flags(base, {"CAP_NET_RAW"}, {"all"}), ElementsAre("CAP_NET_RAW"));
  const Names all_but_one = apply_capability_flags(base, {"ALL"}, {"CAP_MKNOD"});
  EXPECT_THAT(all_but_one, Contains("CAP_SYS_ADMIN"));
  EXPECT_THAT(all_but_one, Not(Contains("CAP_MKNOD")));
  EXPECT_EQ(capability_mask(apply_capability_flags(base, {"ALL"}, {"ALL"})), kernel_capabilities());
  EXPECT_THROW(apply_capability_flags(base, {"ALL", "nonsense"}, {}), Error);
}

}  // namespace
}  // namespace mini::container
