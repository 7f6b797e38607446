#include "runtime/network/link/address.h"

#include <gtest/gtest.h>

namespace mini::network {
namespace {

TEST(AddressTest, ParsesStrictly) {
  EXPECT_EQ(Address::parse("10.1.2.3")->str(), "10.1.2.3");
  EXPECT_EQ(Address::parse("FD00::0:1")->str(), "fd00::1");
  for (const char* bad :
       {"", "10.1", "010.1.2.3", "10.1.2.3 ", "10.1.2.256", "fe80::1%eth0", "::g"})
    EXPECT_FALSE(Address::parse(bad)) << bad;
  EXPECT_FALSE(Address::parse(std::string_view("10.1.2.3\0x", 10)));
}

TEST(AddressTest, Counts) {
  EXPECT_EQ(Address::parse("10.1.0.255")->plus(1).str(), "10.1.1.0");
  EXPECT_EQ(Address::parse("255.255.255.255")->plus(2).str(), "0.0.0.1");
  EXPECT_EQ(Address::parse("fd00::ffff")->plus(1).str(), "fd00::1:0");
  EXPECT_TRUE(Address::parse("127.9.9.9")->is_loopback());
  EXPECT_TRUE(Address::parse("::1")->is_loopback());
  EXPECT_TRUE(Address::parse("::")->is_any());
  EXPECT_FALSE(Address().is_any());
}

TEST(SubnetTest, ParsesAndTellsHostBits) {
  EXPECT_EQ(Subnet::parse("10.88.0.0/16")->str(), "10.88.0.0/16");
  EXPECT_EQ(Subnet::parse("fd00::/64")->last().str(), "fd00::ffff:ffff:ffff:ffff");
  for (const char* bad : {"10.88.0.1/16", "10.88.0.0", "10.88.0.0/33", "10.88.0.0/", "x/8"})
    EXPECT_FALSE(Subnet::parse(bad)) << bad;
  EXPECT_EQ(Subnet::of(*Address::parse("10.88.7.9"), 20).str(), "10.88.0.0/20");
}

TEST(SubnetTest, ContainsAndOverlaps) {
  const Subnet subnet = *Subnet::parse("172.20.0.0/14");
  EXPECT_TRUE(subnet.contains(*Address::parse("172.23.255.255")));
  EXPECT_FALSE(subnet.contains(*Address::parse("172.24.0.0")));
  EXPECT_FALSE(subnet.contains(*Address::parse("::1")));
  EXPECT_TRUE(subnet.overlaps(*Subnet::parse("172.21.3.0/24")));
  EXPECT_TRUE(Subnet::parse("172.21.3.0/24")->overlaps(subnet));
  EXPECT_FALSE(subnet.overlaps(*Subnet::parse("172.24.0.0/16")));
  EXPECT_TRUE(Subnet::parse("0.0.0.0/0")->overlaps(subnet));
}

TEST(MacTest, ParsesUnicastOnly) {
  EXPECT_EQ(to_string(*parse_mac("02:42:AC:11:00:0a")), "02:42:ac:11:00:0a");
  for (const char* bad : {"", "02:42:ac:11:00", "01:00:5e:00:00:01", "00:00:00:00:00:00",
                          "02:42:ac:11:00:0g", "024:2:ac:11:00:0a"})
    EXPECT_FALSE(parse_mac(bad)) << bad;
}

}  // namespace
}  // namespace mini::network
