#include "cmd/flags/port_values.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string shown(const engine::PortRequest& port) {
  std::string host = cat(port.host_address, "|", port.host_port);
  if (port.host_port_last != 0) host += cat("-", port.host_port_last);
  return cat(host, "|", port.container_port, "/", port.protocol);
}

std::string published(const std::string& text) {
  std::string out;
  for (const engine::PortRequest& port : publish_flag(text))
    out += (out.empty() ? "" : " ") + shown(port);
  return out;
}

template <class Parse>
std::string port_refusal(Parse parse) {
  try {
    parse();
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::usage || error.kind() == ErrorKind::bad_flag);
    return std::string(error.what()) + " / " + error.hint();
  }
  return "accepted";
}

// Docker 28.2 takes all of these.
TEST(PublishFlag, TakesDockersForms) {
  const std::pair<const char*, const char*> table[] = {
      {"80", "|0|80/tcp"},
      {":80", "|0|80/tcp"},
      {"::80", "|0|80/tcp"},
      {"0:80", "|0|80/tcp"},
      {"8080:80", "|8080|80/tcp"},
      {"8080:80/udp", "|8080|80/udp"},
      {"8080:80/TCP", "|8080|80/tcp"},
      {"127.0.0.1:8080:80", "127.0.0.1|8080|80/tcp"},
      {"127.0.0.1::80", "127.0.0.1|0|80/tcp"},
      {"0.0.0.0:80:80", "0.0.0.0|80|80/tcp"},
      {"[127.0.0.1]:80:80", "127.0.0.1|80|80/tcp"},
      {"[::1]:80:80", "::1|80|80/tcp"},
      {"::1:80:80", "::1|80|80/tcp"},
      {"[::1]::80/udp", "::1|0|80/udp"},
      {"80-82", "|0|80/tcp |0|81/tcp |0|82/tcp"},
      {"8000-8001:80-81", "|8000|80/tcp |8001|81/tcp"},
      {"8000-8010:80", "|8000-8010|80/tcp"},
      {"1-1:80", "|1|80/tcp"},
      {"65535:65535", "|65535|65535/tcp"},
      {"target=80", "|0|80/tcp"},
      {"target=80,published=8080,protocol=udp,mode=host", "|8080|80/udp"},
      {"published=8000-8001,target=80-81", "|8000|80/tcp |8001|81/tcp"},
  };
  for (const auto& [text, want] : table) EXPECT_EQ(published(text), want) << text;
}

TEST(PublishFlag, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> table[] = {
      {"", "the container's port is missing"},
      {":", "the container's port is missing"},
      {"8080:", "the container's port is missing"},
      {"published=80", "the container's port is missing"},
      {"65536", "\"65536\" is not a port"},
      {"65536:80", "\"65536\" is not a port"},
      {"80:65536", "\"65536\" is not a port"},
      {"80:0", "\"0\" is not a port"},
      {"0", "\"0\" is not a port"},
      {"0-5:80", "\"0-5\" is not a port"},
      {"a:80", "\"a\" is not a port"},
      {"-5:80", "\"-5\" is not a port"},
      {"5-:80", "\"5-\" is not a port"},
      {" 80:80", "\" 80\" is not a port"},
      {"+80:80", "\"+80\" is not a port"},
      {"80/", "\"\" is not a protocol"},
      {"80/icmp", "\"icmp\" is not a protocol"},
      {"80/sctp", "SCTP ports cannot be published"},
      {"8010-8000:80", "write 8000-8010"},
      {"80:90-80", "write 80-90"},
      {"8000-8001:80-82", "differ in length: 2 and 3 ports"},
      {"8000:80-82", "differ in length: 1 and 3 ports"},
      {"localhost:80:80", "\"localhost\" is not an IP address"},
      {"1.2.3:80:80", "\"1.2.3\" is not an IP address"},
      {"[::1:80:80", "\"[::1\" is not an IP address"},
      {"80:80:80:80", "\"80:80\" is not an IP address"},
      {"target=80,x=y", "unknown option \"x=y\""},
      {"target=80,mode=other", "unknown option \"mode=other\""},
      {"\x1b[2J:80", "\\x1b[2J"},
  };
  for (const auto& [text, want] : table) {
    EXPECT_THAT(port_refusal([&, given = text] { publish_flag(given); }), HasSubstr(want)) << text;
    EXPECT_THAT(port_refusal([&, given = text] { publish_flag(given); }),
                HasSubstr("flag --publish"));
  }
}

std::string together(const std::vector<std::string>& texts) {
  std::vector<engine::PortRequest> ports;
  for (const std::string& text : texts) add_ports(ports, publish_flag(text));
  std::string out;
  for (const engine::PortRequest& port : ports) out += (out.empty() ? "" : " ") + shown(port);
  return out;
}

TEST(AddPorts, OneOfThisMachinesPortsHasOneMeaning) {
  EXPECT_EQ(together({"8080:80", "8080:80"}), "|8080|80/tcp");
  EXPECT_EQ(together({"8080:80", "8080:80/udp"}), "|8080|80/tcp |8080|80/udp");
  EXPECT_EQ(together({"80", "80"}), "|0|80/tcp |0|80/tcp");
  EXPECT_EQ(together({"127.0.0.1:8080:80", "127.0.0.2:8080:81"}),
            "127.0.0.1|8080|80/tcp 127.0.0.2|8080|81/tcp");
  EXPECT_EQ(together({"8000-8001:80", "8000-8001:81"}), "|8000-8001|80/tcp |8000-8001|81/tcp");
  for (const std::vector<std::string>& texts : {std::vector<std::string>{"8080:80", "8080:81"},
                                                {"8080:80", "127.0.0.1:8080:80"},
                                                {"8000-8005:80-85", "8003:90"}})
    EXPECT_THAT(port_refusal([&] { together(texts); }), HasSubstr("given twice")) << texts[1];
}

TEST(ExposeFlag, TakesPortsAndRanges) {
  EXPECT_THAT(expose_flag("80"), ElementsAre("80/tcp"));
  EXPECT_THAT(expose_flag("53/udp"), ElementsAre("53/udp"));
  EXPECT_THAT(expose_flag("7000-7002/udp"), ElementsAre("7000/udp", "7001/udp", "7002/udp"));
  EXPECT_THAT(expose_flag("65535-65535"), ElementsAre("65535/tcp"));
  for (const char* text :
       {"", "0", "65536", "80/icmp", "http", "80/", "-1", "5-3", "80:80", "80/sctp"})
    EXPECT_THAT(port_refusal([&] { expose_flag(text); }), HasSubstr("--expose")) << text;
}

TEST(PortRange, KnowsWhatIsInIt) {
  const PortRange range = port_range("--filter", "80-82/udp");
  EXPECT_TRUE(range.contains(80, "udp") && range.contains(82, "udp"));
  EXPECT_FALSE(range.contains(83, "udp") || range.contains(79, "udp") || range.contains(80, "tcp"));
}

}  // namespace
}  // namespace mini::cmd
