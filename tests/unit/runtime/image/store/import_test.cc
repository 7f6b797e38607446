#include "runtime/image/store/import.h"

#include "tests/unit/runtime/image/store_fixture.h"
#include "tests/unit/runtime/image/tar_builder.h"

namespace mini::image {
namespace {

class ImportTest : public StoreTest {
 protected:
  ImageEntry import(ImageStore& store, const std::string& bytes) {
    write_file(directory_.path() + "/blob", bytes);
    const Fd fd = open_file(directory_.path() + "/blob", O_RDONLY);
    ImageConfig config;
    config.architecture = "amd64";
    config.os = "linux";
    config.cmd = {{"/bin/sh"}};
    return import_image(store, fd.get(), "rootfs.tar", config, {Reference::parse("base")});
  }
};

TEST_F(ImportTest, ATreeBecomesAnImageOfOneLayer) {
  ImageStore store(paths_);
  TarBuilder::Header header;
  header.name = "etc/motd";
  header.mtime = 1'000'000'000;
  const ImageEntry entry = import(store, TarBuilder().add(header, "hello").end());
  const Image image = store.load("base");
  EXPECT_EQ(image.entry.id, entry.id);
  ASSERT_EQ(image.layers.size(), 1u);
  EXPECT_EQ(read_file(image.layers[0].lower + "/etc/motd"), "hello");
  EXPECT_EQ(status(image.layers[0].lower + "/etc/motd").st_mtim.tv_sec, 1'000'000'000)
      << "the archive's times are kept";
  EXPECT_EQ(image.config.cmd->at(0), "/bin/sh");
  EXPECT_NO_THROW(store.layers().write_tar(image.layers[0].diff_id, -1));
}

TEST_F(ImportTest, TheOrderOfTheArchiveHasNoSay) {
  const TemporaryDirectory other;
  ImageStore one(paths_), two(StatePaths{other.path(), other.path()});
  EXPECT_EQ(import(one, TarBuilder().file("b", "2").file("a/c", "1").end()).id,
            import(two, TarBuilder().file("./a/c", "1").file("./b", "2").end()).id);
}

TEST_F(ImportTest, WhatIsNoArchiveLeavesNothing) {
  ImageStore store(paths_);
  EXPECT_NE(message_of([&] { import(store, "not a tar"); }), "no error");
  EXPECT_NE(message_of([&] { import(store, TarBuilder().end()); }), "no error");
  EXPECT_NE(message_of([&] { import(store, TarBuilder().file("f", "x").without_end() + "cut"); }),
            "no error");
  EXPECT_TRUE(store.list().empty());
  EXPECT_TRUE(store.layers().list().empty());
  EXPECT_TRUE(list_directory(paths_.root + "/tmp").empty());
}

}  // namespace
}  // namespace mini::image
