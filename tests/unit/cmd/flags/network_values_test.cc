#include "cmd/flags/network_values.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "mode: name(alias,alias ip ip6 mac) …"
std::string chosen(const NetworkTexts& texts) {
  engine::HostConfig host;
  apply_network_flags(host, texts);
  std::string out = host.network_mode + ":";
  for (const engine::NetworkRequest& network : host.networks) {
    out += cat(" ", network.name);
    const std::string said = cat(join(network.aliases, ","), " ", network.address, " ",
                                 network.address6, " ", network.mac);
    if (said != "   ") out += cat("(", said, ")");
  }
  return out;
}

std::string refusal(const NetworkTexts& texts) {
  try {
    return "accepted: " + chosen(texts);
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::usage || error.kind() == ErrorKind::bad_flag);
    return std::string(error.what()) + " / " + error.hint();
  }
}

TEST(NetworkFlags, NameNetworksOrWords) {
  EXPECT_EQ(chosen({}), "bridge: bridge");
  EXPECT_EQ(chosen({.networks = {"default"}}), "bridge: bridge");
  EXPECT_EQ(chosen({.networks = {"bridge"}}), "bridge: bridge");
  EXPECT_EQ(chosen({.networks = {"web"}}), "web: web");
  EXPECT_EQ(chosen({.networks = {"web", "db"}}), "web: web db");
  EXPECT_EQ(chosen({.networks = {"host"}}), "host:");
  EXPECT_EQ(chosen({.networks = {"none"}}), "none:");
  EXPECT_EQ(chosen({.networks = {"container:web"}}), "container:web:");
}

TEST(NetworkFlags, OwnFlagsBelongToTheFirst) {
  EXPECT_EQ(chosen({.networks = {"a", "b"},
                    .aliases = {"x", "y"},
                    .address = "10.1.0.10",
                    .address6 = "FD00::0a",
                    .mac = "02-42-AC-11-00-02"}),
            "a: a(x,y 10.1.0.10 fd00::a 02:42:ac:11:00:02) b");
  EXPECT_EQ(chosen({.aliases = {"x"}}), "bridge: bridge(x   )");
}

TEST(NetworkFlags, TheLongFormSaysItForEach) {
  EXPECT_EQ(chosen({.networks = {"name=A,alias=x,alias=y,ip=10.1.0.10",
                                 "NAME=b,ip6=fd00::1,mac-address=02:42:ac:11:00:02"}}),
            "A: A(x,y 10.1.0.10  ) b(  fd00::1 02:42:ac:11:00:02)");
  EXPECT_EQ(chosen({.networks = {"name=host"}}), "host:");
  EXPECT_EQ(chosen({.networks = {"name=a,ip=10.1.0.10"}, .mac = "02:42:ac:11:00:02"}),
            "a: a( 10.1.0.10  02:42:ac:11:00:02)");
}

TEST(NetworkFlags, SayWhatIsWrong) {
  const std::pair<NetworkTexts, const char*> table[] = {
      {{.networks = {""}}, "the name is missing"},
      {{.networks = {"ip=10.1.0.1"}}, "the network name is missing"},
      {{.networks = {"container:"}}, "container:NAME"},
      {{.networks = {"a", "a"}}, "given twice"},
      {{.networks = {"default", "bridge"}}, "given twice"},
      {{.networks = {"a", "host"}}, "\"host\": cannot be combined with other networks"},
      {{.networks = {"none", "a"}}, "\"none\": cannot be combined with other networks"},
      {{.networks = {"a", "container:x"}},
       "\"container:x\": cannot be combined with other networks"},
      {{.networks = {"name=a,alais=x"}}, "did you mean alias?"},
      {{.networks = {"name=a,alias="}}, "not KEY=VALUE"},
      {{.networks = {"name=a,gw-priority=1"}}, "given first has the default route"},
      {{.networks = {"name=a,ip=fd00::1"}}, "not an IPv4 address"},
      {{.networks = {"name=a,ip6=10.1.0.1"}}, "not an IPv6 address"},
      {{.networks = {"name=a,ip=10.1.0.1"}, .address = "10.1.0.2"},
       "flag --ip \"10.1.0.2\": conflicts"},
      {{.networks = {"name=a,alias=x"}, .aliases = {"y"}}, "flag --network-alias \"y\": conflicts"},
      {{.address = "10.1"}, "flag --ip \"10.1\": not an IPv4 address"},
      {{.address6 = "10.1.0.1"}, "flag --ip6"},
      {{.mac = "02:42"}, "flag --mac-address"},
      {{.mac = "01:00:5e:00:00:01"}, "unicast MAC address"},
      {{.aliases = {""}}, "flag --network-alias"},
      {{.aliases = {"a b"}}, "flag --network-alias \"a b\""},
      {{.aliases = {"-a"}}, "flag --network-alias"},
      {{.networks = {"host"}, .aliases = {"x"}},
       "flag --network-alias \"x\": cannot be combined with --network host"},
      {{.networks = {"none"}, .address = "10.1.0.1"},
       "flag --ip \"10.1.0.1\": cannot be combined with --network none"},
      {{.networks = {"host"}, .address6 = "fd00::1"}, "flag --ip6"},
      {{.networks = {"container:x"}, .mac = "02:42:ac:11:00:02"}, "flag --mac-address"},
      {{.links = {"db:database"}},
       "flag --link \"db:database\": not supported: containers of one network find"},
  };
  for (const auto& [texts, want] : table) EXPECT_THAT(refusal(texts), HasSubstr(want));
}

TEST(NetworkRequest, IsOneNetworkByName) {
  const engine::NetworkRequest request = network_request("default", {.aliases = {"x"}});
  EXPECT_EQ(request.name, "bridge");
  EXPECT_THAT(request.aliases, ElementsAre("x"));
}

}  // namespace
}  // namespace mini::cmd
