#include "lib/b3.h"

#include <gtest/gtest.h>

#include <map>

namespace shop {
namespace {

using B3Headers = std::map<std::string, std::string>;
const std::string kTrace = "463ac35c9f6413ad48485a3953bb6124", kSpan = "a2fb4a1d1a96d312", kParent = "0020000000000001";

B3 read(const B3Headers& headers) {
  return read_b3([&](const char* name) -> std::optional<std::string> {
    auto found = headers.find(name);
    if (found == headers.end()) return std::nullopt;
    return found->second;
  });
}

TEST(B3, SingleForm) {
  struct Case { std::string text, trace, parent; Sampling sampling; };
  for (const Case& c : std::vector<Case>{
           {kTrace + "-" + kSpan, kTrace, "", Sampling::undecided},
           {kTrace + "-" + kSpan + "-1", kTrace, "", Sampling::yes},
           {kTrace + "-" + kSpan + "-0", kTrace, "", Sampling::no},
           {kTrace + "-" + kSpan + "-d-" + kParent, kTrace, kParent, Sampling::debug},
           {"0", "", "", Sampling::no},
           {"rubbish", "", "", Sampling::undecided},
           {"-", "", "", Sampling::undecided},
           {kTrace + "-" + kSpan + "-x", "", "", Sampling::undecided},
           {kTrace + "-" + kSpan + "-1-" + kParent + "-1", "", "", Sampling::undecided},
           {std::string(16, '0') + "-" + kSpan, "", "", Sampling::undecided}}) {
    B3 got = read({{"b3", c.text}});
    EXPECT_EQ(got.trace_id, c.trace) << c.text;
    EXPECT_EQ(got.parent_id, c.parent) << c.text;
    EXPECT_EQ(got.sampling, c.sampling) << c.text;
  }
}

TEST(B3, MultiFormIsReadAsItIsWritten) {
  for (Sampling s : {Sampling::undecided, Sampling::no, Sampling::yes, Sampling::debug}) {
    B3Headers headers;
    for (auto& [name, value] : write_b3({kTrace, kSpan, kParent, s})) headers[name] = value;
    B3 got = read(headers);
    EXPECT_EQ(got.trace_id, kTrace);
    EXPECT_EQ(got.span_id, kSpan);
    EXPECT_EQ(got.parent_id, kParent);
    EXPECT_EQ(got.sampling, s);
  }
  EXPECT_EQ(read({{"X-B3-Sampled", "true"}}).sampling, Sampling::yes);
  EXPECT_EQ(read({{"X-B3-Sampled", "false"}}).sampling, Sampling::no);
  EXPECT_EQ(read({{"X-B3-Sampled", "d"}}).sampling, Sampling::undecided);
}

TEST(B3, SingleFormWins) {
  B3 got = read({{"b3", "0"}, {"X-B3-TraceId", kTrace}, {"X-B3-SpanId", kSpan}, {"X-B3-Sampled", "1"}});
  EXPECT_EQ(got.trace_id, "");
  EXPECT_EQ(got.sampling, Sampling::no);
}

}  // namespace
}  // namespace shop
