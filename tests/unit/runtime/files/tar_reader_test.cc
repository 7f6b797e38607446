#include "runtime/files/tar_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "tests/unit/runtime/image/tar_builder.h"

namespace mini::files {
namespace {

using image::TarBuilder;
using testing::HasSubstr;

struct Read {
  std::vector<TarEntry> entries;
  std::vector<std::string> contents;
  std::string error;
};

Read read(const std::string& bytes) {
  Read result;
  size_t at = 0;
  try {
    TarReader tar(
        [&](size_t size) {
          const std::string_view piece = std::string_view(bytes).substr(at, size);
          at += piece.size();
          return piece;
        },
        "tar");
    while (auto entry = tar.next()) {
      result.entries.push_back(*entry);
      std::string content;
      for (auto piece = tar.content(); !piece.empty(); piece = tar.content()) content += piece;
      result.contents.push_back(content);
    }
  } catch (const Error& error) {
    result.error = error.what();
  }
  return result;
}

TarBuilder with(const std::string& records) {
  return TarBuilder().extended(records);
}

TEST(TarReader, NamesOfEveryHeaderAreRawBytes) {
  // é composed and decomposed, a character outside the first plane, and bytes that are no UTF-8.
  for (const std::string name : {"caf\xc3\xa9", "cafe\xcc\x81", "\xf0\x9f\x90\xb3", "\xff\xfe"}) {
    for (const std::string& bytes :
         {TarBuilder().symlink(name, name).end(),
          with(TarBuilder::record("path", name) + TarBuilder::record("linkpath", name))
              .symlink("x", "y")
              .end(),
          with(TarBuilder::record("hdrcharset", "BINARY") + TarBuilder::record("path", name) +
               TarBuilder::record("linkpath", name))
              .symlink("x", "y")
              .end(),
          TarBuilder().extended(name, 'L').extended(name, 'K').symlink("x", "y").end()}) {
      const Read tar = read(bytes);
      ASSERT_EQ(tar.error, "") << name;
      ASSERT_EQ(tar.entries.size(), 1u);
      EXPECT_EQ(tar.entries[0].path, name);
      EXPECT_EQ(tar.entries[0].link, name);
    }
  }
}

TEST(TarReader, OwnersNamesMayBeOfAnyCharacters) {
  const Read tar = read(with(TarBuilder::record("uname", "ren\xc3\xa9")).file("f", "x").end());
  EXPECT_EQ(tar.error, "");
}

TEST(TarReader, ANameThatIsNotConvertedHidesNoOtherFault) {
  EXPECT_THAT(
      read(with(TarBuilder::record("path", "\xc3\xa9") + "99 x=y\n").file("f", "x").end()).error,
      HasSubstr("malformed pax"));
}

TEST(TarReader, NoNulInNames) {
  const std::string nul("f\0g", 3);
  EXPECT_THAT(read(with(TarBuilder::record("path", nul)).file("f", "x").end()).error,
              HasSubstr("NUL"));
  EXPECT_THAT(read(with(TarBuilder::record("linkpath", nul)).symlink("f", "x").end()).error,
              HasSubstr("NUL"));
}

TEST(TarReader, AttributesMayHoldAnyBytes) {
  const std::string value("a\0=\n\xff", 5);
  const Read tar = read(with(TarBuilder::record("SCHILY.xattr.user.x", value)).file("f", "").end());
  ASSERT_EQ(tar.entries.size(), 1u) << tar.error;
  EXPECT_EQ(tar.entries[0].xattrs.at("user.x"), value);
}

TEST(TarReader, ASizeThatLiesIsRefused) {
  for (const char* size : {"0", "1", "600", "100000"}) {
    const std::string record = TarBuilder::record("SCHILY.realsize", size);
    EXPECT_THAT(read(with(record).file("f", std::string(512, 'x')).file("g", "x").end()).error,
                HasSubstr("not of the size"))
        << size;
  }
}

TEST(TarReader, EveryContentIsWhole) {
  TarBuilder tar;
  const std::vector<size_t> sizes{0, 1, 511, 512, 513, 256 << 10, (256 << 10) + 1, 3'000'000};
  for (const size_t size : sizes) tar.file("f" + std::to_string(size), std::string(size, 'x'));
  const Read result = read(tar.end());
  ASSERT_EQ(result.error, "");
  ASSERT_EQ(result.contents.size(), sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) EXPECT_EQ(result.contents[i].size(), sizes[i]);
}

TEST(TarReader, GlobalHeadersHaveNoSay) {
  const std::string records = TarBuilder::record("comment", "a commit") +
                              TarBuilder::record("path", "evil") + TarBuilder::record("size", "9");
  const Read tar = read(TarBuilder().extended(records, 'g').file("f", "x").end());
  ASSERT_EQ(tar.entries.size(), 1u) << tar.error;
  EXPECT_EQ(tar.entries[0].path, "f");
  EXPECT_EQ(tar.contents[0], "x");
}

TEST(TarReader, ExtendedHeadersThatLibarchiveWouldMixUpAreRefused) {
  const std::string record = TarBuilder::record("comment", "x");
  EXPECT_THAT(read(with(record).extended(record).file("f", "x").end()).error,
              HasSubstr("malformed pax"));
  TarBuilder tar;
  for (int i = 0; i < 33; ++i) tar.extended(record, 'g');
  EXPECT_THAT(read(tar.file("f", "x").end()).error, HasSubstr("too many"));
}

TEST(TarReader, ADirectoryBeforePosixEndsInASlash) {
  const Read tar = read(TarBuilder().file("d/", "").end());
  ASSERT_EQ(tar.entries.size(), 1u) << tar.error;
  EXPECT_EQ(tar.entries[0].type, EntryType::directory);
}

}  // namespace
}  // namespace mini::files
