#include "runtime/base/clock.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/error.h"

namespace mini {
namespace {

using ::testing::Optional;

constexpr int64_t kSecond = 1'000'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    setenv(name, value, 1);
    tzset();
  }
  ~Environment() {
    unsetenv(name_);
    tzset();
  }

 private:
  const char* name_;
};

TEST(Rfc3339, WritesAsGoDoes) {
  EXPECT_EQ(rfc3339_nano(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339_nano(1'795'402'127'123'456'789), "2026-11-23T02:48:47.123456789Z");
  EXPECT_EQ(rfc3339_nano(1'500'000'000), "1970-01-01T00:00:01.5Z");
  EXPECT_EQ(rfc3339_nano(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(Rfc3339, ReadsZonesAndFractions) {
  EXPECT_THAT(parse_rfc3339("1970-01-01T00:00:00Z"), Optional(0));
  EXPECT_THAT(parse_rfc3339("1970-01-01T01:30:00+01:30"), Optional(0));
  EXPECT_THAT(parse_rfc3339("1969-12-31T19:00:00-05:00"), Optional(0));
  EXPECT_THAT(parse_rfc3339("1970-01-01T00:00:00.1234567899Z"), Optional(123'456'789));
  EXPECT_THAT(parse_rfc3339("2024-02-29T12:00:00.5Z"), Optional(1'709'208'000'500'000'000));
  for (const int64_t ns : {int64_t{0}, int64_t{1}, INT64_MAX, int64_t{-kDay * 365}}) {
    EXPECT_THAT(parse_rfc3339(rfc3339_nano(ns)), Optional(ns));
  }
}

TEST(Rfc3339, RefusesWhatIsNotATime) {
  for (const char* text :
       {"", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx", "1970-01-01T00:00:00+0100",
        "70-01-01T00:00:00Z", "+970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_rfc3339(kZeroTime), std::nullopt);  // before what 64 bits of nanoseconds hold
}

TEST(HumanDuration, HasDockersThresholds) {
  const std::pair<int64_t, const char*> table[] = {{0, "Less than a second"},
                                                   {kSecond - 1, "Less than a second"},
                                                   {-kHour, "Less than a second"},
                                                   {kSecond, "1 second"},
                                                   {2 * kSecond - 1, "1 second"},
                                                   {42 * kSecond, "42 seconds"},
                                                   {59 * kSecond, "59 seconds"},
                                                   {kMinute, "About a minute"},
                                                   {2 * kMinute - 1, "About a minute"},
                                                   {2 * kMinute, "2 minutes"},
                                                   {kHour - 1, "59 minutes"},
                                                   {kHour, "About an hour"},
                                                   {kHour + 29 * kMinute, "About an hour"},
                                                   {kHour + 30 * kMinute, "2 hours"},
                                                   {47 * kHour, "47 hours"},
                                                   {48 * kHour, "2 days"},
                                                   {14 * kDay - kHour, "13 days"},
                                                   {14 * kDay, "2 weeks"},
                                                   {59 * kDay, "8 weeks"},
                                                   {60 * kDay, "2 months"},
                                                   {729 * kDay, "24 months"},
                                                   {730 * kDay, "2 years"}};
  for (const auto& [ns, text] : table) EXPECT_EQ(human_duration(ns), text) << ns;
}

TEST(GoDuration, ReadsWhatGoReads) {
  const std::pair<const char*, int64_t> table[] = {{"0", 0},
                                                   {"5s", 5 * kSecond},
                                                   {"1h30m", 90 * kMinute},
                                                   {"500ms", kSecond / 2},
                                                   {"1.5s", 1'500'000'000},
                                                   {".5m", 30 * kSecond},
                                                   {"1.s", kSecond},
                                                   {"3\u00b5s", 3000},
                                                   {"3us", 3000},
                                                   {"7ns", 7},
                                                   {"-1m", -kMinute},
                                                   {"+1m", kMinute},
                                                   {"1m1h", 61 * kMinute},
                                                   {"2562047h47m16.854775807s", INT64_MAX}};
  for (const auto& [text, ns] : table) EXPECT_THAT(parse_go_duration(text), Optional(ns)) << text;
  for (const char* text : {"", "1", "s", ".s", "1x", "1h ", " 1h", "--1h", "-", "1h-1m", "1d",
                           "9223372036854775808ns", "2562048h", "1.5.5s"}) {
    EXPECT_EQ(parse_go_duration(text), std::nullopt) << text;
  }
}

TEST(GoDuration, WritesWhatGoWrites) {
  EXPECT_EQ(go_duration(0), "0s");
  EXPECT_EQ(go_duration(1), "1ns");
  EXPECT_EQ(go_duration(1'500), "1.5\u00b5s");
  EXPECT_EQ(go_duration(2'000'000), "2ms");
  EXPECT_EQ(go_duration(1'010'000'000), "1.01s");
  EXPECT_EQ(go_duration(kMinute), "1m0s");
  EXPECT_EQ(go_duration(90 * kMinute), "1h30m0s");
  EXPECT_EQ(go_duration(-kSecond), "-1s");
  for (const int64_t ns : {INT64_MAX, INT64_MIN + 1, int64_t{123'456'789'012}}) {
    EXPECT_THAT(parse_go_duration(go_duration(ns)), Optional(ns));
  }
}

TEST(Since, TakesEveryForm) {
  const Environment zone("TZ", "UTC");
  const int64_t now = 100 * kDay;
  EXPECT_THAT(parse_since("1h30m", now), Optional(now - 90 * kMinute));
  EXPECT_THAT(parse_since("10", now), Optional(10 * kSecond));
  EXPECT_THAT(parse_since("0", now), Optional(0));
  EXPECT_THAT(parse_since("10.25", now), Optional(10 * kSecond + kSecond / 4));
  EXPECT_THAT(parse_since("1970-01-02", now), Optional(kDay));
  EXPECT_THAT(parse_since("1970-01-02T01:00", now), Optional(kDay + kHour));
  EXPECT_THAT(parse_since("1970-01-02T01:00:05Z", now), Optional(kDay + kHour + 5 * kSecond));
  for (const char* text : {"", "yesterday", "1970-02-30", "10.", "-5", "1970-01-02T"}) {
    EXPECT_EQ(parse_since(text, now), std::nullopt) << text;
  }
}

TEST(Since, ADateWithoutZoneIsLocal) {
  const Environment zone("TZ", "EST5");
  EXPECT_THAT(parse_since("1970-01-01", 0), Optional(5 * kHour));
}

TEST(SourceDateEpoch, IsStrict) {
  EXPECT_EQ(source_date_epoch(), 0);
  {
    const Environment epoch("SOURCE_DATE_EPOCH", "1700000000");
    EXPECT_EQ(source_date_epoch(), 1'700'000'000);
  }
  for (const char* text : {"-1", "now", "1.5", "99999999999999999999", "10000000000"}) {
    const Environment epoch("SOURCE_DATE_EPOCH", text);
    EXPECT_THROW(source_date_epoch(), Error) << text;
  }
}

TEST(Monotonic, NeverGoesBack) {
  const int64_t first = monotonic_ns();
  EXPECT_GE(monotonic_ns(), first);
  EXPECT_GT(now_ns(), 1'700'000'000 * kSecond);
}

}  // namespace
}  // namespace mini
