#include "runtime/network/bridge/leases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Network network(const char* subnet, const char* gateway) {
  Network out;
  out.name = "n";
  out.subnet = *Subnet::parse(subnet);
  out.gateway = *Address::parse(gateway);
  return out;
}

Lease lease(const std::string& container, const Address& address) {
  Lease out;
  out.container = container;
  out.address = address;
  return out;
}

const char* kText =
    "last 10.88.0.7 fd00::7\n"
    "c1 mini1234 10.88.0.2 fd00::2 02:42:0a:58:00:02 web,www 0.0.0.0|8080|10.88.0.2|80|6,"
    "::|53|fd00::2|53|17\n"
    "c2 - 10.88.0.3 - 02:42:0a:58:00:03 - -\n";

TEST(LeasesTest, TextRoundTrip) {
  const Leases leases = Leases::parse(kText);
  ASSERT_EQ(leases.all().size(), 2u);
  const Lease& first = leases.all()[0];
  EXPECT_EQ(first.interface, "mini1234");
  EXPECT_EQ(first.address6.str(), "fd00::2");
  EXPECT_THAT(first.names, ElementsAre("web", "www"));
  ASSERT_EQ(first.ports.size(), 2u);
  EXPECT_EQ(first.ports[0].host_port, 8080);
  EXPECT_EQ(first.ports[1].protocol, 17);
  EXPECT_TRUE(leases.all()[1].names.empty());
  EXPECT_FALSE(leases.all()[1].address6);
  EXPECT_EQ(leases.text(), kText);
  EXPECT_EQ(Leases::parse("").text(), "last - -\n");
}

TEST(LeasesTest, FindsAndRemoves) {
  Leases leases = Leases::parse(kText);
  EXPECT_EQ(leases.holder(*Address::parse("fd00::2"))->container, "c1");
  EXPECT_EQ(leases.holder(*Address::parse("10.88.0.9")), nullptr);
  EXPECT_EQ(leases.holder(Address()), nullptr) << "no address is nobody's";
  EXPECT_EQ(leases.of("c"), nullptr);
  EXPECT_TRUE(leases.remove("c1"));
  EXPECT_FALSE(leases.remove("c1"));
  EXPECT_EQ(leases.of("c1"), nullptr);
  EXPECT_NE(leases.of("c2"), nullptr);
}

// A file that was cut anywhere: whole lines before the cut are kept, nothing is made up.
TEST(LeasesTest, TornAtEveryByte) {
  const std::string text = kText;
  for (size_t size = 0; size < text.size(); ++size) {
    const Leases leases = Leases::parse(std::string_view(text).substr(0, size));
    const size_t whole = static_cast<size_t>(
        std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(size), '\n'));
    EXPECT_GE(leases.all().size() + 1, whole) << size;
    for (const Lease& lease : leases.all()) {
      EXPECT_TRUE(lease.container == "c1" || lease.container == "c2") << size;
      EXPECT_LE(lease.ports.size(), 2u);
    }
  }
}

TEST(LeasesTest, OddLines) {
  for (const char* text : {"last", "last ", "last x y z", "\n\n", "a b c", "a b c d e f g h",
                           "last 10.88.0.1", " ", "last  - "}) {
    EXPECT_TRUE(Leases::parse(text).all().empty()) << text;
  }
  const Leases leases = Leases::parse("c i 10.0.0.256 x zz a 1|2,0.0.0.0|70000|10.0.0.2|80|6\n");
  ASSERT_EQ(leases.all().size(), 1u);
  EXPECT_FALSE(leases.all()[0].address);
  EXPECT_EQ(leases.all()[0].mac, Mac{});
  EXPECT_TRUE(leases.all()[0].ports.empty());
}

TEST(LeasesTest, GivesEveryHostAddressOnceThenRefuses) {
  const struct {
    const char* subnet;
    const char* gateway;
    size_t room;
  } cases[] = {{"10.1.0.0/28", "10.1.0.1", 13},
               {"10.1.0.0/28", "10.1.0.14", 13},
               {"10.1.0.16/29", "10.1.0.20", 5},
               {"10.1.0.4/30", "10.1.0.5", 1},
               {"255.255.255.240/28", "255.255.255.241", 13}};
  for (const auto& test : cases) {
    const Network n = network(test.subnet, test.gateway);
    Leases leases;
    std::set<std::string> given;
    for (size_t i = 0; i < test.room; ++i) {
      const Address address = leases.next_address(n, {});
      EXPECT_TRUE(n.subnet.contains(address)) << address.str();
      EXPECT_NE(address, n.gateway);
      EXPECT_NE(address, n.subnet.base);
      EXPECT_NE(address, n.subnet.last());
      EXPECT_TRUE(given.insert(address.str()).second) << address.str() << " twice";
      leases.add(lease(std::to_string(i), address));
    }
    try {
      leases.next_address(n, {});
      ADD_FAILURE() << test.subnet;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::conflict);
      EXPECT_THAT(error.what(), HasSubstr(test.subnet));
    }
    leases.remove("0");
    EXPECT_EQ(leases.next_address(n, {}).str().empty(), false) << "one was given back";
  }
}

TEST(LeasesTest, GoesOnAfterTheLastAndWraps) {
  const Network n = network("10.1.0.0/29", "10.1.0.1");
  Leases leases = Leases::parse("last 10.1.0.5 -\n");
  EXPECT_EQ(leases.next_address(n, {}).str(), "10.1.0.6");
  EXPECT_EQ(leases.next_address(n, {}).str(), "10.1.0.2")
      << "not 7, the broadcast, nor the gateway";
  EXPECT_EQ(leases.next_address(n, {}).str(), "10.1.0.3") << "not used again at once";
  Leases foreign = Leases::parse("last 192.168.9.9 -\n");
  EXPECT_EQ(foreign.next_address(n, {}).str(), "10.1.0.2") << "the subnet was changed";
}

TEST(LeasesTest, PreferredWhenItIsFree) {
  const Network n = network("10.1.0.0/29", "10.1.0.1");
  Leases leases;
  EXPECT_EQ(leases.next_address(n, *Address::parse("10.1.0.5")).str(), "10.1.0.5");
  leases.add(lease("c", *Address::parse("10.1.0.5")));
  for (const char* bad : {"10.1.0.5", "10.1.0.1", "10.1.0.0", "10.1.0.7", "10.2.0.1", "::1"}) {
    const Address other = Leases(leases).next_address(n, *Address::parse(bad));
    EXPECT_EQ(other.str(), "10.1.0.2") << bad;
  }
}

TEST(LeasesTest, Version6) {
  Network n = network("10.1.0.0/29", "10.1.0.1");
  n.subnet6 = *Subnet::parse("fd00::/126");
  n.gateway6 = *Address::parse("fd00::1");
  Leases leases;
  EXPECT_EQ(leases.next_address6(n, {}).str(), "fd00::2");
  n.subnet6 = *Subnet::parse("fd00:1::/64");
  n.gateway6 = *Address::parse("fd00:1::1");
  EXPECT_EQ(leases.next_address6(n, {}).str(), "fd00:1::2");
  EXPECT_EQ(leases.next_address6(n, {}).str(), "fd00:1::3");
}

}  // namespace
}  // namespace mini::network
