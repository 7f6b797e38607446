#include "runtime/engine/sandbox/networks.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini::engine {
namespace {

std::string refusal(const network::Network& network, const char* address, const char* address6) {
  try {
    check_addresses(network, {network.name, {}, address, address6, ""});
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(error.hint(), "");
    return error.what();
  }
}

TEST(CheckAddresses, LieInARangeThatTheUserChose) {
  network::Network network;
  network.name = "db";
  network.subnet = *network::Subnet::parse("10.1.0.0/24");
  EXPECT_EQ(refusal(network, "", ""), "accepted");
  EXPECT_EQ(refusal(network, "10.1.0.10", ""), "accepted");
  EXPECT_EQ(refusal(network, "10.1.1.10", ""),
            "--ip \"10.1.1.10\": network db has the subnet 10.1.0.0/24");
  EXPECT_EQ(refusal(network, "", "fd00::1"), "--ip6 \"fd00::1\": network db has no such addresses");
  network.subnet6 = network::Subnet::parse("fd00::/64");
  EXPECT_EQ(refusal(network, "10.1.0.10", "fd00::1"), "accepted");
  EXPECT_EQ(refusal(network, "", "fd01::1"),
            "--ip6 \"fd01::1\": network db has the subnet fd00::/64");
  network.name = network::kDefaultNetwork;
  EXPECT_THAT(refusal(network, "10.1.0.10", ""), testing::HasSubstr("no fixed subnet"));
  EXPECT_EQ(refusal(network, "", ""), "accepted");
}

}  // namespace
}  // namespace mini::engine
