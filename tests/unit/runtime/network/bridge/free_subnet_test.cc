#include "runtime/network/bridge/free_subnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "runtime/base/error.h"

namespace mini::network {
namespace {

std::vector<Subnet> subnets(std::initializer_list<const char*> texts) {
  std::vector<Subnet> out;
  for (const char* text : texts) out.push_back(*Subnet::parse(text));
  return out;
}

TEST(FreeSubnetTest, TheFirstThatOverlapsNothing) {
  const struct {
    std::vector<Subnet> used;
    const char* chosen;
  } cases[] = {
      {{}, "10.88.0.0/16"},
      {subnets({"10.88.0.0/16"}), "10.89.0.0/16"},
      {subnets({"10.88.255.255/32"}), "10.89.0.0/16"},
      {subnets({"10.87.0.0/16", "10.89.0.0/16"}), "10.88.0.0/16"},
      {subnets({"10.88.0.0/14"}), "10.92.0.0/16"},
      {subnets({"10.0.0.0/8"}), "172.20.0.0/16"},
      {subnets({"10.0.0.0/8", "172.16.0.0/12"}), "192.168.0.0/20"},
      {subnets({"10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/24"}), "192.168.16.0/20"},
      {subnets({"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/17", "192.168.128.0/18",
                "192.168.192.0/19", "192.168.224.0/20"}),
       "192.168.240.0/20"},
      {subnets({"::/0", "fd00::/8"}), "10.88.0.0/16"},
  };
  for (const auto& test : cases) EXPECT_EQ(choose_subnet(test.used).str(), test.chosen);
}

TEST(FreeSubnetTest, EachChosenOnceUntilNoneIsLeft) {
  std::vector<Subnet> used;
  std::set<std::string> seen;
  for (int i = 0; i < 40 + 12 + 16; ++i) {
    used.push_back(choose_subnet(used));
    EXPECT_TRUE(seen.insert(used.back().str()).second) << used.back().str();
  }
  try {
    choose_subnet(used);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::conflict);
  }
}

TEST(FreeSubnetTest, Version6IsRandomAndLocal) {
  const Subnet first = choose_subnet6({}), second = choose_subnet6({first});
  EXPECT_TRUE(Subnet::parse("fd00::/8")->contains(first.base));
  EXPECT_EQ(first.length, 64u);
  EXPECT_FALSE(first.overlaps(second));
}

}  // namespace
}  // namespace mini::network
