#include "runtime/engine/monitor/detach_keys.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "runtime/engine/monitor/attach.h"

namespace mini::engine {
namespace {

TEST(DetachKeys, AreReadAsDockerWritesThem) {
  EXPECT_EQ(parse_detach_keys("ctrl-p,ctrl-q"), "\x10\x11");
  EXPECT_EQ(parse_detach_keys("ctrl-@,x"), std::string("\0x", 2));
  EXPECT_EQ(parse_detach_keys("Ctrl-A"), "\x01");
  EXPECT_EQ(parse_detach_keys(""), "");
  EXPECT_THROW(parse_detach_keys("ctrl-1"), Error);
  EXPECT_THROW(parse_detach_keys("ab"), Error);
  EXPECT_THROW(parse_detach_keys("a,,b"), Error);
}

TEST(DetachScanner, HoldsBackABeginningUntilItIsClear) {
  DetachScanner scanner("\x10\x11");
  EXPECT_EQ(scanner.feed("abc"), "abc");
  EXPECT_EQ(scanner.feed("d\x10"), "d");
  EXPECT_EQ(scanner.feed("e"),
            "\x10"
            "e");
  EXPECT_EQ(scanner.feed("\x10\x10"), "\x10");
  EXPECT_FALSE(scanner.found());
  EXPECT_EQ(scanner.feed("\x11rest"), "");
  EXPECT_TRUE(scanner.found());
}

TEST(DetachScanner, WithoutKeysEverythingPasses) {
  DetachScanner scanner("");
  EXPECT_EQ(scanner.feed("\x10\x11"), "\x10\x11");
  EXPECT_FALSE(scanner.found());
}

}  // namespace
}  // namespace mini::engine
