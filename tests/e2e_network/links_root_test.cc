// Interfaces, addresses and routes for real, in namespaces of the test's own.
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "dns_peers.h"
#include "namespaces.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/network/bridge/free_subnet.h"
#include "runtime/network/link/in_namespace.h"
#include "runtime/network/link/links.h"

namespace mini::network {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const Mac kMac = *parse_mac("02:42:0a:58:00:02");

InterfaceAddress at(const char* address, unsigned length) {
  return {*Address::parse(address), length};
}

class LinksTest : public PrivateNamespaces {
 protected:
  std::vector<std::string> addresses_of(const std::string& name) {
    Links links;
    const unsigned index = links.find(name).value().index;
    std::vector<std::string> out;
    for (const auto& [interface, own] : links.addresses())
      if (interface == index) out.push_back(cat(own.address.str(), "/", own.length));
    return out;
  }

  // Of the main table: "10.88.0.0/16", "0.0.0.0/0 by 10.88.0.1".
  std::vector<std::string> routes() {
    std::vector<std::string> out;
    for (const Route& route : Links().routes()) {
      if (route.table != RT_TABLE_MAIN) continue;
      out.push_back(cat(route.to.str(), route.gateway ? " by " : "", route.gateway.str()));
    }
    return out;
  }
};

TEST_F(LinksTest, Bridge) {
  Links links;
  EXPECT_FALSE(links.find("mini0"));
  const Link made = links.add_bridge("mini0", {at("10.88.0.1", 16), at("fd00::1", 64)});
  EXPECT_TRUE(made.up);
  EXPECT_EQ(made.mac[0] & 3, 2) << "locally administered, unicast";
  EXPECT_TRUE(links.find("mini0").value().up);
  EXPECT_EQ(links.find("mini0").value().mac, made.mac);
  EXPECT_THAT(addresses_of("mini0"), testing::IsSupersetOf({"10.88.0.1/16", "fd00::1/64"}));
  const Link again = links.add_bridge("mini0", {at("10.88.0.1", 16)});
  EXPECT_EQ(again.index, made.index) << "one that exists is taken as it is";
  EXPECT_EQ(again.mac, made.mac);
  links.remove("mini0");
  links.remove("mini0");  // missing is fine
  EXPECT_FALSE(links.find("mini0"));
}

TEST_F(LinksTest, VethPairBetweenTwoNamespacesCarriesTraffic) {
  Links links;
  const Link bridge = links.add_bridge("mini0", {at("10.88.0.1", 16)});
  const Fd inside = make_namespace();
  links.add_veth_pair("mini-a", bridge, "eth0", inside.get(), kMac);
  EXPECT_EQ(links.find("mini-a").value().master, bridge.index);
  EXPECT_TRUE(links.find("mini-a").value().up);
  EXPECT_TRUE(addresses_of("mini-a").empty()) << "a port of a bridge and nothing else";
  EXPECT_FALSE(links.find("eth0")) << "that end is elsewhere";
  {
    const InNamespace there(inside.get());
    Links().configure("eth0", {at("10.88.0.2", 16), at("fd00::2", 64)},
                      {*Address::parse("10.88.0.1")});
    EXPECT_EQ(Links().find("eth0").value().mac, kMac);
    EXPECT_THAT(addresses_of("eth0"), testing::IsSupersetOf({"10.88.0.2/16", "fd00::2/64"}));
    EXPECT_THAT(routes(), testing::IsSupersetOf({"10.88.0.0/16", "0.0.0.0/0 by 10.88.0.1"}));
  }
  const Fd server = bound_socket(inside.get(), SOCK_DGRAM, "10.88.0.2", 7);
  const Fd client = connected_socket(own_network_namespace().get(), SOCK_DGRAM, "10.88.0.2", 7);
  ASSERT_EQ(send(client.get(), "hello", 5, 0), 5);
  std::string got;
  for (int i = 0; got.empty() && i < 1'000'000; ++i) got = received(server.get());
  EXPECT_EQ(got, "hello");
  links.remove("mini-a");
  const InNamespace there(inside.get());
  EXPECT_FALSE(Links().find("eth0")) << "both ends go";
}

TEST_F(LinksTest, VethPairErrorsNameTheInterface) {
  Links links;
  const Link bridge = links.add_bridge("mini0", {});
  const Fd inside = make_namespace();
  links.add_veth_pair("mini-a", bridge, "eth0", inside.get(), kMac);
  try {
    links.add_veth_pair("mini-a", bridge, "eth1", inside.get(), kMac);
    ADD_FAILURE();
  } catch (const SysError& error) {
    EXPECT_EQ(error.code(), EEXIST);
    EXPECT_THAT(error.what(), HasSubstr("mini-a"));
  }
  EXPECT_THROW(links.configure("eth7", {at("10.88.0.2", 16)}, {}), Error);
  EXPECT_THROW(links.add_default_routes("eth7", {*Address::parse("10.88.0.1")}), Error);
}

TEST_F(LinksTest, DefaultRoutesComeAndGo) {
  Links links;
  links.add_bridge("mini0", {at("10.88.0.2", 16), at("fd00::2", 64)});
  const std::vector<Address> gateways = {*Address::parse("10.88.0.1"), *Address::parse("fd00::1")};
  links.add_default_routes("mini0", gateways);
  links.add_default_routes("mini0", gateways);  // twice is fine
  EXPECT_THAT(routes(), testing::IsSupersetOf({"0.0.0.0/0 by 10.88.0.1", "::/0 by fd00::1"}));
  links.remove_default_routes();
  links.remove_default_routes();
  EXPECT_THAT(routes(), Contains("10.88.0.0/16"));
  for (const std::string& route : routes()) EXPECT_THAT(route, Not(HasSubstr("/0 by")));
}

// What the host uses is left out when a range is chosen: routes and addresses, not the default
// route.
TEST_F(LinksTest, UsedSubnets) {
  Links links;
  links.add_bridge("vpn0", {at("10.88.3.1", 24)});
  links.add_bridge("mini0", {at("10.89.0.1", 16)});
  links.add_default_routes("vpn0", {*Address::parse("10.88.3.254")});
  EXPECT_EQ(choose_subnet(used_subnets()).str(), "10.90.0.0/16");
  EXPECT_EQ(choose_subnet(used_subnets("mini0")).str(), "10.89.0.0/16");
  EXPECT_EQ(choose_subnet(used_subnets("nosuch")).str(), "10.90.0.0/16");
}

TEST_F(LinksTest, ManyInterfacesAreAllListed) {
  Links links;
  for (int i = 0; i < 200; ++i) links.add_bridge(cat("b", i), {});
  const std::vector<Link> all = links.list();
  for (int i = 0; i < 200; ++i) {
    const std::string name = cat("b", i);
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Link& l) { return l.name == name; }))
        << name;
  }
}

}  // namespace
}  // namespace mini::network
