#include "runtime/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace mini {
namespace {

TEST(SysError, NamesTheObjectFirstAndTheReasonLast) {
  const SysError error(ENOENT, "/etc/thing");
  EXPECT_STREQ(error.what(), "/etc/thing: No such file or directory");
  EXPECT_EQ(error.code(), ENOENT);
}

TEST(SysError, TakesErrno) {
  errno = EACCES;
  EXPECT_EQ(SysError("x").code(), EACCES);
}

TEST(SysError, SurvivesAnUnknownNumber) {
  EXPECT_STREQ(SysError(9999, "x").what(), "x: errno 9999");
}

TEST(WithContext, KeepsHintAndKind) {
  try {
    with_context("step 3", [] { throw Error("gone", "look again", ErrorKind::not_found); });
    FAIL() << "swallowed";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "step 3: gone");
    EXPECT_EQ(error.hint(), "look again");
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
  }
}

TEST(WithContext, PassesTheValueOn) {
  EXPECT_EQ(with_context("x", [] { return 7; }), 7);
}

}  // namespace
}  // namespace mini
