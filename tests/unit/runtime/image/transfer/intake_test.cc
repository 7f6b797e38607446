#include "runtime/image/transfer/intake.h"

#include <zlib.h>
#include <zstd.h>

#include <cstring>

#include "runtime/image/document/index.h"
#include "runtime/image/store/blob_store.h"
#include "runtime/image/store/garbage.h"
#include "tests/unit/runtime/image/image_fixture.h"
#include "tests/unit/runtime/image/tar_builder.h"

namespace mini::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string gzipped(const std::string& data) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd_of(const std::string& data) {
  std::string out(ZSTD_compressBound(data.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 3));
  return out;
}

// Not the order, not the headers that mini writes.
std::string foreign_tar(const std::string& content) {
  return TarBuilder()
             .directory("./z/")
             .file("./z/file", content, 04755)
             .file("./empty", "")
             .hard_link("./a", "./z/file")
             .symlink("./link", "z/file")
             .file("./.wh.gone", "")
             .end() +
         std::string(8192, '\0');
}

class IntakeTest : public ImageStoreTest {
 protected:
  static files::ByteSource source_of(const std::string& bytes) {
    return [bytes, at = size_t{0}](char* to, size_t size) mutable {
      const size_t got = std::min(size, bytes.size() - at);
      memcpy(to, bytes.data() + at, got);
      at += got;
      return got;
    };
  }
  static LayerOffer offer_of(const std::string& blob, const std::string& tar,
                             const std::string& type = kGzipLayerType) {
    return {type, Digest::of(blob), blob.size(), Digest::of(tar)};
  }
  static ImageFromOutside image_of(const std::vector<ReceivedLayer>& layers,
                                   const std::string& tag = "outside") {
    ImageFromOutside image;
    std::vector<Digest> diff_ids;
    Manifest manifest;
    for (const ReceivedLayer& layer : layers) {
      diff_ids.push_back(layer.diff_id);
      manifest.layers.push_back(layer.blob);
    }
    // Blanks that mini would not write: the bytes must stay.
    image.config_json = "  " + config_of(diff_ids).to_json();
    manifest.config = {kConfigType, Digest::of(image.config_json), image.config_json.size()};
    image.manifest_json = manifest.to_json() + "\n";
    image.tags = {Reference::parse(tag)};
    return image;
  }
  std::vector<std::string> leftovers() const { return list_directory(paths_.root + "/tmp"); }
  const std::string tar_ = foreign_tar(std::string(300'000, 'x'));
};

TEST_F(IntakeTest, AnImageKeepsItsBytesAndItsLayerIsUnpacked) {
  const std::string blob = gzipped(tar_);
  Intake intake(store_);
  const auto layer = intake.receive(offer_of(blob, tar_), source_of(blob));
  EXPECT_EQ(layer.blob, (Descriptor{kGzipLayerType, Digest::of(blob), blob.size()}));
  EXPECT_THAT(store_.list(), IsEmpty());
  auto outside = image_of({layer});
  outside.repo_digests = {"docker.io/library/outside@" + Digest::of("index").str()};
  ASSERT_THAT(intake.record({outside}), SizeIs(1));

  const Image image = store_.load("outside");
  EXPECT_EQ(image.manifest_json, outside.manifest_json);
  EXPECT_EQ(image.config_json, outside.config_json);
  EXPECT_EQ(image.entry.size, tar_.size());
  EXPECT_EQ(read_file(image.layers[0].lower + "/a").size(), 300'000u);
  EXPECT_EQ(status(image.layers[0].lower + "/z/file").st_nlink, 2u);
  EXPECT_EQ(tar_of(store_.layers(), layer.diff_id), tar_);
  Fd out = open_file(directory_.path() + "/blob", O_RDWR | O_CREAT, 0600);
  store_.write_layer(image, 0, out.get());
  EXPECT_EQ(read_file(directory_.path() + "/blob"), blob);
  // By the registry's digest, in a new store object.
  EXPECT_EQ(ImageStore(paths_).find("outside@" + Digest::of("index").str())->id, image.entry.id);
}

TEST_F(IntakeTest, ZstdAndPlainLayersComeBackToo) {
  const std::string other = foreign_tar("other"), blob = zstd_of(other);
  Intake intake(store_);
  const auto packed = intake.receive({{}, Digest::of(blob), {}, {}}, source_of(blob));
  const auto plain = intake.receive({}, source_of(tar_));
  EXPECT_EQ(packed.blob.media_type, kZstdLayerType);
  EXPECT_EQ(plain.blob, (Descriptor{kLayerType, Digest::of(tar_), tar_.size()}));
  intake.record({image_of({packed, plain})});
  EXPECT_EQ(tar_of(store_.layers(), Digest::of(other)), other);
  EXPECT_EQ(tar_of(store_.layers(), Digest::of(tar_)), tar_);
  EXPECT_THAT(fsck(store_).findings, IsEmpty());
}

TEST_F(IntakeTest, WhatLiesIsRefusedAndNothingIsStored) {
  const std::string blob = gzipped(tar_);
  const auto refused = [&](LayerOffer offer, const std::string& bytes) {
    Intake intake(store_);
    return message_of([&] { intake.receive(offer, source_of(bytes)); });
  };
  LayerOffer offer = offer_of(blob, tar_);
  offer.digest = Digest::of("else");
  EXPECT_THAT(refused(offer, blob), HasSubstr("its digest is " + Digest::of(blob).str()));
  offer = offer_of(blob, "else");
  EXPECT_THAT(refused(offer, blob), HasSubstr("unpacks to " + Digest::of(tar_).str()));
  offer = offer_of(blob, tar_);
  offer.size = blob.size() + 1;
  EXPECT_THAT(refused(offer, blob), HasSubstr("bytes instead of"));
  offer.size = blob.size() - 1;
  EXPECT_THAT(refused(offer, blob), HasSubstr("is longer than"));
  offer.media_type = "text/html";
  EXPECT_THAT(refused(offer, blob), HasSubstr("is no layer's"));
  EXPECT_NE(refused(offer_of(blob, tar_), blob.substr(0, blob.size() / 2)), "no error");
  EXPECT_NE(refused({}, "<html>no layer</html>"), "no error");
  EXPECT_THAT(store_.layers().list(), ElementsAre(layer_.diff_id));
  EXPECT_THAT(BlobStore(paths_).list(), IsEmpty());
  EXPECT_THAT(leftovers(), IsEmpty());
}

TEST_F(IntakeTest, AManifestIsHeldAgainstItsLayers) {
  const std::string blob = gzipped(tar_), other = gzipped(foreign_tar("other"));
  Intake intake(store_);
  const auto one = intake.receive({}, source_of(blob));
  const auto two = intake.receive({}, source_of(other));
  const auto refused = [&](ReceivedLayer first, ReceivedLayer second) {
    return message_of([&] { intake.record({image_of({first, second})}); });
  };
  EXPECT_THAT(refused({one.blob, two.diff_id}, two), HasSubstr("size or diff id"));
  ReceivedLayer lie = one;
  ++lie.blob.size;
  EXPECT_THAT(refused(lie, two), HasSubstr("size or diff id"));
  lie.blob = {kGzipLayerType, Digest::of("missing"), 7};
  EXPECT_THAT(refused(lie, two), HasSubstr("is missing"));
  auto image = image_of({one, two});
  image.config_json += " ";
  EXPECT_THAT(message_of([&] { intake.record({image}); }), HasSubstr("the config is not the one"));
  EXPECT_THAT(store_.list(), IsEmpty());
  EXPECT_THAT(BlobStore(paths_).list(), IsEmpty());
}

TEST_F(IntakeTest, APartialFileIsGoneOnWithAndMovedAway) {
  const std::string blob = gzipped(tar_), partial = paths_.root + "/partial";
  const size_t have = blob.size() / 3;
  const auto fails = [](char*, size_t) -> size_t { throw Error("the network is gone"); };
  write_file(partial, blob.substr(0, have));
  {
    Intake intake(store_);
    EXPECT_EQ(message_of([&] { intake.receive(offer_of(blob, tar_), fails, partial); }),
              "the network is gone");
  }
  EXPECT_EQ(read_file(partial), blob.substr(0, have));
  Intake intake(store_);
  const auto layer = intake.receive(offer_of(blob, tar_), source_of(blob.substr(have)), partial);
  EXPECT_EQ(read_file(partial), blob);
  intake.record({image_of({layer})});
  EXPECT_FALSE(exists(partial));
  EXPECT_EQ(read_file(BlobStore(paths_).path(Digest::of(blob))), blob);
}

TEST_F(IntakeTest, APartialFileThatIsWrongIsRemoved) {
  const std::string blob = gzipped(tar_), partial = paths_.root + "/partial";
  write_file(partial, blob.substr(0, 40));
  LayerOffer offer = offer_of(blob, tar_);
  offer.digest = Digest::of("else");
  Intake intake(store_);
  EXPECT_NE(message_of([&] { intake.receive(offer, source_of(blob.substr(40)), partial); }),
            "no error");
  EXPECT_FALSE(exists(partial));
}

TEST_F(IntakeTest, APartialFileThatIsNoLayerIsRemovedThoughMoreMayCome) {
  const std::string blob = gzipped(tar_), partial = paths_.root + "/partial";
  write_file(partial, std::string(40, 'x'));
  Intake intake(store_);
  EXPECT_NE(message_of(
                [&] { intake.receive(offer_of(blob, tar_), source_of(blob.substr(40)), partial); }),
            "no error");
  EXPECT_FALSE(exists(partial));
}

TEST_F(IntakeTest, HasIsTrueOnlyForAPairThatWasSeenTogether) {
  const std::string blob = gzipped(tar_), again = zstd_of(tar_), other_tar = foreign_tar("other"),
                    other = gzipped(other_tar);
  {
    Intake intake(store_);
    intake.record({image_of({intake.receive({}, source_of(blob))}, "one"),
                   image_of({intake.receive({}, source_of(other))}, "two")});
  }
  Intake intake(store_);
  const Descriptor known{kGzipLayerType, Digest::of(blob), blob.size()};
  EXPECT_TRUE(intake.has(known, Digest::of(tar_)));
  EXPECT_FALSE(intake.has(known, Digest::of(other_tar)));
  EXPECT_TRUE(intake.has({kLayerType, Digest::of(tar_), tar_.size()}, Digest::of(tar_)));
  // The same layer in another compression: its bytes are needed, its tree is not.
  const Descriptor zstd_blob{kZstdLayerType, Digest::of(again), again.size()};
  EXPECT_FALSE(intake.has(zstd_blob, Digest::of(tar_)));
  const auto layer = intake.receive(offer_of(again, tar_, kZstdLayerType), source_of(again));
  EXPECT_EQ(layer.blob, zstd_blob);
  intake.record({image_of({layer}, "three")});
  EXPECT_TRUE(Intake(store_).has(zstd_blob, Digest::of(tar_)));
}

TEST_F(IntakeTest, KeptBlobsLiveAsLongAsAManifestNamesThem) {
  const std::string blob = gzipped(tar_);
  const auto kept = [&] { return exists(BlobStore(paths_).path(Digest::of(blob))); };
  const auto collect = [&] { collect_garbage(store_, [] { return std::set<Digest>(); }); };
  {
    Intake intake(store_);
    intake.record({image_of({intake.receive({}, source_of(blob))})});
  }
  // An image that is made on top names the blob, too.
  const ImageEntry child =
      store_.put(config_of({Digest::of(tar_), layer_.diff_id}), {Reference::parse("child")});
  store_.remove("outside", false);
  collect();
  EXPECT_TRUE(kept());
  EXPECT_EQ(store_.load("child").manifest.layers[0].digest, Digest::of(blob));
  EXPECT_EQ(store_.load("child").manifest.layers[1].digest, layer_.diff_id);
  {
    Intake intake(store_);
    EXPECT_TRUE(intake.has({kGzipLayerType, Digest::of(blob), blob.size()}, Digest::of(tar_)));
    store_.remove("child", false);
    collect();
    EXPECT_TRUE(kept()) << "an intake holds it";
  }
  collect();
  EXPECT_FALSE(kept());
  EXPECT_THAT(store_.layers().list(), IsEmpty());
}

TEST_F(IntakeTest, FsckFindsADamagedOrMissingBlobAndRecipe) {
  const std::string blob = gzipped(tar_), kept = BlobStore(paths_).path(Digest::of(blob));
  Intake intake(store_);
  intake.record({image_of({intake.receive({}, source_of(blob))})});
  EXPECT_THAT(fsck(store_).findings, IsEmpty());
  unlink(kept.c_str());
  ASSERT_THAT(fsck(store_).findings, SizeIs(1));
  EXPECT_THAT(fsck(store_).findings[0].problem, HasSubstr("is missing"));
  write_file(kept, std::string(blob.size(), '?'));
  ASSERT_THAT(fsck(store_).findings, SizeIs(1));
  write_file(kept, blob);
  const std::string layer = paths_.root + "/layers/" + Digest::of(tar_).hex();
  for (const auto& [path, mode] : {std::pair{"/tree/empty", 0600}, {"/tree/z/file", 0755}}) {
    chmod((layer + path).c_str(), mode);
    EXPECT_THAT(fsck(store_).findings, SizeIs(1)) << path;
    chmod((layer + path).c_str(), path == std::string("/tree/empty") ? 0644 : 04755);
  }
  EXPECT_THAT(fsck(store_).findings, IsEmpty());
  write_file(layer + "/tree/z/file", "short", 04755);
  EXPECT_THAT(fsck(store_).findings, SizeIs(1));
}

TEST_F(IntakeTest, NamesOfOneImageMayHaveDifferentManifests) {
  const std::string blob = gzipped(tar_);
  Intake intake(store_);
  const auto layer = intake.receive({}, source_of(blob));
  auto one = image_of({layer}, "one"), two = one;
  two.manifest_json += " ";
  two.tags = {Reference::parse("two")};
  intake.record({one, two});
  EXPECT_EQ(store_.load("one").manifest_json, one.manifest_json);
  EXPECT_EQ(store_.load("two").manifest_json, two.manifest_json);
  EXPECT_EQ(store_.list().size(), 1u);
  collect_garbage(store_, [] { return std::set<Digest>(); });
  EXPECT_EQ(store_.load("two").manifest_json, two.manifest_json);
}

// The bytes of a tar are given back whatever its later entries replaced.
TEST_F(IntakeTest, ATarThatHasNamesTwiceIsGivenBack) {
  TarBuilder few;
  few.file("f", "first").file("f", "second").file("./f", "third");
  few.directory("d").file("d/f", "in d").file("d/g", "g").file("d", "a file").directory("d");
  few.file("d/f", "again").hard_link("hard", "d/f").symlink("d/f", "/hard").file("d/f", "");
  few.file("d/f", "last").symlink("link", "d").file("link/f", "through").file("link", "end");
  // Every name is replaced by every kind, in an order that repeats none.
  TarBuilder many;
  unsigned state = 1;
  for (int i = 0; i < 600; ++i) {
    state = state * 1103515245 + 12345;
    std::string name = "n" + std::to_string(state / 65536 % 3);
    for (unsigned depth = state / 7 % 3; depth > 0; --depth)
      name += "/n" + std::to_string(state / (depth * 91) % 3);
    for (size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1))
      many.directory(name.substr(0, slash));
    if (state % 4 == 0) {
      many.directory(name);
    } else {
      many.file(name, std::string(state / 11 % 3, 'c') + std::to_string(state % 4 == 1 ? i : 0));
    }
  }
  for (const TarBuilder& builder : {few, many}) {
    const std::string tar = builder.end();
    {
      Intake intake(store_);
      const auto layer = intake.receive({{}, {}, tar.size(), {}}, source_of(tar));
      ASSERT_THAT(intake.record({image_of({layer})}), SizeIs(1));
    }
    EXPECT_EQ(tar_of(store_.layers(), Digest::of(tar)), tar);
    store_.layers().verify(Digest::of(tar));
  }
  EXPECT_THAT(leftovers(), IsEmpty());
}

}  // namespace
}  // namespace mini::image
