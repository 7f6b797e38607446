#include "runtime/registry/http/download.h"

#include <gtest/gtest.h>

namespace mini::registry {
namespace {

TEST(Download, TheNameOfContentDisposition) {
  EXPECT_EQ(disposition_name("attachment; filename=\"a b.txt\""), "a b.txt");
  EXPECT_EQ(disposition_name("attachment;FileName=x.tar"), "x.tar");
  EXPECT_EQ(disposition_name("inline; name=q; filename = \"../../etc/passwd\" "),
            "../../etc/passwd");  // who uses it looks at it first
  EXPECT_EQ(disposition_name("attachment"), "");
  EXPECT_EQ(disposition_name("attachment; filename="), "");
  EXPECT_EQ(disposition_name(""), "");
}

}  // namespace
}  // namespace mini::registry
