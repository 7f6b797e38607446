#include "runtime/network/names/resolv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::network {
namespace {

using testing::HasSubstr;
using testing::Not;

// "192.0.2.1 host:127.0.0.53"
std::string servers(std::string_view file, const ResolverWishes& wishes = {}) {
  std::vector<std::string> out;
  for (const Upstream& upstream : plan_resolver(file, wishes).upstreams) {
    out.push_back(cat(upstream.from_host ? "host:" : "", upstream.address.str(),
                      upstream.zone.empty() ? "" : "%", upstream.zone));
    EXPECT_EQ(upstream.port, 53);
  }
  return join(out, " ");
}

// Without the comment.
std::string file(std::string_view host, const ResolverWishes& wishes = {}) {
  const std::string text = plan_resolver(host, wishes).file;
  EXPECT_EQ(text[0], '#');
  return text.substr(text.find('\n') + 1);
}

TEST(ResolvTest, ServersOfTheHost) {
  const struct {
    const char* file;
    const char* servers;
  } cases[] = {
      {"", ""},
      {"nameserver 192.0.2.1\n", "192.0.2.1"},
      {"nameserver 192.0.2.1", "192.0.2.1"},
      {"nameserver\t192.0.2.1 \r\n", "192.0.2.1"},
      {"  nameserver   192.0.2.1\n", "192.0.2.1"},
      {"nameserver 192.0.2.1 # the router\n", "192.0.2.1"},
      {"#nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", ""},
      {"nameserver\nnameserver \n", ""},
      {"nameserver192.0.2.1\nNAMESERVER 192.0.2.1\n", ""},
      {"nameserver dns.example\nnameserver 192.0.2\nnameserver 192.0.2.7\n", "192.0.2.7"},
      {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
       "192.0.2.1 192.0.2.2 192.0.2.3"},
      {"nameserver 127.0.0.53\noptions edns0 trust-ad\n", "host:127.0.0.53"},
      {"nameserver 0.0.0.0\nnameserver ::1\nnameserver ::\n", "host:0.0.0.0 host:::1 host:::"},
      {"nameserver fe80::1%eth0\n", "host:fe80::1%eth0"},
      {"nameserver 2001:db8::1\nnameserver 192.0.2.1\n", "host:2001:db8::1 192.0.2.1"},
  };
  for (const auto& test : cases) EXPECT_EQ(servers(test.file), test.servers) << test.file;
  EXPECT_EQ(servers(std::string_view("nameserver 192.0.2.1\0\n", 22)), "");
}

TEST(ResolvTest, Ipv6ServersFromInsideWhenItHasIpv6) {
  EXPECT_EQ(
      servers("nameserver 2001:db8::1\nnameserver ::1\nnameserver fe80::1%e\n", {{}, {}, {}, true}),
      "2001:db8::1 host:::1 host:fe80::1%e");
}

TEST(ResolvTest, WishesComeInPlaceOfTheHosts) {
  const char* host = "nameserver 127.0.0.53\nsearch corp.example\noptions rotate\n";
  EXPECT_EQ(servers(host, {{"192.0.2.9", "2001:db8::9"}, {}, {}, false}), "192.0.2.9 2001:db8::9");
  // A wished server on loopback is the container's own.
  EXPECT_EQ(servers(host, {{"127.0.0.1"}, {}, {}, false}), "127.0.0.1");
  EXPECT_EQ(file(host), "nameserver 127.0.0.11\nsearch corp.example\noptions rotate ndots:0\n");
  EXPECT_EQ(file(host, {{}, {"a.example", "b.example"}, {}, false}),
            "nameserver 127.0.0.11\nsearch a.example b.example\noptions rotate ndots:0\n");
  EXPECT_EQ(file(host, {{}, {"."}, {}, false}), "nameserver 127.0.0.11\noptions rotate ndots:0\n");
  EXPECT_EQ(file(host, {{}, {}, {"timeout:1"}, false}),
            "nameserver 127.0.0.11\nsearch corp.example\noptions timeout:1 ndots:0\n");
}

TEST(ResolvTest, SearchAndOptions) {
  const struct {
    const char* host;
    const char* file;
  } cases[] = {
      {"", "nameserver 127.0.0.11\noptions ndots:0\n"},
      {"search a\nsearch b c\n", "nameserver 127.0.0.11\nsearch b c\noptions ndots:0\n"},
      {"search a\ndomain b\n", "nameserver 127.0.0.11\nsearch b\noptions ndots:0\n"},
      {"search .\n", "nameserver 127.0.0.11\noptions ndots:0\n"},
      {"search\n", "nameserver 127.0.0.11\noptions ndots:0\n"},
      {"options ndots:5\n", "nameserver 127.0.0.11\noptions ndots:5\n"},
      {"options a\noptions b\n", "nameserver 127.0.0.11\noptions a b ndots:0\n"},
      {"sortlist 192.0.2.0\nlookup file\n", "nameserver 127.0.0.11\noptions ndots:0\n"},
  };
  for (const auto& test : cases) EXPECT_EQ(file(test.host), test.file) << test.host;
}

TEST(ResolvTest, SaysWhomItAsks) {
  EXPECT_THAT(plan_resolver("nameserver 127.0.0.53\nnameserver 192.0.2.1\n", {}).file,
              HasSubstr("forwards other names to 127.0.0.53 (from the host) 192.0.2.1."));
  EXPECT_THAT(plan_resolver("", {}).file, HasSubstr("forwards to no other server"));
}

TEST(ResolvTest, RefusesWishesThatAreNoAddress) {
  for (const char* bad :
       {"", "dns.example", "192.0.2", "fe80::1%eth0", "192.0.2.1:53", "192.0.2.1 "}) {
    try {
      plan_resolver("", {{bad}, {}, {}, false});
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << bad;
      EXPECT_THAT(error.what(), HasSubstr("not an IP address")) << bad;
    }
  }
}

}  // namespace
}  // namespace mini::network
