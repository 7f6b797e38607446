#include "runtime/image/layer/layer_writer.h"

#include <sys/sysmacros.h>

#include "tests/unit/runtime/image/store_fixture.h"

namespace mini::image {
namespace {

using testing::HasSubstr;

class LayerWriterTest : public StoreTest {
 protected:
  Fd source(std::string_view content) {
    const std::string path = directory_.path() + "/source";
    write_file(path, content);
    return open_file(path, O_RDONLY);
  }
  LayerStore store_{paths_};
};

// All that a writer can make, with content on both sides of the buffer's and the hashing thread's
// limits.
LayerWriter::Result write_everything(LayerWriter& writer, int source, uint64_t source_size) {
  files::EntryMeta attributes = meta(0640, 12);
  attributes.xattrs = {{"user.a", "1"}, {"trusted.overlay.origin", "not kept"}};
  writer.directory("", meta(0711));
  writer.directory("a", meta(0755), true);
  writer.file("a/big", meta(0644, 99), source, source_size);
  writer.file("a/set-id", meta(06755), "set-id");
  writer.directory("a-b", meta(0700));
  writer.fifo("a-b/fifo", meta(0622));
  writer.hard_link("a-b/hard", "a/big");
  writer.hard_link("a-b/harder", "a-b/hard");
  writer.symlink("a-b/link", meta(0777), std::string(150, 't'));
  writer.file("attributes", attributes, "attributes");
  writer.file("empty", meta(0400), "");
  writer.whiteout("gone");
  writer.directory(std::string(120, 'l'), meta(01777));
  writer.file(std::string(120, 'l') + "/" + std::string(200, 'm'), meta(0644), "long");
  return writer.finish();
}

TEST_F(LayerWriterTest, WhatIsHashedIsWhatSealWouldFind) {
  const std::string content(5 << 20, 'c');
  const Fd fd = source(content);
  Draft written(paths_);
  LayerWriter writer(written, 50);
  const auto result = write_everything(writer, fd.get(), content.size());
  const Layer sealed = store_.seal(written, 50);
  EXPECT_EQ(result.diff_id, sealed.diff_id);
  EXPECT_EQ(result.size, sealed.size);
  EXPECT_EQ(result.files, sealed.files);
  EXPECT_EQ(status(written.tree() + "/a/big").st_mtim.tv_sec, 50);
  EXPECT_EQ(status(written.tree() + "/attributes").st_mtim.tv_sec, 12);
  EXPECT_EQ(status(written.tree() + "/a").st_mtim.tv_sec, 0) << "although entries were made in it";
  EXPECT_EQ(status(written.tree() + "/a/set-id").st_mode & 07777, 06755u);
  EXPECT_EQ(status(written.tree() + "/a/big").st_nlink, 3u);
  EXPECT_EQ(read_file(written.tree() + "/a/big"), content);
  EXPECT_TRUE(is_whiteout(written.tree() + "/gone"));
}

TEST_F(LayerWriterTest, OwnersDevicesAndSetGroupDirectoriesAsRoot) {
  if (!is_root()) GTEST_SKIP() << "owners and devices need root";
  Draft draft(paths_);
  LayerWriter writer(draft, 0);
  files::EntryMeta owned = meta(04755);
  owned.uid = 3'000'000;  // more than ustar's field holds
  owned.gid = 7;
  files::EntryMeta group = meta(02775);
  group.gid = 42;
  writer.directory("group", group);
  writer.directory("group/inner", meta(0755));
  writer.file("group/inner/file", meta(0644), "x");
  writer.device("null", meta(0666), false, 1, 3);
  writer.file("owned", owned, "x");
  const auto result = writer.finish();
  EXPECT_EQ(result.diff_id, store_.seal(draft, 0).diff_id);
  EXPECT_EQ(status(draft.tree() + "/group/inner").st_gid, 0u)
      << "not inherited from the set-gid directory";
  EXPECT_EQ(status(draft.tree() + "/group/inner").st_mode & 07777, 0755u);
  EXPECT_EQ(status(draft.tree() + "/owned").st_uid, 3'000'000u);
  EXPECT_EQ(status(draft.tree() + "/owned").st_mode & 07777, 04755u);
  EXPECT_EQ(status(draft.tree() + "/null").st_rdev, makedev(1, 3));
}

TEST_F(LayerWriterTest, TheUmaskHasNoSay) {
  const mode_t before = umask(0077);
  Draft draft(paths_);
  LayerWriter writer(draft, 0);
  writer.directory("d", meta(0777));
  writer.file("d/f", meta(0666), "x");
  writer.finish();
  umask(before);
  EXPECT_EQ(status(draft.tree()).st_mode & 07777, 0755u);
  EXPECT_EQ(status(draft.tree() + "/d").st_mode & 07777, 0777u);
  EXPECT_EQ(status(draft.tree() + "/d/f").st_mode & 07777, 0666u);
}

TEST_F(LayerWriterTest, ASourceThatChangesIsNoticed) {
  const Fd fd = source("twelve bytes");
  for (const uint64_t size : {uint64_t{11}, uint64_t{13}, uint64_t{0}}) {
    Draft draft(paths_);
    LayerWriter writer(draft, 0);
    EXPECT_THAT(message_of([&] { writer.file("f", meta(0644), fd.get(), size); }),
                HasSubstr("changed while"))
        << size;
  }
}

TEST_F(LayerWriterTest, OnlyCanonicalOrderIsTaken) {
  const auto refused = [&](const char* first, const char* second) {
    Draft draft(paths_);
    LayerWriter writer(draft, 0);
    return message_of([&] {
      writer.directory("a", meta(0755));
      writer.file(first, meta(0644), "");
      writer.file(second, meta(0644), "");
    });
  };
  EXPECT_EQ(refused("a/z", "a-b"), "no error")
      << "the content of a directory comes before its longer neighbour";
  EXPECT_THAT(refused("a-b", "a/z"), HasSubstr("does not come after"));
  EXPECT_THAT(refused("b", "b"), HasSubstr("does not come after"));
  EXPECT_THAT(refused("a/b", "missing/c"), HasSubstr("missing"));
  EXPECT_THAT(refused("b", "b/c"), HasSubstr("not a directory"));
}

TEST_F(LayerWriterTest, PathsThatAreNotCleanAreRefused) {
  Draft draft(paths_);
  LayerWriter writer(draft, 0);
  for (const char* path : {"/etc", "../x", "a/../b", "./a", "a//b", "a/", ".wh.x"}) {
    EXPECT_NE(message_of([&] { writer.file(path, meta(0644), ""); }), "no error") << path;
  }
}

TEST_F(LayerWriterTest, LinksAreNotFollowed) {
  Draft draft(paths_);
  LayerWriter writer(draft, 0);
  writer.symlink("link", meta(0777), directory_.path());
  EXPECT_THAT(message_of([&] { writer.file("link/file", meta(0644), "x"); }),
              HasSubstr("is a link"));
  EXPECT_FALSE(exists(directory_.path() + "/file"));
}

}  // namespace
}  // namespace mini::image
