#include "runtime/image/document/layout_index.h"

#include "runtime/base/text.h"
#include "runtime/image/document/config.h"
#include "tests/unit/runtime/image/store_fixture.h"

namespace mini::image {
namespace {

using testing::HasSubstr;

std::string row(const std::string& type, const std::string& content, const std::string& more = {}) {
  return cat(R"({"mediaType":")", type, R"(","digest":")", Digest::of(content).str(),
             R"(","size":)", content.size(), more, "}");
}
std::string platform(const std::string& os, const std::string& architecture) {
  return cat(R"(,"platform":{"os":")", os, R"(","architecture":")", architecture, R"("})");
}
std::string index(const std::string& rows, const std::string& more = {}) {
  return cat(R"({"schemaVersion":2,)", more, R"("manifests":[)", rows, "]}");
}
std::string name_of(const std::string& annotations) {
  return parse_layout_index(
             index(row(kManifestType, "m", cat(R"(,"annotations":{)", annotations, "}"))),
             "archive")
      .at(0)
      .name();
}
Digest chosen(const std::string& nested) {
  const Descriptor descriptor{kIndexType, Digest::of(nested), nested.size()};
  return choose_platform(descriptor, "archive", [&](const Descriptor&) { return nested; }).digest;
}

TEST(LayoutIndex, NamesAreFoundWhereToolsPutThem) {
  const std::string ref = R"("org.opencontainers.image.ref.name":)";
  EXPECT_EQ(name_of(ref + R"("docker.io/library/a:1")"), "docker.io/library/a:1");
  EXPECT_EQ(name_of(ref + R"("a:1")"), "a:1");
  EXPECT_EQ(name_of(ref + R"("latest")"), "") << "a tag alone is no name";
  EXPECT_EQ(name_of(R"("io.containerd.image.name":"docker.io/b:2",)" + ref + R"("2")"),
            "docker.io/b:2");
  EXPECT_EQ(name_of(""), "");
}

TEST(LayoutIndex, ThisMachinesImageIsChosen) {
  const std::string mine = row(kManifestType, "mine", platform("linux", host_architecture())),
                    other = row(kManifestType, "other", platform("linux", "vax")),
                    windows = row(kManifestType, "windows", platform("windows", "amd64")),
                    proof = row(kManifestType, "proof", platform("unknown", "unknown"));
  EXPECT_EQ(chosen(index(cat(other, ",", windows, ",", mine, ",", proof))), Digest::of("mine"));
  EXPECT_EQ(chosen(index(cat(other, ",", proof))), Digest::of("other")) << "there is only one";
  EXPECT_THAT(message_of([&] { chosen(index(cat(other, ",", windows))); }),
              HasSubstr("has no image for linux/"));
  EXPECT_THAT(message_of([&] { chosen(index("")); }), HasSubstr("has no image for linux/"));
}

TEST(LayoutIndex, WhatIsNotAnIndexOrTwoThingsIsRefused) {
  const auto refused = [](const std::string& text) {
    return message_of([&] { parse_layout_index(text, "archive"); });
  };
  const std::string sound = row(kManifestType, "m");
  EXPECT_EQ(refused(index(sound)), "no error");
  EXPECT_THAT(refused(index(sound, R"("layers":[],)")), HasSubstr("at once"));
  EXPECT_THAT(refused(index(sound, R"("config":{},)")), HasSubstr("at once"));
  EXPECT_THAT(refused(index(sound, cat(R"("mediaType":")", kManifestType, "\","))),
              HasSubstr("is no image index"));
  EXPECT_THAT(refused(R"({"schemaVersion":1,"manifests":[]})"), HasSubstr("schemaVersion"));
  EXPECT_THAT(refused(index(R"({"mediaType":"x","digest":"sha256:../..","size":1})")),
              HasSubstr("digest"));
  EXPECT_THAT(
      refused(index(R"({"mediaType":"x","digest":")" + Digest::of("m").str() + R"(","size":-1})")),
      HasSubstr("size"));
}

TEST(LayoutIndex, NestingEnds) {
  const std::string nested = index(row(kIndexType, "itself"));
  EXPECT_THAT(message_of([&] { chosen(nested); }), HasSubstr("is no image here"));
  EXPECT_THAT(message_of([&] { chosen(index(row("text/html", "page"))); }),
              HasSubstr("is no image here"));
}

}  // namespace
}  // namespace mini::image
