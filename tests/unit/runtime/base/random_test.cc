#include "runtime/base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace mini {
namespace {

TEST(RandomHex, HasTheLengthAndEveryDigit) {
  EXPECT_EQ(random_hex(0), "");
  EXPECT_EQ(random_hex(7).size(), 7u);
  const std::string text = random_hex(4096);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(std::set<char>(text.begin(), text.end()).size(), 16u);
  EXPECT_NE(random_hex(64), random_hex(64));
}

TEST(RandomName, IsAValidContainerName) {
  std::set<std::string> names;
  for (int i = 0; i < 200; ++i) {
    const std::string name = random_name();
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
    const size_t gap = name.find('_');
    EXPECT_TRUE(gap > 0 && gap < name.size() - 1) << name;
    names.insert(name);
  }
  EXPECT_GT(names.size(), 150u);
}

TEST(RandomId, TheShortFormOfAnIdIsNeverANumber) {
  for (int i = 0; i < 10'000; ++i) {  // one in 280 would be
    const std::string id = random_id();
    ASSERT_EQ(id.size(), 64u);
    ASSERT_LT(id.find_first_of("abcdef"), 12u) << id;
  }
}

}  // namespace
}  // namespace mini
