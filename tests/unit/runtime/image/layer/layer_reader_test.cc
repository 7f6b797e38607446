#include "runtime/image/layer/layer_reader.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <zlib.h>
#include <zstd.h>

#include "runtime/files/attributes.h"
#include "tests/unit/runtime/image/store_fixture.h"
#include "tests/unit/runtime/image/tar_builder.h"

namespace mini::image {
namespace {

using testing::HasSubstr;

class LayerReaderTest : public StoreTest {
 protected:
  ReadResult read(const std::string& bytes, const ReadLimits& limits = {}) {
    draft_ = Draft(paths_);
    write_file(directory_.path() + "/blob", bytes);
    const Fd fd = open_file(directory_.path() + "/blob", O_RDONLY);
    return read_layer(fd.get(), "layer", draft_, limits);
  }
  // What the refusal says; nothing may appear outside the tree.
  std::string refusal(const std::string& bytes, const ReadLimits& limits = {}) {
    const std::string message = message_of([&] { read(bytes, limits); });
    EXPECT_THAT(list_directory(directory_.path()), testing::ElementsAre("blob", "root", "victim"));
    EXPECT_EQ(read_file(directory_.path() + "/victim"), "victim");
    EXPECT_EQ(status(directory_.path() + "/victim").st_nlink, 1u);
    EXPECT_EQ(status(directory_.path() + "/victim").st_mode & 07777, 0600u);
    return message;
  }
  // What an archive is taken as: it must be taken, and nothing may appear outside the tree.
  void contained(const std::string& bytes) { EXPECT_EQ(refusal(bytes), "no error"); }
  std::string path(const std::string& name) const { return draft_.tree() + "/" + name; }
  std::string victim() const { return directory_.path() + "/victim"; }

  void SetUp() override { write_file(victim(), "victim", 0600); }

  LayerStore store_{paths_};
  Draft draft_{paths_};
};

std::string gzip(const std::string& data) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, data.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<unsigned>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<unsigned>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& data) {
  std::string out(ZSTD_compressBound(data.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 3));
  return out;
}

TarBuilder ordinary() {
  TarBuilder tar;
  tar.directory("./")
      .directory("./etc/", 0750)
      .file("./etc/passwd", "root", 0640)
      .symlink("etc/link", "/etc/passwd");
  tar.hard_link("etc/hard", "etc/passwd").file("implicit/deep/file", std::string(100'000, 'x'));
  return tar;
}

TEST_F(LayerReaderTest, AnOrdinaryLayer) {
  const std::string bytes = ordinary().end();
  const ReadResult result = read(bytes);
  EXPECT_EQ(result.diff_id, Digest::of(bytes));
  EXPECT_EQ(result.blob, Digest::of(bytes));
  EXPECT_EQ(result.blob_size, bytes.size());
  EXPECT_EQ(result.files, 6u);
  EXPECT_EQ(read_file(path("etc/hard")), "root");
  EXPECT_EQ(status(path("etc/passwd")).st_nlink, 2u);
  EXPECT_EQ(status(path("etc/passwd")).st_mode & 07777, 0640u);
  EXPECT_EQ(status(path("etc")).st_mode & 07777, 0750u);
  EXPECT_EQ(status(path("etc")).st_mtim.tv_sec, 0);
  EXPECT_EQ(status(path("implicit/deep")).st_mode & 07777, 0755u);
  EXPECT_EQ(read_file(path("implicit/deep/file")).size(), 100'000u);
  char target[64];
  EXPECT_EQ(readlink(path("etc/link").c_str(), target, sizeof target), 11);
}

TEST_F(LayerReaderTest, EveryCompressionGivesTheSameDiffId) {
  const std::string bytes = ordinary().end();
  for (const std::string& blob :
       {gzip(bytes), zstd(bytes), gzip(bytes.substr(0, 700)) + gzip(bytes.substr(700)),
        zstd(bytes.substr(0, 700)) + zstd(bytes.substr(700)),
        gzip(bytes) + std::string(512, '\0')}) {
    const ReadResult result = read(blob);
    EXPECT_EQ(result.diff_id, Digest::of(bytes));
    EXPECT_EQ(result.blob, Digest::of(blob));
    EXPECT_EQ(result.blob_size, blob.size());
  }
}

TEST_F(LayerReaderTest, WhatFollowsTheEndIsHashedToo) {
  const std::string bytes = ordinary().end() + std::string(9000, '\0');
  EXPECT_EQ(read(bytes).diff_id, Digest::of(bytes));
}

TEST_F(LayerReaderTest, TruncatedInputIsRefused) {
  const std::string bytes = ordinary().end();
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 1)), HasSubstr("truncated"));
  EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 1024 - 512 - 1)), HasSubstr("truncated"));
  EXPECT_NE(refusal(TarBuilder().extended(TarBuilder::record("a", "b")).without_end()), "no error");
  EXPECT_THAT(refusal(bytes.substr(0, 2000)), HasSubstr("truncated"));
  for (const std::string& blob : {gzip(bytes), zstd(bytes)}) {
    EXPECT_THAT(refusal(blob.substr(0, blob.size() - 3)), HasSubstr("truncated"));
    EXPECT_THAT(refusal(blob.substr(0, blob.size() / 2)), HasSubstr("truncated"));
    EXPECT_NE(refusal(blob + "garbage after it"), "no error");
    std::string flipped = blob;
    flipped[blob.size() / 2] = static_cast<char>(flipped[blob.size() / 2] ^ 0x55);
    EXPECT_NE(refusal(flipped), "no error");
  }
}

TEST_F(LayerReaderTest, AnEndMarkMayBeMissingOrShort) {
  const std::string whole = ordinary().without_end();
  for (const std::string& bytes :
       {whole, whole + std::string(512, '\0'), whole + std::string(1024, '\0') + "anything"}) {
    EXPECT_EQ(read(bytes).diff_id, Digest::of(bytes));
    EXPECT_EQ(read_file(path("etc/hard")), "root");
  }
}

TEST_F(LayerReaderTest, NamesAreTakenFromTheRoot) {
  contained(TarBuilder()
                .directory("/", 0711)
                .directory("/usr")
                .file("/usr//bin/./tool", "1")
                .file("usr/./lib/../share/doc", "2")
                .file(victim(), "3")
                .file("/etc/.wh.gone", "")
                .hard_link("./hard", "/usr/bin/tool")
                .end());
  EXPECT_EQ(status(draft_.tree()).st_mode & 07777, 0711u);
  EXPECT_EQ(read_file(path("usr/bin/tool")), "1");
  EXPECT_EQ(read_file(path("usr/share/doc")), "2");
  EXPECT_EQ(read_file(path(victim().substr(1))), "3");
  EXPECT_TRUE(is_whiteout(path("etc/gone")));
  EXPECT_EQ(read_file(path("hard")), "1");
}

TEST_F(LayerReaderTest, ParentNamesThatLeaveAreRefused) {
  for (const char* name : {"../victim", "a/../../victim", "..", "./../victim", "/../victim",
                           "a/b/../../../victim", "/..", "../.wh.victim"}) {
    EXPECT_THAT(refusal(TarBuilder().file(name, "x").end()), HasSubstr("..")) << name;
  }
  EXPECT_THAT(refusal(TarBuilder().hard_link("hard", "../victim").end()), HasSubstr(".."));
}

TEST_F(LayerReaderTest, Cve_2014_6407_LinkThenFileThroughIt) {
  const std::string outside = directory_.path();
  contained(TarBuilder().symlink("link", outside).file("link/victim", "x").end());
  EXPECT_EQ(read_file(path(victim().substr(1))), "x") << "below the root, as chroot would";
  contained(TarBuilder().symlink("link", "../../..").directory("link/made").end());
  EXPECT_TRUE(S_ISDIR(status(path("made")).st_mode));
  contained(TarBuilder().directory("d").symlink("d/link", "..").file("d/link/f", "x").end());
  EXPECT_EQ(read_file(path("f")), "x");
  contained(TarBuilder().symlink("link", victim()).file("link", "x").end());
  EXPECT_EQ(read_file(path("link")), "x") << "the link itself is replaced";
  EXPECT_THAT(refusal(TarBuilder().symlink("link", outside).hard_link("hard", "link/victim").end()),
              HasSubstr("hard link"));
  contained(TarBuilder().symlink("link", outside).file("link/.wh.victim", "").end());
  EXPECT_TRUE(is_whiteout(path(victim().substr(1))));
  contained(TarBuilder().symlink("link", outside).file("link/.wh..wh..opq", "").end());
  contained(TarBuilder().symlink("link", "/proc/self/root").file("link/f", "x").end());
  EXPECT_EQ(read_file(path("proc/self/root/f")), "x");
}

TEST_F(LayerReaderTest, LinksOfTheArchiveAreFollowed) {
  contained(TarBuilder()
                .directory("real")
                .symlink("link", "real")
                .symlink("real/up", "../other/./deep")
                .file("link/f", "1")
                .file("link/up/g", "2")
                .directory("link/up/h")
                .hard_link("link/up/h/hard", "link/f")
                .end());
  EXPECT_EQ(read_file(path("real/f")), "1");
  EXPECT_EQ(read_file(path("other/deep/g")), "2");
  EXPECT_EQ(status(path("real/f")).st_ino, status(path("other/deep/h/hard")).st_ino);
  EXPECT_EQ(status(path("real")).st_mtim.tv_sec, 0);
  // A directory takes the place of a link; what follows goes into it.
  contained(TarBuilder().directory("a").symlink("b", "a").directory("b").file("b/f", "x").end());
  EXPECT_TRUE(S_ISDIR(status(path("b")).st_mode));
  EXPECT_FALSE(exists(path("a/f")));
}

TEST_F(LayerReaderTest, LinksThatLeadNowhereEnd) {
  EXPECT_NE(refusal(TarBuilder().symlink("a", "b").symlink("b", "a").file("a/f", "x").end()),
            "no error");
  TarBuilder chain;
  for (int i = 0; i < 41; ++i) chain.symlink("l" + std::to_string(i), "l" + std::to_string(i + 1));
  EXPECT_NE(refusal(chain.file("l0/f", "x").end()), "no error");
  EXPECT_THAT(refusal(TarBuilder().file("f", "1").symlink("l", "f").file("l/g", "2").end()),
              HasSubstr("not a directory"));
}

TEST_F(LayerReaderTest, Cve_2014_9356_HardLinksOutOfTheLayer) {
  for (const std::string& target :
       {std::string("../../../victim"), victim(), std::string("/etc/passwd"),
        std::string("no/such"), std::string("none")}) {
    EXPECT_NE(refusal(TarBuilder().hard_link("hard", target).end()), "no error") << target;
  }
  EXPECT_NE(refusal(TarBuilder().directory("d").hard_link("hard", "d").end()), "no error");
}

TEST_F(LayerReaderTest, Cve_2021_32760_NoMetadataThroughALink) {
  // A hard link to a link must be the link again, and nothing may change the mode of what it points
  // to.
  TarBuilder tar;
  tar.symlink("link", victim()).entry('1', "hard", "link", 04777);
  refusal(tar.end());
  EXPECT_TRUE(S_ISLNK(status(path("hard")).st_mode));
  TarBuilder attributes;
  attributes.extended(TarBuilder::record("SCHILY.xattr.user.x", "y")).symlink("link", victim());
  refusal(attributes.end());
  EXPECT_LT(getxattr(victim().c_str(), "user.x", nullptr, 0), 0);
}

TEST_F(LayerReaderTest, Cve_2021_29136_TheRootIsNoLink) {
  for (const char* name : {".", "./", "", "././"}) {
    EXPECT_NE(refusal(TarBuilder().symlink(name, directory_.path()).file("victim", "x").end()),
              "no error")
        << name;
  }
}

TEST_F(LayerReaderTest, WhiteoutsBecomeOverlays) {
  read(TarBuilder().file("a/.wh.gone", "").file("b/.wh..wh..opq", "").file("b/kept", "x").end());
  EXPECT_TRUE(is_whiteout(path("a/gone")));
  const char* attribute = is_root() ? "trusted.overlay.opaque" : "user.overlay.opaque";
  char value[4];
  EXPECT_EQ(getxattr(path("b").c_str(), attribute, value, sizeof value), 1);
  EXPECT_EQ(read_file(path("b/kept")), "x");
  EXPECT_FALSE(exists(path("b/.wh..wh..opq")));
}

TEST_F(LayerReaderTest, TheOrderOfMarksHasNoSay) {
  const auto digest = [&](const TarBuilder& tar) {
    read(tar.end());
    return store_.seal(draft_, 0).diff_id;
  };
  EXPECT_EQ(digest(TarBuilder().directory("d").file("d/.wh..wh..opq", "").file("d/f", "x")),
            digest(TarBuilder().directory("d").file("d/f", "x").file("d/.wh..wh..opq", "")));
  EXPECT_EQ(digest(TarBuilder().file("d/.wh..wh..opq", "").directory("d").file("d/f", "x")),
            digest(TarBuilder().directory("d").file("d/.wh..wh..opq", "").file("d/f", "x")));
  // A mark hides what is below this layer, never what is in it.
  EXPECT_EQ(digest(TarBuilder().file(".wh.f", "").file("f", "x")),
            digest(TarBuilder().file("f", "x").file(".wh.f", "")));
  EXPECT_EQ(digest(TarBuilder().file("f", "x")),
            digest(TarBuilder().file("f", "x").file(".wh.f", "")));
  EXPECT_EQ(digest(TarBuilder().file(".wh.d", "").directory("d").file("d/f", "x")),
            digest(TarBuilder().directory("d").file("d/f", "x").file(".wh.d", "")));
  EXPECT_EQ(digest(TarBuilder().file(".wh.d", "").file("d/f", "x")),
            digest(TarBuilder().directory("d").file("d/.wh..wh..opq", "").file("d/f", "x")))
      << "a directory that replaces a deleted one is opaque";
}

TEST_F(LayerReaderTest, WhiteoutsThatCouldLeaveAreRefused) {
  for (const char* name :
       {".wh.", ".wh..", ".wh...", "d/.wh.", "../.wh.victim", ".wh.d/f", ".wh..wh.plnk"}) {
    EXPECT_NE(refusal(TarBuilder().file(name, "").end()), "no error") << name;
  }
}

TEST_F(LayerReaderTest, ArchivesThatAreNoLayersHaveNoMarks) {
  ReadLimits limits;
  limits.whiteouts = false;
  EXPECT_THAT(refusal(TarBuilder().file(".wh.f", "").end(), limits), HasSubstr(".wh."));
}

TEST_F(LayerReaderTest, PaxRecordsOverrideTheHeader) {
  TarBuilder tar;
  tar.extended(TarBuilder::record("path", "long/" + std::string(200, 'n')) +
               TarBuilder::record("mtime", "77.5"))
      .file("short", "content");
  tar.extended(TarBuilder::record("linkpath", "target of it")).symlink("link", "not this");
  read(tar.end());
  EXPECT_EQ(read_file(path("long/" + std::string(200, 'n'))), "content");
  EXPECT_EQ(status(path("long/" + std::string(200, 'n'))).st_mtim.tv_sec, 77);
  EXPECT_FALSE(exists(path("short")));
  char target[64]{};
  EXPECT_GT(readlink(path("link").c_str(), target, sizeof target), 0);
  EXPECT_STREQ(target, "target of it");
}

TEST_F(LayerReaderTest, PaxRecordsAreCheckedLikeTheHeader) {
  const auto with = [](const std::string& records) {
    return TarBuilder().extended(records).file("f", "x").end();
  };
  EXPECT_THAT(refusal(with(TarBuilder::record("path", "../victim"))), HasSubstr(".."));
  contained(with(TarBuilder::record("path", victim())));
  EXPECT_EQ(read_file(path(victim().substr(1))), "x");
  EXPECT_THAT(refusal(with(TarBuilder::record("path", std::string("f\0g", 3)))), HasSubstr("NUL"));
  EXPECT_THAT(refusal(with(TarBuilder::record("size", "4611686018427387904"))),
              HasSubstr("larger than"));
  EXPECT_THAT(refusal(with(TarBuilder::record("size", "-1"))), HasSubstr("size"));
  EXPECT_THAT(refusal(with(TarBuilder::record("size", "99999999999999999999"))), HasSubstr("size"));
  EXPECT_THAT(refusal(with(TarBuilder::record("uid", "4294967295"))), HasSubstr("owner"))
      << "-1 leaves the owner as it is";
  EXPECT_THAT(refusal(with("99 path=short\n")), HasSubstr("malformed pax"));
  EXPECT_THAT(refusal(with("5 a=b\n")), HasSubstr("malformed pax"));
  EXPECT_THAT(refusal(with("6 ab=\n7")), HasSubstr("malformed pax"));
  EXPECT_THAT(refusal(with("x a=b\n")), HasSubstr("malformed pax"));
  EXPECT_THAT(refusal(with("1 \n")), HasSubstr("malformed pax"));
  EXPECT_THAT(refusal(TarBuilder().file("f", "x").extended(TarBuilder::record("path", "x")).end()),
              HasSubstr("damaged"));
}

TEST_F(LayerReaderTest, GnuLongNames) {
  TarBuilder tar;
  tar.extended("dir/" + std::string(150, 'g') + std::string(1, '\0'), 'L').file("short", "content");
  read(tar.end());
  EXPECT_EQ(read_file(path("dir/" + std::string(150, 'g'))), "content");
  EXPECT_THAT(refusal(TarBuilder().extended(std::string(1 << 20, 'a'), 'L').file("f", "x").end()),
              HasSubstr("longer than"));
  EXPECT_THAT(refusal(TarBuilder().extended(std::string(2 << 20, 'a'), 'x').file("f", "x").end()),
              HasSubstr("too large"));
  EXPECT_THAT(refusal(TarBuilder().extended("../victim", 'L').file("f", "x").end()),
              HasSubstr(".."));
}

TEST_F(LayerReaderTest, SparseHolesOf2To62) {
  TarBuilder::Header sparse;
  sparse.type = 'S';
  sparse.name = "sparse";
  EXPECT_THAT(refusal(TarBuilder().add(sparse).end()), HasSubstr("sparse"));
  EXPECT_THAT(
      refusal(TarBuilder()
                  .extended(TarBuilder::record("GNU.sparse.realsize", "4611686018427387904"))
                  .file("f", "")
                  .end()),
      HasSubstr("sparse"));
}

TEST_F(LayerReaderTest, SizesThatLie) {
  TarBuilder::Header header;
  header.name = "f";
  header.size_field = std::string("\x80\0\0\0\x40\0\0\0\0\0\0\0", 12);
  EXPECT_THAT(refusal(TarBuilder().add(header).end()), HasSubstr("larger than"));
  header.size_field = std::string(12, '\xff');
  EXPECT_THAT(refusal(TarBuilder().file("d", "").add(header).end()), HasSubstr("size"));
  header.size_field = "0000000000x";
  EXPECT_THAT(refusal(TarBuilder().file("d", "").add(header).end()), HasSubstr("size"));
  header.size_field = "00000177777";
  EXPECT_THAT(refusal(TarBuilder().add(header).end()), HasSubstr("truncated"));
}

TEST_F(LayerReaderTest, OddNamesAreKeptAsTheyAre) {
  read(TarBuilder().file("new\nline", "1").file("esc\x1b[31m", "2").file("\xff\xfe", "3").end());
  EXPECT_EQ(read_file(path("new\nline")), "1");
  EXPECT_EQ(read_file(path("esc\x1b[31m")), "2");
  EXPECT_EQ(read_file(path("\xff\xfe")), "3");
  EXPECT_THAT(refusal(TarBuilder().file("esc\x1b[31m/../..", "2").end()), HasSubstr("\\x1b"));
}

TEST_F(LayerReaderTest, FourThousandComponents) {
  std::string name = "d";
  for (int i = 1; i < 4096; ++i) name += "/d";
  EXPECT_THAT(refusal(TarBuilder().extended(TarBuilder::record("path", name)).file("f", "x").end()),
              HasSubstr("longer than"));
  name.resize(401);  // 201 levels: more than are kept open
  read(TarBuilder()
           .extended(TarBuilder::record("path", name + "/f"))
           .file("f", "x")
           .file("d/g", "y")
           .end());
  EXPECT_EQ(read_file(path(name + "/f")), "x");
  EXPECT_EQ(read_file(path("d/g")), "y");
  for (std::string at = name; at.size() > 2; at.resize(at.size() - 2))
    ASSERT_EQ(status(path(at)).st_mtim.tv_sec, 0) << at;
}

TEST_F(LayerReaderTest, DevicesOnlyWhereTheyAreAllowed) {
  ReadLimits limits;
  limits.allow_devices = false;
  EXPECT_THAT(refusal(TarBuilder().device("null", 1, 3).end(), limits), HasSubstr("devices"));
  EXPECT_THAT(refusal(TarBuilder().device("null", 0, 0).end()), HasSubstr("0:0"))
      << "a deletion that no mark names";
  if (is_root()) {
    read(TarBuilder().device("null", 1, 3).end());
    EXPECT_EQ(status(path("null")).st_rdev, makedev(1, 3));
  }
  read(TarBuilder().entry('6', "fifo", "", 0600).end(), limits);
  EXPECT_TRUE(S_ISFIFO(status(path("fifo")).st_mode));
}

TEST_F(LayerReaderTest, SetIdIsSetAfterTheOwnerAndTheContent) {
  if (!is_root()) GTEST_SKIP() << "owners need root";
  TarBuilder::Header header;
  header.name = "tool";
  header.mode = 06755;
  header.uid = 12;
  header.gid = 34;
  read(TarBuilder().add(header, "content").end());
  EXPECT_EQ(status(path("tool")).st_mode & 07777, 06755u);
  EXPECT_EQ(status(path("tool")).st_uid, 12u);
  EXPECT_EQ(status(path("tool")).st_gid, 34u);
}

TEST_F(LayerReaderTest, OverlaysAttributesAreDropped) {
  TarBuilder tar;
  tar.extended(TarBuilder::record("SCHILY.xattr.trusted.overlay.opaque", "y") +
               TarBuilder::record("SCHILY.xattr.trusted.overlay.redirect", "/") +
               TarBuilder::record("SCHILY.xattr.user.overlay.opaque", "y") +
               TarBuilder::record("SCHILY.xattr.security.selinux", "label") +
               TarBuilder::record("SCHILY.xattr.user.kept", "yes"));
  tar.directory("d");
  read(tar.end());
  EXPECT_LT(getxattr(path("d").c_str(), "trusted.overlay.opaque", nullptr, 0), 0);
  EXPECT_LT(getxattr(path("d").c_str(), "trusted.overlay.redirect", nullptr, 0), 0);
  EXPECT_LT(getxattr(path("d").c_str(), "user.overlay.opaque", nullptr, 0), 0);
  char value[8];
  EXPECT_EQ(getxattr(path("d").c_str(), "user.kept", value, sizeof value), 3);
}

TEST_F(LayerReaderTest, CapabilitiesAreKept) {
  if (!is_root()) GTEST_SKIP() << "file capabilities need root";
  const std::string capability("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  read(TarBuilder()
           .extended(TarBuilder::record("SCHILY.xattr.security.capability", capability))
           .file("ping", "x", 0755)
           .end());
  char value[64];
  EXPECT_EQ(getxattr(path("ping").c_str(), "security.capability", value, sizeof value), 20);
}

TEST_F(LayerReaderTest, TheLastEntryOfANameWins) {
  contained(TarBuilder().file("f", "1").file("./f", "2", 0600).end());
  EXPECT_EQ(read_file(path("f")), "2");
  EXPECT_EQ(status(path("f")).st_mode & 07777, 0600u);
  contained(TarBuilder().file("f", "1").directory("f").file("f/g", "2").end());
  EXPECT_EQ(read_file(path("f/g")), "2");
  contained(TarBuilder().directory("d").file("d/f", "1").file("d", "2").end());
  EXPECT_EQ(read_file(path("d")), "2");
  contained(TarBuilder().file("f", "1").symlink("f", "x").end());
  EXPECT_TRUE(S_ISLNK(status(path("f")).st_mode));
  contained(TarBuilder().file("f", "1").hard_link("f", "f").end());
  EXPECT_EQ(read_file(path("f")), "1");
  contained(TarBuilder().directory("d").file("d/f", "1").hard_link("d", "d/f").end());
  EXPECT_EQ(read_file(path("d")), "1");
  contained(TarBuilder().directory("d", 0700).file("d/f", "1").directory("d", 0711).end());
  EXPECT_EQ(status(path("d")).st_mode & 07777, 0711u);
  EXPECT_EQ(read_file(path("d/f")), "1");
  EXPECT_THAT(refusal(TarBuilder().file("f", "1").file("f/g", "2").end()),
              HasSubstr("not a directory"));
}

TEST_F(LayerReaderTest, ImpliedDirectoriesAreMarkedWhereItIsAsked) {
  ReadLimits limits;
  limits.mark_implied = true;
  const std::string bytes =
      TarBuilder().file("a/b/f", "1").directory("a/b").directory("c").file("c/d/g", "2").end();
  const auto implied = [&](const char* name) {
    return files::is_implied(open_file(path(name), O_RDONLY | O_DIRECTORY).get());
  };
  read(bytes, limits);
  EXPECT_TRUE(implied("a"));
  EXPECT_FALSE(implied("a/b"));
  EXPECT_FALSE(implied("c"));
  EXPECT_TRUE(implied("c/d"));
  read(bytes);
  EXPECT_FALSE(implied("a"));
}

TEST_F(LayerReaderTest, BombsAreStoppedAtTheLimit) {
  ReadLimits limits;
  limits.bytes = 1 << 20;
  const std::string bomb = gzip(TarBuilder().file("zeros", std::string(8 << 20, '\0')).end());
  EXPECT_LT(bomb.size(), 20'000u);
  EXPECT_THAT(refusal(bomb, limits), HasSubstr("larger than"));
  // Behind the end of the archive, where nothing declares a size.
  EXPECT_THAT(refusal(gzip(TarBuilder().end() + std::string(8 << 20, '\0')), limits),
              HasSubstr("more than"));
  limits = {};
  limits.entries = 3;
  EXPECT_THAT(
      refusal(TarBuilder().directory("a").directory("b").directory("c").directory("d").end(),
              limits),
      HasSubstr("more than 3"));
}

TEST_F(LayerReaderTest, GzipInGzipIsNoArchive) {
  EXPECT_NE(refusal(gzip(gzip(ordinary().end()))), "no error");
}

TEST_F(LayerReaderTest, WhatIsNoTarIsRefused) {
  EXPECT_THAT(refusal(std::string(2048, 'x')), HasSubstr("unrecognized"));
  EXPECT_THAT(refusal(std::string(512, '\0') + TarBuilder().file("f", "x").end()),
              HasSubstr("zeros"));
  EXPECT_THAT(refusal(TarBuilder().entry('Q', "f", "", 0).end()), HasSubstr("not known"));
}

TEST_F(LayerReaderTest, ArchivesAreKnownByTheirContent) {
  const auto looks = [&](const std::string& bytes) {
    write_file(directory_.path() + "/blob", bytes);
    const Fd fd = open_file(directory_.path() + "/blob", O_RDONLY);
    const bool result = looks_like_archive(fd.get());
    EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 0) << "the offset is the caller's";
    return result;
  };
  const std::string bytes = ordinary().end();
  EXPECT_TRUE(looks(bytes));
  EXPECT_TRUE(looks(gzip(bytes)));
  EXPECT_TRUE(looks(zstd(bytes)));
  EXPECT_FALSE(looks(""));
  EXPECT_FALSE(looks("#!/bin/sh\n"));
  EXPECT_FALSE(looks(std::string(4096, '\0')));
  EXPECT_FALSE(looks(gzip("only a compressed text")));
  EXPECT_FALSE(looks("\x1f\x8b\x08 broken"));
}

}  // namespace
}  // namespace mini::image
