#include "runtime/image/document/manifest.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

using testing::HasSubstr;

Manifest full_manifest() {
  Manifest manifest;
  manifest.config = {kConfigType, Digest::of("config"), 7};
  manifest.layers = {{kLayerType, Digest::of("one"), 1024},
                     {kDockerGzipLayerType, Digest::of("two"), ~0ULL}};
  return manifest;
}

std::string manifest_refusal(const std::string& json) {
  try {
    Manifest::parse(json, "manifest");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

// The manifest of a test with `from` replaced by `to`.
std::string changed_manifest(const std::string& from, const std::string& to) {
  std::string json = full_manifest().to_json();
  return json.replace(json.find(from), from.size(), to);
}

// An image is pulled by the digest of such bytes.
TEST(Manifest, TheBytesAreWhatTheyHaveAlwaysBeen) {
  const std::string json =
      R"({"config":{"digest":"sha256:b79606fb3afea5bd1609ed40b622142f1c98125abcfe89a76a661b0e)"
      R"(8e343910","mediaType":"application/vnd.oci.image.config.v1+json","size":7},"layers":)"
      R"([{"digest":"sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed")"
      R"(,"mediaType":"application/vnd.oci.image.layer.v1.tar","size":1024},{"digest":"sha256)"
      R"(:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3","mediaType":"appl)"
      R"(ication/vnd.docker.image.rootfs.diff.tar.gzip","size":18446744073709551615}],"mediaT)"
      R"(ype":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2})";
  EXPECT_EQ(full_manifest().to_json(), json);
  EXPECT_EQ(Manifest::parse(json, "manifest").to_json(), json);
  Manifest docker = full_manifest();
  docker.media_type = kDockerManifestType;
  docker.layers.clear();
  EXPECT_EQ(Digest::of(docker.to_json()).str(),
            "sha256:da9308824735e6f6438062de6d50decc35b84bebe89f342ff5afb25abe68447d");
}

TEST(Manifest, WithoutAMediaTypeItIsAnOciManifest) {
  const std::string json = changed_manifest(cat("\"mediaType\":\"", kManifestType, "\","), "");
  EXPECT_EQ(Manifest::parse(json, "manifest").media_type, kManifestType);
}

TEST(Manifest, WhatIsNoImageIsRefusedWithItsPlace) {
  EXPECT_THAT(manifest_refusal("[]"), HasSubstr("manifest"));
  EXPECT_THAT(manifest_refusal("{}"), HasSubstr("schemaVersion"));
  EXPECT_THAT(manifest_refusal(changed_manifest("\"schemaVersion\":2", "\"schemaVersion\":1")),
              HasSubstr("manifest: schemaVersion: only 2 is known"));
  EXPECT_THAT(manifest_refusal(changed_manifest("manifest.v1+json", "index.v1+json")),
              HasSubstr("manifest: mediaType: "));
  EXPECT_THAT(manifest_refusal(changed_manifest("image.config.v1", "artifact.config.v1")),
              HasSubstr("manifest: config.mediaType: "));
  EXPECT_THAT(manifest_refusal(changed_manifest("image.layer.v1.tar", "image.layer.v1.zip")),
              HasSubstr("manifest: layers[0].mediaType: "));
  EXPECT_THAT(manifest_refusal(changed_manifest("\"size\":1024", "\"size\":-1")),
              HasSubstr("manifest: layers[0].size: "));
  EXPECT_THAT(manifest_refusal(changed_manifest("sha256:", "sha512:")),
              HasSubstr("manifest: config.digest: "));
  EXPECT_THAT(manifest_refusal(changed_manifest("\"layers\"", "\"layer\"")),
              HasSubstr("manifest: layers: missing"));
}

TEST(Manifest, CVE_2021_41190_ADocumentThatIsAnIndexTooIsRefused) {
  for (const char* other : {"\"manifests\":[],", "\"manifests\":null,", "\"fsLayers\":[],"})
    EXPECT_NE(
        manifest_refusal(changed_manifest("\"schemaVersion\"", cat(other, "\"schemaVersion\""))),
        "accepted")
        << other;
}

}  // namespace
}  // namespace mini::image
