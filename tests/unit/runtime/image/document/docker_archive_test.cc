#include "runtime/image/document/docker_archive.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini::image {
namespace {

TEST(DockerArchive, TheBytesAreWhatTheyHaveAlwaysBeen) {
  DockerArchiveImage image;
  image.config = "blobs/sha256/c";
  image.repo_tags = {{"web:1", "web:2"}};
  image.layers = {"blobs/sha256/l"};
  image.layer_sources = {{"sha256:d", {kLayerType, Digest::of("l"), 7}}};
  EXPECT_EQ(docker_archive_json({image, {}}),
            R"([{"Config":"blobs/sha256/c","LayerSources":{"sha256:d":{"digest":")" +
                Digest::of("l").str() +
                R"(","mediaType":"application/vnd.oci.image.layer.v1.tar","size":7}},)"
                R"("Layers":["blobs/sha256/l"],"RepoTags":["web:1","web:2"]},)"
                R"({"Config":"","LayerSources":{},"Layers":[],"RepoTags":null}])");
}

TEST(DockerArchive, WhatOtherToolsWriteIsRead) {
  const auto images = parse_docker_archive(
      R"([{"Config":"c.json","RepoTags":null,"Layers":["a/layer.tar",""],"Parent":"x"},{"Config":"d"}])",
      "manifest.json");
  ASSERT_EQ(images.size(), 2u);
  EXPECT_EQ(images[0].config, "c.json");
  EXPECT_FALSE(images[0].repo_tags);
  EXPECT_EQ(images[0].layers, (std::vector<std::string>{"a/layer.tar", ""}));
  EXPECT_TRUE(images[1].layers.empty());
  EXPECT_THROW(parse_docker_archive("{}", "manifest.json"), Error);
  EXPECT_THROW(parse_docker_archive(R"([{"Layers":[]}])", "manifest.json"), Error);
}

}  // namespace
}  // namespace mini::image
