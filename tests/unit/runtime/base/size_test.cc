#include "runtime/base/size.h"

#include <gmock/gmock.h>

namespace mini {
namespace {

using ::testing::Optional;

TEST(HumanSize, IsDecimalWithFourDigits) {
  EXPECT_EQ(human_size(0), "0B");
  EXPECT_EQ(human_size(999), "999B");
  EXPECT_EQ(human_size(1000), "1kB");
  EXPECT_EQ(human_size(1840), "1.84kB");
  EXPECT_EQ(human_size(72'800'000), "72.8MB");
  EXPECT_EQ(human_size(1'234'567'890), "1.235GB");
  EXPECT_EQ(human_size(~0ULL), "18.45EB");
}

TEST(BinarySize, IsBinary) {
  EXPECT_EQ(binary_size(1023), "1023B");
  EXPECT_EQ(binary_size(1024), "1KiB");
  EXPECT_EQ(binary_size(1536 << 10), "1.5MiB");
  EXPECT_EQ(binary_size(~0ULL), "16EiB");
}

TEST(ParseSize, CountsIn1024s) {
  EXPECT_THAT(parse_size("1024"), Optional(1024));
  EXPECT_THAT(parse_size("0"), Optional(0));
  EXPECT_THAT(parse_size("32b"), Optional(32));
  EXPECT_THAT(parse_size("64K"), Optional(64 << 10));
  EXPECT_THAT(parse_size("64kb"), Optional(64 << 10));
  EXPECT_THAT(parse_size("64KiB"), Optional(64 << 10));
  EXPECT_THAT(parse_size("512m"), Optional(512 << 20));
  EXPECT_THAT(parse_size("512 MB"), Optional(512 << 20));
  EXPECT_THAT(parse_size("1.5GiB"), Optional(3LL << 29));
  EXPECT_THAT(parse_size("2t"), Optional(2LL << 40));
  EXPECT_THAT(parse_size("9223372036854775807"), Optional(INT64_MAX));
}

TEST(ParseSize, RefusesWhatIsNotASize) {
  for (const char* text : {"",         " ",
                           "m",        "-1",
                           "+1",       "1x",
                           "1ib",      "1mib2",
                           "1 ",       "1  m",
                           "0x10",     "1.2.3",
                           "1e3",      "9223372036854775808",
                           "8388608t", "99999999999.5p",
                           "inf",      "nan",
                           ".",        "12 34"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace mini
