#include "runtime/engine/sandbox/inspect_network.h"

#include <gmock/gmock.h>

#include "runtime/base/json.h"

namespace mini::engine {
namespace {

const std::string kId(64, 'c');

Record running() {
  Record record;
  record.id = kId;
  record.name = "web";
  record.config.exposed_ports = {"80/tcp", "443/tcp"};
  record.host.network_mode = "bridge";
  record.host.networks = {{"bridge", {"www"}, "", "", ""}, {"db", {}, "10.1.0.10", "", ""}};
  record.state.status = Status::running;
  record.state.process.pid = 42;
  Endpoint first, second;
  first.network = "bridge";
  first.network_id = std::string(64, 'a');
  first.address = "172.17.0.2";
  first.gateway = "172.17.0.1";
  first.prefix = 16;
  first.mac = "02:42:ac:11:00:02";
  first.names = {"web", "www"};
  second = first;
  second.network = "db";
  second.network_id = std::string(64, 'b');
  second.address = "10.1.0.10";
  record.state.endpoints = {first, second};
  record.state.ports = {{"0.0.0.0", 8080, 80, "tcp"}, {"::", 8080, 80, "tcp"}};
  return record;
}

TEST(NetworkSettings, OfARunningContainer) {
  const OrderedJson out = network_settings(running());
  EXPECT_EQ(out["Ports"].dump(),
            R"({"443/tcp":null,"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},)"
            R"({"HostIp":"::","HostPort":"8080"}]})");
  EXPECT_EQ(out["SandboxKey"], "/proc/42/ns/net");
  EXPECT_EQ(out["IPAddress"], "172.17.0.2");
  EXPECT_EQ(out["Gateway"], "172.17.0.1");
  EXPECT_EQ(out["IPPrefixLen"], 16);
  EXPECT_EQ(out["MacAddress"], "02:42:ac:11:00:02");
  const OrderedJson& bridge = out["Networks"]["bridge"];
  EXPECT_EQ(bridge["IPAMConfig"], nullptr);
  EXPECT_EQ(bridge["Aliases"].dump(), R"(["www"])");
  EXPECT_EQ(bridge["NetworkID"], std::string(64, 'a'));
  EXPECT_EQ(bridge["EndpointID"], out["EndpointID"]);
  EXPECT_EQ(bridge["DNSNames"].dump(), R"(["web","www"])");
  const OrderedJson& db = out["Networks"]["db"];
  EXPECT_EQ(db["IPAMConfig"].dump(), R"({"IPv4Address":"10.1.0.10"})");
  EXPECT_EQ(db["Aliases"], nullptr);
  EXPECT_NE(db["EndpointID"], bridge["EndpointID"]);
}

TEST(NetworkSettings, AddressesEndWithTheContainer) {
  Record record = running();
  record.state.status = Status::exited;  // whatever else the record still says
  const OrderedJson out = network_settings(record);
  EXPECT_EQ(out["Ports"].dump(), "{}");
  for (const char* key : {"SandboxKey", "IPAddress", "Gateway", "MacAddress", "EndpointID"})
    EXPECT_EQ(out[key], "") << key;
  EXPECT_EQ(out["IPPrefixLen"], 0);
  EXPECT_EQ(out["Networks"]["db"]["IPAddress"], "");
  EXPECT_EQ(out["Networks"]["db"]["NetworkID"], "");
  EXPECT_EQ(out["Networks"]["db"]["IPAMConfig"].dump(), R"({"IPv4Address":"10.1.0.10"})");
}

TEST(NetworkSettings, WithoutTheDefaultNetworkNothingIsRepeated) {
  Record record = running();
  record.host.networks.erase(record.host.networks.begin());
  const OrderedJson out = network_settings(record);
  EXPECT_EQ(out["IPAddress"], "");
  EXPECT_EQ(out["Networks"]["db"]["IPAddress"], "10.1.0.10");
}

TEST(NetworkSettings, OfWordsAndJoinedContainers) {
  Record record = running();
  record.host.networks.clear();
  record.state.endpoints.clear();
  record.host.network_mode = "host";
  OrderedJson out = network_settings(record);
  EXPECT_EQ(out["Networks"]["host"]["NetworkID"], word_id("host"));
  EXPECT_EQ(out["SandboxKey"], "");
  EXPECT_EQ(out["Ports"].dump(), "{}");
  record.host.network_mode = "none";
  out = network_settings(record);
  EXPECT_EQ(out["Networks"].size(), 1u);
  EXPECT_EQ(out["SandboxKey"], "/proc/42/ns/net");
  record.host.network_mode = "container:" + kId;
  EXPECT_EQ(network_settings(record)["Networks"].dump(), "{}");
}

TEST(PortBindings, AreWhatWasAsked) {
  const std::vector<PortRequest> ports{
      {"", 8080, 0, 80, "tcp"}, {"127.0.0.1", 0, 0, 80, "tcp"}, {"", 8000, 8010, 53, "udp"}};
  EXPECT_EQ(port_bindings(ports).dump(),
            R"({"53/udp":[{"HostIp":"","HostPort":"8000-8010"}],)"
            R"("80/tcp":[{"HostIp":"","HostPort":"8080"},{"HostIp":"127.0.0.1","HostPort":""}]})");
  EXPECT_EQ(port_bindings({}).dump(), "{}");
}

TEST(NetworkDescription, HasDockersFields) {
  network::Network network;
  network.id = std::string(64, 'b');
  network.name = "db";
  network.bridge = "mini-bbbbbbbbbb";
  network.created_ns = 1'700'000'000'000'000'000;
  network.internal = true;
  network.subnet = *network::Subnet::parse("10.1.0.0/24");
  network.gateway = *network::Address::parse("10.1.0.1");
  network.subnet6 = network::Subnet::parse("fd00:1::/64");
  network.gateway6 = *network::Address::parse("fd00:1::1");
  network.labels = {{"tier", "data"}};
  Record ended = running();
  ended.id = std::string(64, 'd');
  ended.state.status = Status::exited;
  const OrderedJson out = network_description(network, {running(), ended});
  std::vector<std::string> keys;
  for (const auto& item : out.items()) keys.push_back(item.key());
  EXPECT_THAT(keys,
              testing::ElementsAre("Name", "Id", "Created", "Scope", "Driver", "EnableIPv4",
                                   "EnableIPv6", "IPAM", "Internal", "Attachable", "Ingress",
                                   "ConfigFrom", "ConfigOnly", "Containers", "Options", "Labels"));
  EXPECT_EQ(out["Created"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(out["IPAM"].dump(),
            R"({"Driver":"default","Options":{},"Config":[{"Subnet":"10.1.0.0/24",)"
            R"("Gateway":"10.1.0.1"},{"Subnet":"fd00:1::/64","Gateway":"fd00:1::1"}]})");
  EXPECT_EQ(out["EnableIPv6"], true);
  EXPECT_EQ(out["Internal"], true);
  ASSERT_EQ(out["Containers"].size(), 1u);
  const OrderedJson& member = out["Containers"][kId];
  EXPECT_EQ(member["Name"], "web");
  EXPECT_EQ(member["IPv4Address"], "10.1.0.10/16");
  EXPECT_EQ(member["IPv6Address"], "");
  EXPECT_EQ(member["EndpointID"], network_settings(running())["Networks"]["db"]["EndpointID"]);
  EXPECT_EQ(out["Labels"].dump(), R"({"tier":"data"})");
}

TEST(WordDescription, TellsWhoIsInIt) {
  Record record = running();
  record.host.networks.clear();
  record.state.endpoints.clear();
  record.host.network_mode = "none";
  const OrderedJson out = word_description("none", {record});
  EXPECT_EQ(out["Driver"], "null");
  EXPECT_EQ(out["Containers"][kId]["IPv4Address"], "");
  EXPECT_EQ(word_description("host", {record})["Containers"].size(), 0u);
  EXPECT_EQ(word_description("host", {})["Driver"], "host");
  EXPECT_NE(word_id("host"), word_id("none"));
}

}  // namespace
}  // namespace mini::engine
