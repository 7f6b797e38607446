#include "runtime/network/names/dns_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/text.h"

namespace mini::network {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

template <size_t N>
std::string bytes(const char (&text)[N]) {
  return {text, N - 1};  // with its NULs
}

std::string label(const std::string& text) {
  return std::string(1, static_cast<char>(text.size())).append(text);
}

std::string number(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string header(unsigned flags = 0x0100, unsigned questions = 1, unsigned additional = 0,
                   unsigned answers = 0, unsigned authority = 0) {
  return number(0xbeef) + number(flags) + number(questions) + number(answers) + number(authority) +
         number(additional);
}

std::string question(const std::string& name, unsigned type = 1, unsigned asked_class = 1) {
  return name + number(type) + number(asked_class);
}

const std::string kWeb = label("Web") + label("example") + bytes("\0");
const std::string kEnd = bytes("\0");

std::string edns(unsigned size, const std::string& version_and_flags = bytes("\0\0\0\0"),
                 const std::string& options = {}) {
  return kEnd + number(41) + number(size) + version_and_flags + number(options.size()) + options;
}

DnsQuery parsed(const std::string& packet) {
  const auto query = parse_query(packet);
  EXPECT_TRUE(query);
  return query.value_or(DnsQuery());
}

DnsQuery web_query(unsigned type = 1) {
  return parsed(header() + question(kWeb, type));
}

TEST(DnsMessageTest, ReadsAQuestion) {
  const DnsQuery query = parsed(header() + question(kWeb, 28));
  EXPECT_EQ(query.id, 0xbeef);
  EXPECT_EQ(query.problem, DnsCode::no_error);
  EXPECT_EQ(query.name, "web.example");
  EXPECT_TRUE(query.plain);
  EXPECT_EQ(query.type, dns_type::kAaaa);
  EXPECT_EQ(query.question, question(kWeb, 28));
  EXPECT_EQ(query.datagram_limit(), 512u);
}

TEST(DnsMessageTest, DropsWhatIsNoQuery) {
  const std::string whole = header();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_query(std::string_view(whole).substr(0, size))) << size;
  EXPECT_FALSE(parse_query(header(0x8180) + question(kWeb))) << "an answer";
}

// At every length, from a buffer of just that length: the sanitizers see what is read behind it.
TEST(DnsMessageTest, EveryBeginningIsMalformed) {
  const std::string whole =
      header(0x0100, 1, 1) + question(kWeb) + edns(1232, bytes("\0\0\0\0"), bytes("\0\3\0\1x"));
  const size_t without_edns = (header() + question(kWeb)).size();
  for (size_t size = kDnsHeader; size < whole.size(); ++size) {
    if (size == without_edns) continue;
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    const auto query = parse_query({exact.data(), exact.size()});
    ASSERT_TRUE(query) << size;
    EXPECT_EQ(query->problem, DnsCode::format_error) << size;
  }
  EXPECT_EQ(parsed(whole).problem, DnsCode::no_error);
}

TEST(DnsMessageTest, HostilePackets) {
  std::string name_255, name_256;
  for (int i = 0; i < 3; ++i) name_255 += label(std::string(63, 'a'));
  name_256 = name_255 + label(std::string(62, 'b')) + kEnd;
  name_255 += label(std::string(61, 'b')) + kEnd;
  ASSERT_EQ(name_255.size(), 255u);
  const struct {
    const char* what;
    std::string packet;
    DnsCode problem;
  } cases[] = {
      {"no question", header(0x0100, 0), DnsCode::format_error},
      {"two questions", header(0x0100, 2) + question(kWeb) + question(kWeb), DnsCode::format_error},
      {"65535 questions", header(0x0100, 65535) + question(kWeb), DnsCode::format_error},
      {"with an answer", header(0x0100, 1, 0, 1) + question(kWeb), DnsCode::format_error},
      {"with an authority", header(0x0100, 1, 0, 0, 256) + question(kWeb), DnsCode::format_error},
      {"a pointer to itself", header() + question(bytes("\xc0\x0c")), DnsCode::format_error},
      {"a pointer out", header() + question(bytes("\xff\xff")), DnsCode::format_error},
      {"a pointer in a name", header() + question(label("a") + bytes("\xc0\x0c")),
       DnsCode::format_error},
      {"a label of 64", header() + question(label(std::string(64, 'a')) + kEnd),
       DnsCode::format_error},
      {"extended label", header() + question(label(std::string(0x41, 'a')) + kEnd),
       DnsCode::format_error},
      {"a name without an end", header() + label("web"), DnsCode::format_error},
      {"255 octets", header() + question(name_255), DnsCode::no_error},
      {"256 octets", header() + question(name_256), DnsCode::format_error},
      {"many labels", header() + question(std::string(4000, '\1') + kEnd), DnsCode::format_error},
      {"class CHAOS", header() + question(kWeb, 16, 3), DnsCode::refused},
      {"a zone transfer", header() + question(kWeb, 252), DnsCode::refused},
      {"part of a zone", header() + question(kWeb, 251), DnsCode::refused},
      {"an update", header(0x2800) + question(kWeb), DnsCode::not_implemented},
      {"a notification", header(0x2000), DnsCode::not_implemented},
      {"EDNS 1", header(0x0100, 1, 1) + question(kWeb) + edns(512, bytes("\0\1\0\0")),
       DnsCode::bad_version},
      {"options longer than the packet",
       header(0x0100, 1, 1) + question(kWeb) + kEnd + number(41) + number(512) + bytes("\0\0\0\0") +
           number(65535),
       DnsCode::format_error},
      {"an additional record that is missing", header(0x0100, 1, 9) + question(kWeb),
       DnsCode::no_error},
      {"bytes behind the end", header() + question(kWeb) + std::string(3000, 'x'),
       DnsCode::no_error},
  };
  for (const auto& test : cases) {
    const DnsQuery query = parsed(test.packet);
    EXPECT_EQ(query.problem, test.problem) << test.what;
    EXPECT_LE(query.name.size(), 254u) << test.what;
    EXPECT_LE(code_answer(query, query.problem).size(), 512u) << test.what;
  }
}

TEST(DnsMessageTest, OddNamesAreNotPlain) {
  const struct {
    std::string name;
    bool plain;
  } cases[] = {
      {label("web"), true},   {label("a.b"), false},
      {label("a b"), false},  {label(bytes("a\0b")), false},
      {label("a\nb"), false}, {label("\xc3\xa4"), false},
      {label("\x7f"), false}, {label("_x-1*") + label("y"), true},
  };
  for (const auto& test : cases)
    EXPECT_EQ(parsed(header() + question(test.name + kEnd)).plain, test.plain) << test.name;
  EXPECT_EQ(parsed(header() + question(kEnd)).name, "");
}

TEST(DnsMessageTest, EdnsSetsTheLimitWithinBounds) {
  const struct {
    unsigned told;
    size_t limit;
  } cases[] = {{0, 512}, {511, 512}, {1232, 1232}, {4096, 4096}, {65535, 4096}};
  for (const auto& test : cases) {
    const DnsQuery query = parsed(header(0x0100, 1, 1) + question(kWeb) + edns(test.told));
    EXPECT_EQ(query.datagram_limit(), test.limit) << test.told;
  }
  const DnsQuery query =
      parsed(header(0x0100, 1, 1) + question(kWeb) + edns(1232, bytes("\0\0\x80\0")));
  EXPECT_TRUE(query.dnssec_ok);
  EXPECT_THAT(code_answer(query, DnsCode::no_error), EndsWith(edns(4096, bytes("\0\0\x80\0"))));
  // BADVERS is told in EDNS's half of the code.
  EXPECT_THAT(code_answer(query, DnsCode::bad_version), EndsWith(edns(4096, bytes("\1\0\x80\0"))));
}

TEST(DnsMessageTest, AnswersWithAddresses) {
  const Address both[] = {*Address::parse("10.88.0.2"), *Address::parse("10.88.0.3")};
  const std::string record = bytes("\xc0\x0c\0\1\0\1\0\0\0\5\0\4");
  EXPECT_EQ(address_answer(web_query(), both, 512), header(0x8180, 1, 0, 2) + question(kWeb) +
                                                        record + bytes("\x0a\x58\0\2") + record +
                                                        bytes("\x0a\x58\0\3"));
  const Address v6[] = {*Address::parse("fd00::2")};
  EXPECT_EQ(address_answer(web_query(28), v6, 512),
            header(0x8180, 1, 0, 1) + question(kWeb, 28) +
                bytes("\xc0\x0c\0\x1c\0\1\0\0\0\5\0\x10") +
                std::string(reinterpret_cast<const char*>(v6[0].bytes()), 16));
  EXPECT_EQ(address_answer(web_query(28), {}, 512), header(0x8180) + question(kWeb, 28));
}

TEST(DnsMessageTest, WhatIsTooMuchIsLeftOutAndMarked) {
  const std::vector<Address> many(100, Address::v4(0x0a580002));
  const DnsQuery query = web_query();
  const size_t empty = code_answer(query, DnsCode::no_error).size();
  for (size_t limit = empty; limit < empty + 100; ++limit) {
    const std::string answer = address_answer(query, many, limit);
    const size_t count = (limit - empty) / 16;
    EXPECT_EQ(answer.size(), empty + 16 * count) << limit;
    EXPECT_THAT(answer, StartsWith(header(0x8380, 1, 0, static_cast<unsigned>(count)))) << limit;
  }
  EXPECT_EQ(address_answer(query, many, kDnsLargestMessage).size(), empty + 1600);
  EXPECT_EQ(truncated_answer(query), header(0x8380) + question(kWeb));
}

TEST(DnsMessageTest, NeverLongerThanTheLimitWithEdns) {
  const std::vector<Address> many(5000, *Address::parse("fd00::2"));
  const DnsQuery query = parsed(header(0x0100, 1, 1) + question(kWeb, 28) + edns(1232));
  EXPECT_LE(address_answer(query, many, query.datagram_limit()).size(), 1232u);
  EXPECT_LE(address_answer(query, many, kDnsLargestMessage).size(), kDnsLargestMessage);
}

TEST(DnsMessageTest, ReverseNames) {
  const struct {
    std::string name;
    std::string address;  // "": none
  } cases[] = {
      {"4.3.2.1.in-addr.arpa", "1.2.3.4"},
      {"255.0.0.10.in-addr.arpa", "10.0.0.255"},
      {"256.0.0.10.in-addr.arpa", ""},
      {"04.3.2.1.in-addr.arpa", ""},
      {"3.2.1.in-addr.arpa", ""},
      {"5.4.3.2.1.in-addr.arpa", ""},
      {"a.3.2.1.in-addr.arpa", ""},
      {".3.2.1.in-addr.arpa", ""},
      {"-1.3.2.1.in-addr.arpa", ""},
      {".in-addr.arpa", ""},
      {"in-addr.arpa", ""},
      {"4.3.2.1.in-addr.arpa.org", ""},
      {"4.3.2.1xin-addr.arpa", ""},
      {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "fd00::1"},
      {"g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", ""},
      {"10.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", ""},
      {"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", ""},
      {"ip6.arpa", ""},
      {"", ""},
  };
  for (const auto& test : cases)
    EXPECT_EQ(parse_reverse_name(test.name).value_or(Address()).str(), test.address) << test.name;
}

TEST(DnsMessageTest, AnswersWithANameOrAFailure) {
  EXPECT_THAT(name_answer(web_query(12), "db.mini", 512),
              EndsWith(bytes("\xc0\x0c\0\x0c\0\1\0\0\0\5\0\x09\2db\4mini\0")));
  EXPECT_THAT(name_answer(web_query(12), "db.mini", 40), StartsWith(header(0x8380)));
  for (const std::string& bad : {std::string(), std::string("a..b"), std::string("a."),
                                 std::string(64, 'a'), std::string(300, 'a')})
    EXPECT_EQ(name_answer(web_query(12), bad, 512), header(0x8182) + question(kWeb, 12)) << bad;
}

TEST(DnsMessageTest, OnlyAnAnswerToTheQuestionCounts) {
  const std::string asked = question(kWeb);
  const std::string lower = question(label("web") + label("EXAMPLE") + kEnd);
  const struct {
    const char* what;
    std::string packet;
    bool answers, bare_error;
  } cases[] = {
      {"it", header(0x8180) + asked, true, false},
      {"letters of another case", header(0x8180) + lower, true, false},
      {"an error with the question", header(0x8182) + asked, true, false},
      {"a query", header(0x0100) + asked, false, false},
      {"another id", number(1) + (header(0x8180) + asked).substr(2), false, false},
      {"another name", header(0x8180) + question(label("wob") + label("example") + kEnd), false,
       false},
      {"another type", header(0x8180) + question(kWeb, 28), false, false},
      {"cut", (header(0x8180) + asked).substr(0, 20), false, false},
      {"two questions", header(0x8180, 2) + asked + asked, false, false},
      {"no question", header(0x8180, 0), false, false},
      {"no question, but an error", header(0x8181, 0), false, true},
      {"another's error", number(1) + header(0x8181, 0).substr(2), false, false},
      {"an error in a query", header(0x0101, 0), false, false},
      {"nothing", "", false, false},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(answers_question(test.packet, 0xbeef, asked), test.answers) << test.what;
    EXPECT_EQ(is_bare_error(test.packet, 0xbeef), test.bare_error) << test.what;
  }
}

// Letters' case is that of names only: type 97 is not type 65.
TEST(DnsMessageTest, TypesHaveNoCase) {
  EXPECT_FALSE(answers_question(header(0x8180) + question(kWeb, 97), 0xbeef, question(kWeb, 65)));
}

}  // namespace
}  // namespace mini::network
