#include "cmd/output/port_cells.h"

#include <gmock/gmock.h>

namespace mini::cmd {
namespace {

using engine::PublishedPort;
using engine::Record;

Record running(std::vector<PublishedPort> ports, std::set<std::string> exposed = {}) {
  Record record;
  record.state.status = engine::Status::running;
  record.state.endpoints.emplace_back().network = "bridge";
  record.state.ports = std::move(ports);
  record.config.exposed_ports = std::move(exposed);
  return record;
}

std::vector<PublishedPort> range(uint16_t host, uint16_t container, int count,
                                 const char* address = "0.0.0.0", const char* protocol = "tcp") {
  std::vector<PublishedPort> out;
  for (int i = 0; i < count; ++i)
    out.push_back(
        {address, static_cast<uint16_t>(host + i), static_cast<uint16_t>(container + i), protocol});
  return out;
}

TEST(PortsCell, IsDockersText) {
  const std::pair<Record, const char*> table[] = {
      {running({}), ""},
      {running({}, {"80/tcp"}), "80/tcp"},
      {running({}, {"80/tcp", "81/tcp", "82/udp"}), "80-81/tcp, 82/udp"},
      {running({}, {"80/tcp", "82/tcp"}), "80/tcp, 82/tcp"},
      {running({{"0.0.0.0", 8080, 80, "tcp"}, {"::", 8080, 80, "tcp"}}, {"443/tcp", "80/tcp"}),
       "443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"},
      {running({{"0.0.0.0", 80, 80, "tcp"}, {"::", 80, 80, "tcp"}}),
       "0.0.0.0:80->80/tcp, [::]:80->80/tcp"},
      {running(range(7000, 7000, 3)), "0.0.0.0:7000-7002->7000-7002/tcp"},
      {running(range(7000, 7000, 2, "::1", "udp")), "[::1]:7000-7001->7000-7001/udp"},
      {running(range(8000, 80, 2)), "0.0.0.0:8000->80/tcp, 0.0.0.0:8001->81/tcp"},
      {running({{"127.0.0.1", 80, 80, "tcp"}, {"127.0.0.1", 80, 80, "udp"}}),
       "127.0.0.1:80->80/tcp, 127.0.0.1:80->80/udp"},
      {running({}, {"strange", "99999/tcp"}), ""},
  };
  for (const auto& [record, want] : table) EXPECT_EQ(ports_cell(record), want);
}

TEST(PortsCell, OfWhatHasNoNetworkOfItsOwnOrDoesNotRunIsEmpty) {
  Record record = running({{"0.0.0.0", 8080, 80, "tcp"}}, {"81/tcp"});
  record.state.status = engine::Status::exited;
  EXPECT_EQ(ports_cell(record), "");
  record.state.status = engine::Status::running;
  record.state.endpoints.clear();
  EXPECT_EQ(ports_cell(record), "");
}

TEST(NetworksCell, NamesThem) {
  Record record;
  EXPECT_EQ(networks_cell(record), "none");
  record.host.network_mode = "host";
  EXPECT_EQ(networks_cell(record), "host");
  record.host.network_mode = "container:0123";
  EXPECT_EQ(networks_cell(record), "");
  record.host.network_mode = "web";
  record.host.networks = {{"web", {}, "", "", ""}, {"db", {}, "", "", ""}};
  EXPECT_EQ(networks_cell(record), "web,db");
}

}  // namespace
}  // namespace mini::cmd
