#include "runtime/registry/distribution/document.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSha =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Document, IsWhatAllItsSignsSay) {
  EXPECT_FALSE(
      Document::parse(R"({"schemaVersion":2,"config":{},"layers":[]})", "", "d").is_index());
  EXPECT_TRUE(Document::parse(R"({"schemaVersion":2,"manifests":[]})",
                              "application/vnd.oci.image.index.v1+json; charset=utf-8", "d")
                  .is_index());
  EXPECT_TRUE(
      Document::parse(R"({"schemaVersion":2,"manifests":[]})", "text/plain", "d").is_index());
}

// CVE-2021-41190: two readers of one digest see two different images.
TEST(Document, Cve202141190ThatIsTwoThingsIsRefused) {
  const std::string index_type = image::kIndexType, manifest_type = image::kManifestType;
  for (const auto& [body, type] : std::vector<std::pair<std::string, std::string>>{
           {R"({"schemaVersion":2,"config":{},"layers":[],"manifests":[]})", manifest_type},
           {R"({"schemaVersion":2,"manifests":[]})", manifest_type},
           {R"({"schemaVersion":2,"config":{},"layers":[]})", index_type},
           {cat(R"({"schemaVersion":2,"mediaType":")", index_type, R"(","config":{},"layers":[]})"),
            ""},
           {cat(R"({"schemaVersion":2,"mediaType":")", manifest_type, R"(","manifests":[]})"), ""},
           {cat(R"({"schemaVersion":2,"mediaType":")", manifest_type,
                R"(","config":{},"layers":[]})"),
            image::kDockerManifestType},
           {R"({"schemaVersion":2})", manifest_type},
           {R"({"schemaVersion":1,"fsLayers":[]})",
            "application/vnd.docker.distribution.manifest.v1+json"},
           {R"({"schemaVersion":2,"config":{},"config":{},"layers":[]})", manifest_type},
           {"<html></html>", "text/html"},
           {"", manifest_type},
       })
    EXPECT_THROW(Document::parse(body, type, "d"), Error) << body;
}

TEST(Document, WithADigestThatIsNoneNamesNoFile) {
  for (const char* digest : {"sha256:../../../etc/passwd", "sha512:ab", "latest", ""}) {
    const Document index =
        Document::parse(cat(R"({"schemaVersion":2,"manifests":[{"mediaType":")",
                            image::kManifestType, R"(","size":1,"digest":")", digest, R"("}]})"),
                        "", "d");
    EXPECT_THROW(index.items("d"), Error) << digest;
  }
}

TEST(Document, LeavesOutWhatIsNoImage) {
  const Document index = Document::parse(
      cat(R"({"schemaVersion":2,"manifests":[
          {"mediaType":"application/vnd.example","size":1,"digest":"nonsense"},
          {"mediaType":")",
          image::kManifestType, R"(","size":7,"digest":")", kSha,
          R"(","platform":{"os":"linux","architecture":"arm64","variant":"v8"}}]})"),
      "", "d");
  const auto items = index.items("d");
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].platform.str(), "linux/arm64/v8");
  EXPECT_EQ(items[0].manifest.size, 7u);
}

std::string chosen(const std::vector<const char*>& platforms, const char* wanted) {
  std::vector<IndexItem> items;
  for (const char* platform : platforms) items.push_back({{}, Platform::parse(platform)});
  return choose(items, Platform::parse(wanted), "image x").platform.str();
}

TEST(Choice, OfAPlatform) {
  EXPECT_EQ(chosen({"linux/s390x", "linux/amd64"}, "linux/amd64"), "linux/amd64");
  EXPECT_EQ(chosen({"linux/arm/v6", "linux/arm/v7"}, "linux/arm"), "linux/arm/v7");
  EXPECT_EQ(chosen({"linux/arm/v6", "linux/arm/v7"}, "linux/arm/v6"), "linux/arm/v6");
  EXPECT_EQ(chosen({"linux/arm64/v8"}, "linux/arm64"), "linux/arm64/v8");
  EXPECT_EQ(chosen({"linux/arm64"}, "linux/arm64/v8"), "linux/arm64");
  EXPECT_EQ(chosen({"linux/amd64/v3", "linux/amd64"}, "linux/amd64"), "linux/amd64");
  EXPECT_EQ(chosen({"linux/amd64", "linux/amd64"}, "linux/amd64"), "linux/amd64");
  try {
    chosen({"windows/amd64", "linux/s390x"}, "linux/amd64");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_THAT(error.hint(), HasSubstr("linux/s390x, windows/amd64"));
  }
}

TEST(Choice, WithoutAPlatformWhenNothingIsBetter) {
  const auto index = [](const char* platform) {
    IndexItem item;
    item.manifest.size = 1;
    if (platform) item.platform = Platform::parse(platform);
    return item;
  };
  const Platform wanted = Platform::parse("linux/amd64");
  EXPECT_EQ(choose({index(nullptr), index("linux/amd64")}, wanted, "x").platform, wanted);
  EXPECT_EQ(choose({index("linux/s390x"), index(nullptr)}, wanted, "x").platform, Platform{});
  EXPECT_THROW(choose({index("unknown/unknown")}, wanted, "x"), Error);
}

TEST(Choice, OfNonsenseIsRefused) {
  for (const char* text :
       {"", "linux", "linux/", "/amd64", "a/b/c/d", "linux/AMD 64", "linux/\x1b"})
    EXPECT_THROW(Platform::parse(text), Error) << text;
}

}  // namespace
}  // namespace mini::registry
