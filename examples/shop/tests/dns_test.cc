#include "lib/dns.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace shop {
namespace {

using namespace std::string_literals;

std::string answer_to(const std::string& query, const std::string& records, char count) {
  std::string reply = query + records;
  reply[2] = static_cast<char>(0x81);
  reply[7] = count;
  return reply;
}

const std::string kA = "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x07"s;
const std::string kCname = "\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0c"s;

TEST(Dns, Answers) {
  std::string query = dns_query("order-service", 7);
  EXPECT_EQ(::inet_ntoa(*dns_answer(answer_to(query, kA, 1), query)), "10.0.0.7"s);
  EXPECT_EQ(::inet_ntoa(*dns_answer(answer_to(query, kCname + kA, 2), query)), "10.0.0.7"s);
  EXPECT_EQ(dns_answer(answer_to(query, "", 0), query)->s_addr, 0u);
}

TEST(Dns, WhatIsCutOrForeignIsNoAddress) {
  std::string query = dns_query("order-service", 7), whole = answer_to(query, kCname + kA, 2);
  for (size_t size = 0; size < whole.size(); ++size) {
    auto address = dns_answer(std::string_view(whole).substr(0, size), query);
    EXPECT_TRUE(!address || address->s_addr == 0) << size;
  }
  EXPECT_FALSE(dns_answer(answer_to(dns_query("order-service", 8), kA, 1), query));
  EXPECT_FALSE(dns_answer(answer_to(dns_query("other-service", 7), kA, 1), query));
  EXPECT_FALSE(dns_answer(query, query));
}

TEST(Dns, Names) {
  EXPECT_THROW(dns_query("a..b", 1), NetError);
  EXPECT_THROW(dns_query(std::string(64, 'a'), 1), NetError);
  std::string file = ::testing::TempDir() + "hosts." + std::to_string(::getpid());
  std::ofstream(file) << "# 1.1.1.1 web\n127.0.0.1 localhost lo # web\n::1 web\n10.0.0.9\tdb web\n";
  EXPECT_EQ(::inet_ntoa(*lookup_hosts("web", file.c_str())), "10.0.0.9"s);
  EXPECT_FALSE(lookup_hosts("we", file.c_str()));
  std::remove(file.c_str());
}

}  // namespace
}  // namespace shop
