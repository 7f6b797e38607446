#include "runtime/image/store/image_store.h"

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/process.h"
#include "tests/unit/runtime/image/image_fixture.h"

namespace mini::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ImageStoreTest, WhatIsPutIsFoundByEveryName) {
  const ImageEntry entry = put("x", {"web:1", "other"});
  for (const std::string& name :
       {std::string("web:1"), std::string("docker.io/library/web:1"), entry.id.str(),
        entry.id.hex(), entry.id.short_id(), "sha256:" + entry.id.hex().substr(0, 8),
        "web@" + entry.manifest.str()}) {
    const auto found = store_.find(name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->id, entry.id) << name;
  }
  EXPECT_FALSE(store_.find("web:2"));
  EXPECT_FALSE(store_.find("web@" + entry.id.str())) << "a config's digest is not a manifest's";
  const Image image = store_.load("other");
  EXPECT_EQ(image.entry.tags, (std::vector<std::string>{"docker.io/library/other:latest",
                                                        "docker.io/library/web:1"}));
  EXPECT_EQ(image.entry.labels.at("label"), "x");
  EXPECT_EQ(image.entry.size, layer_.size);
  EXPECT_EQ(Digest::of(image.config_json), entry.id);
  ASSERT_EQ(image.layers.size(), 1u);
  EXPECT_EQ(read_file(image.layers[0].lower + "/f"), "content");
}

TEST_F(ImageStoreTest, TheSameImageHasTheSameIdInEveryStore) {
  const TemporaryDirectory directory;
  ImageStore other(StatePaths{directory.path(), directory.path()});
  const Layer layer = add_layer(other, "content");
  EXPECT_EQ(layer.diff_id, layer_.diff_id);
  const ImageEntry here = put("x", {}), there = other.put(config_of({layer.diff_id}), {});
  EXPECT_EQ(here.id, there.id);
  EXPECT_EQ(here.manifest, there.manifest);
}

TEST_F(ImageStoreTest, PuttingAgainWritesNothing) {
  const ImageEntry first = put("x", {"web"});
  const struct stat before = status(paths_.root + "/images/index.json");
  const struct stat blobs = status(paths_.root + "/images/blobs/sha256");
  const ImageEntry again = put("x", {"web"});
  put("x", {});
  const struct stat after = status(paths_.root + "/images/index.json");
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(status(paths_.root + "/images/blobs/sha256").st_mtim.tv_nsec, blobs.st_mtim.tv_nsec);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.created_ns, first.created_ns) << "an image comes into the store once";
}

TEST_F(ImageStoreTest, TagsMoveAndTheOldImageDangles) {
  const ImageEntry old = put("old", {"web"});
  const ImageEntry now = put("new", {"web"});
  EXPECT_EQ(store_.find("web")->id, now.id);
  EXPECT_THAT(store_.find(old.id.hex())->tags, IsEmpty());
  put("old", {"back"});
  EXPECT_THAT(store_.find(old.id.hex())->tags, ElementsAre("docker.io/library/back:latest"));
  EXPECT_EQ(store_.list().size(), 2u);
  store_.tag("back", Reference::parse("web"));
  EXPECT_EQ(store_.find("web")->id, old.id);
  EXPECT_THAT(store_.find(now.id.hex())->tags, IsEmpty());
}

TEST_F(ImageStoreTest, RemovingATagKeepsTheOthers) {
  const ImageEntry entry = put("x", {"a", "b"});
  EXPECT_THAT(message_of([&] { store_.remove(entry.id.hex(), false); }), HasSubstr("2 tags"));
  const auto first = store_.remove("a", false);
  EXPECT_THAT(first.untagged, ElementsAre("a:latest"));
  EXPECT_THAT(first.deleted, IsEmpty());
  const auto second = store_.remove(entry.id.short_id(), false);
  EXPECT_THAT(second.untagged, ElementsAre("b:latest"));
  EXPECT_THAT(second.deleted, ElementsAre(entry.id));
  EXPECT_FALSE(store_.find(entry.id.hex()));
}

TEST_F(ImageStoreTest, RemovingByIdWithForceTakesAllTags) {
  const ImageEntry entry = put("x", {"a", "b"});
  const auto removed = store_.remove(entry.id.hex(), true);
  EXPECT_THAT(removed.untagged, ElementsAre("a:latest", "b:latest"));
  EXPECT_THAT(removed.deleted, ElementsAre(entry.id));
  EXPECT_THAT(store_.list(), IsEmpty());
}

TEST_F(ImageStoreTest, AnAmbiguousPrefixIsAnError) {
  // Seventeen ids cannot have seventeen different first digits.
  for (int i = 0; i < 17; ++i) put(std::to_string(i), {});
  bool ambiguous = false;
  for (const char digit : std::string("0123456789abcdef")) {
    ambiguous |= message_of([&] {
                   store_.find(std::string("sha256:") + digit);
                 }).find("begin so") != std::string::npos;
  }
  EXPECT_TRUE(ambiguous);
}

TEST_F(ImageStoreTest, AMissingImageIsNamedWithACure) {
  put("x", {"busybox"});
  try {
    store_.load("busybx");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_THAT(error.what(), HasSubstr("\"busybx\""));
  }
}

TEST_F(ImageStoreTest, ADamagedBlobIsNeverUsed) {
  const ImageEntry entry = put("x", {"web"});
  for (const Digest& digest : {entry.id, entry.manifest}) {
    const std::string path = cat(paths_.root, "/images/blobs/sha256/", digest.hex());
    const std::string content = read_file(path);
    write_file(path, std::string(content.size(), ' '));
    EXPECT_THAT(message_of([&] { store_.load("web"); }), HasSubstr("damaged"));
    write_file(path, "");
    EXPECT_NE(message_of([&] { store_.load("web"); }), "no error");
    ASSERT_EQ(unlink(path.c_str()), 0);
    EXPECT_THAT(message_of([&] { store_.load("web"); }), HasSubstr("missing"));
    write_file(path, content);
    EXPECT_NO_THROW(store_.load("web"));
  }
}

TEST_F(ImageStoreTest, AnImageNeedsItsLayers) {
  EXPECT_THAT(message_of([&] { store_.put(config_of({Digest::of("no layer")}), {}); }),
              HasSubstr("not found"));
  EXPECT_THAT(store_.list(), IsEmpty());
}

TEST_F(ImageStoreTest, UsingAnImageIsRememberedOutsideTheIndex) {
  const ImageEntry entry = put("x", {"web"});
  const struct stat before = status(paths_.root + "/images/index.json");
  const int64_t used = store_.find("web")->used_ns;
  usleep(20'000);
  store_.mark_used(entry);
  EXPECT_GT(store_.find("web")->used_ns, used);
  EXPECT_EQ(status(paths_.root + "/images/index.json").st_ino, before.st_ino);
}

TEST_F(ImageStoreTest, ManyProcessesMayTagAtOnce) {
  put("x", {"base"});
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      _exit(message_of([&] { ImageStore(paths_).tag("base", Reference::parse(cat("tag-", i))); }) ==
                    "no error"
                ? 0
                : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) EXPECT_EQ(wait_child(pid), 0);
  EXPECT_EQ(store_.find("base")->tags.size(), 9u);
}

TEST_F(ImageStoreTest, TheLayoutIsAnOciLayout) {
  const ImageEntry entry = put("x", {"web"});
  EXPECT_EQ(read_file(paths_.root + "/images/oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  const Json index = parse_json(read_file(paths_.root + "/images/index.json"), "index");
  EXPECT_EQ(index["schemaVersion"], 2);
  const Json& descriptor = index["manifests"][0];
  EXPECT_EQ(descriptor["mediaType"], "application/vnd.oci.image.manifest.v1+json");
  EXPECT_EQ(descriptor["annotations"]["org.opencontainers.image.ref.name"],
            "docker.io/library/web:latest");
  const std::string text =
      read_file(cat(paths_.root, "/images/blobs/sha256/", entry.manifest.hex()));
  EXPECT_EQ(descriptor["size"], text.size());
  const Json manifest = parse_json(text, "manifest");
  EXPECT_EQ(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
  EXPECT_EQ(manifest["config"]["digest"], entry.id.str());
  EXPECT_EQ(manifest["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar");
  EXPECT_EQ(manifest["layers"][0]["digest"], layer_.diff_id.str());
  EXPECT_EQ(manifest["layers"][0]["size"], layer_.size);
}

TEST_F(ImageStoreTest, NobodyElseReachesTheLayers) {
  EXPECT_EQ(status(paths_.root).st_mode & 07777, 0700u);
  EXPECT_EQ(status(paths_.root + "/layers").st_mode & 07777, 0700u);
}

}  // namespace
}  // namespace mini::image
