#include "builder/build/cache/cache_image.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini::build {
namespace {

using testing::HasSubstr;

std::string cache_config(const std::string& records) {
  return cat(R"({"architecture":"amd64","mini.buildcache":)", records,
             R"(,"os":"linux","rootfs":{"diff_ids":[")", Digest::of("layer").str(),
             R"("],"type":"layers"}})");
}

std::string cache_refusal(const std::string& records) {
  try {
    parse_cache_config(cache_config(records), "cache");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CacheImage, WithoutRecordsItIsAnEmptyImage) {
  const TemporaryDirectory root;
  const image::ImageStore store(StatePaths{root.path(), root.path()});
  const image::Image image = cache_image(store, {});
  EXPECT_THAT(image.config_json, HasSubstr(R"("mini.buildcache":[],"os":"linux")"));
  EXPECT_TRUE(parse_cache_config(image.config_json, "cache").empty());
}

TEST(CacheImage, TheSameRecordsGiveTheSameBytesAndComeBack) {
  const TemporaryDirectory root;
  const image::ImageStore store(StatePaths{root.path(), root.path()});
  image::Draft draft(store.paths());
  StepRecord record;
  record.layer = store.layers().seal(draft, 0).diff_id;
  std::vector<image::Draft> drafts;
  drafts.push_back(std::move(draft));
  store.layers().publish(std::move(drafts), false);
  StepKey key;
  key.add("command", "make");
  record.key = key.digest();
  record.parts = key.parts();
  record.description = "RUN make";
  const image::Image image = cache_image(store, {record});
  EXPECT_THAT(
      image.config_json,
      HasSubstr(
          R"("mini.buildcache":[{"description":"RUN make","layer":0,"parts":[{"name":"command","value":"make"}]}],"os")"));
  const auto records = parse_cache_config(image.config_json, "cache");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].key, record.key);
  EXPECT_EQ(records[0].layer, record.layer);
}

TEST(CacheImage, ARecordsKeyIsThatOfItsParts) {
  const auto records = parse_cache_config(
      cache_config(
          R"([{"description":"RUN make","layer":0,"parts":[{"name":"command","value":"make"}]}])"),
      "cache");
  ASSERT_EQ(records.size(), 1u);
  StepKey key;
  key.add("command", "make");
  EXPECT_EQ(records[0].key, key.digest());
  EXPECT_EQ(records[0].parts, key.parts());
  EXPECT_EQ(records[0].description, "RUN make");
  EXPECT_EQ(records[0].layer, Digest::of("layer"));
}

TEST(CacheImage, WhatIsMalformedIsRefusedWithItsPlace) {
  EXPECT_EQ(cache_refusal(R"([{"description":"x","layer":1,"parts":[]}])"),
            "cache: mini.buildcache[0].layer: there is no layer 1");
  EXPECT_THAT(cache_refusal(R"([{"description":"x","parts":[]}])"),
              HasSubstr("mini.buildcache[0].layer: missing"));
  EXPECT_THAT(cache_refusal("{}"), HasSubstr("expected an array"));
  EXPECT_EQ(cache_refusal("null"), "accepted");
}

}  // namespace
}  // namespace mini::build
