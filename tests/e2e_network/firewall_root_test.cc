// mini's table in the kernel, in a namespace of the test's own, read back by nft(8).
#include <netinet/in.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "namespaces.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/network/bridge/firewall.h"

namespace mini::network {
namespace {

using testing::HasSubstr;
using testing::Not;

// nft runs as a child, so in the namespace of this thread.
std::string nft(const std::string& arguments) {
  FILE* pipe = popen(cat("nft ", arguments, " 2>&1").c_str(), "r");
  std::string out;
  char buffer[4096];
  for (size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
  const int status = pclose(pipe);
  return status == 0 ? out : cat("nft fails: ", out);
}

Network network(const char* name, const char* bridge, const char* subnet, bool internal = false) {
  Network out;
  out.name = name;
  out.bridge = bridge;
  out.subnet = *Subnet::parse(subnet);
  out.gateway = out.subnet.first();
  out.internal = internal;
  return out;
}

PortRule port(const char* host, uint16_t host_port, const char* container, uint16_t container_port,
              uint8_t protocol = IPPROTO_TCP) {
  return {*Address::parse(host), host_port, *Address::parse(container), container_port, protocol};
}

class FirewallTest : public PrivateNamespaces {
 protected:
  void SetUp() override {
    PrivateNamespaces::SetUp();
    if (IsSkipped()) return;
    if (nft("list tables") != "") GTEST_SKIP() << "no nft(8), or a table that nobody made";
    networks_ = {network("bridge", "mini0", "10.88.0.0/16"),
                 network("db", "mini-db", "10.89.0.0/16", true)};
    Network six = network("six", "mini-six", "10.90.0.0/24");
    six.subnet6 = *Subnet::parse("fd00:1::/64");
    networks_.push_back(six);
  }

  std::string table() { return nft("list table inet mini"); }

  std::vector<Network> networks_;
  std::vector<PortRule> ports_ = {
      port("0.0.0.0", 8080, "10.88.0.2", 80), port("127.0.0.1", 5432, "10.88.0.3", 5432),
      port("0.0.0.0", 53, "10.88.0.2", 5353, IPPROTO_UDP), port("::", 8080, "fd00:1::2", 80)};
};

// Rules that a person has read; MINI_UPDATE_GOLDEN=1 writes them anew.
TEST_F(FirewallTest, TheTableAsNftShowsIt) {
  Firewall firewall("mini");
  firewall.rebuild(networks_, ports_);
  const std::string path = cat(MINI_GOLDEN_FOLDER, "/table.nft");
  if (getenv("MINI_UPDATE_GOLDEN") != nullptr) replace_file(path, table(), false, 0644);
  EXPECT_EQ(table(), read_file(path));
}

TEST_F(FirewallTest, StandsForExactlyTheseNetworks) {
  Firewall firewall("mini");
  EXPECT_FALSE(firewall.stands(networks_)) << "there is none";
  firewall.rebuild(networks_, {});
  EXPECT_TRUE(firewall.stands(networks_));
  EXPECT_TRUE(Firewall("mini").stands(networks_)) << "seen by others too";
  std::vector<Network> other = networks_;
  other.pop_back();
  EXPECT_FALSE(firewall.stands(other));
  other = networks_;
  other[0].internal = true;
  EXPECT_FALSE(firewall.stands(other));
  nft("flush ruleset");
  EXPECT_FALSE(firewall.stands(networks_)) << "others flushed it";
  firewall.rebuild(networks_, {});
  EXPECT_TRUE(firewall.stands(networks_));
  firewall.remove_table();
  firewall.remove_table();  // missing is fine
  EXPECT_FALSE(firewall.stands(networks_));
  EXPECT_EQ(nft("list tables"), "");
}

TEST_F(FirewallTest, PortsComeAndGo) {
  Firewall firewall("mini");
  firewall.rebuild(networks_, {});
  const std::string empty = table();
  firewall.add(ports_);
  const std::string full = table();
  EXPECT_THAT(full, HasSubstr("8080"));
  EXPECT_THAT(full, HasSubstr("127.0.0.1 . tcp . 5432 : 10.88.0.3 . 5432"));
  firewall.remove({ports_[1]});
  EXPECT_THAT(table(), Not(HasSubstr("5432")));
  firewall.remove({ports_[1]});  // missing is fine
  firewall.remove(ports_);       // so is one among others
  EXPECT_EQ(table(), empty);
  firewall.add(ports_);
  EXPECT_EQ(table(), full) << "the same way again";
  firewall.rebuild(networks_, ports_);
  EXPECT_EQ(table(), full) << "made at once";
}

TEST_F(FirewallTest, ManyPortsAtOnce) {
  Firewall firewall("mini");
  std::vector<PortRule> many;
  for (uint16_t i = 0; i < 3000; ++i)
    many.push_back(port("0.0.0.0", static_cast<uint16_t>(10000 + i), "10.88.0.2", 80));
  firewall.rebuild(networks_, many);
  const std::string text = table();
  EXPECT_THAT(text, HasSubstr("tcp . 10000 :"));
  EXPECT_THAT(text, HasSubstr("tcp . 12999 :"));
  firewall.remove(many);
  EXPECT_THAT(table(), Not(HasSubstr("tcp . 1")));
}

TEST_F(FirewallTest, WithoutATableNothingIsHalfDone) {
  Firewall firewall("mini");
  EXPECT_THROW(firewall.add(ports_), SysError);
  EXPECT_EQ(nft("list tables"), "");
  EXPECT_NO_THROW(firewall.remove(ports_)) << "what is gone need not be removed";
}

TEST_F(FirewallTest, RulesOfOthersStay) {
  nft("add table ip filter");
  nft("'add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }'");
  nft("'add chain ip filter OTHER { type filter hook input priority 0; policy drop; }'");
  nft("add rule ip filter FORWARD tcp dport 22 accept");
  const std::string others = nft("list table ip filter");
  Firewall firewall("mini");
  firewall.rebuild(networks_, ports_);
  EXPECT_THAT(firewall.foreign_drops(), testing::ElementsAre("filter FORWARD"));
  firewall.rebuild(networks_, {});
  EXPECT_EQ(nft("list table ip filter"), others);
  firewall.remove_table();
  EXPECT_EQ(nft("list ruleset"), others);
}

}  // namespace
}  // namespace mini::network
