#include "runtime/image/transfer/archive_source.h"

#include <fcntl.h>

#include "tests/unit/runtime/image/store_fixture.h"
#include "tests/unit/runtime/image/tar_builder.h"

namespace mini::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ArchiveSource : public StoreTest {
 protected:
  // "PATH", "PATH -> LINK" or "PATH = CONTENT" of each file.
  std::vector<std::string> files(const std::string& tar) {
    const std::string path = directory_.path() + "/archive";
    write_file(path, tar);
    const Fd fd = open_file(path, O_RDONLY);
    std::vector<std::string> result;
    read_archive(fd.get(), "archive", [&](const ArchiveFile& file) {
      std::string line = file.path;
      if (file.link) {
        line += " -> " + *file.link;
      } else if (file.size > 0) {
        std::string content(file.size, '\0');
        EXPECT_EQ(file.content(content.data(), content.size()), content.size());
        line += " = " + content;
      }
      result.push_back(line);
    });
    return result;
  }
  std::string refusal(const TarBuilder& tar) {
    return message_of([&] { files(tar.end()); });
  }
};

TEST_F(ArchiveSource, NamesAreCleaned) {
  EXPECT_THAT(files(TarBuilder()
                        .directory("./a/")
                        .file("./a//b", "content")
                        .symlink("a/link", "../a/b")
                        .hard_link("a/hard", "./a/b")
                        .file("c", "")
                        .end()),
              ElementsAre("a/b = content", "a/link -> a/b", "a/hard -> a/b", "c"));
}

TEST_F(ArchiveSource, WhatLeavesTheArchiveIsRefused) {
  EXPECT_THAT(refusal(TarBuilder().file("../a", "x")), HasSubstr(".."));
  EXPECT_THAT(refusal(TarBuilder().file("a/../../b", "x")), HasSubstr(".."));
  EXPECT_THAT(refusal(TarBuilder().file("/../a", "x")), HasSubstr(".."));
  EXPECT_THAT(refusal(TarBuilder().symlink("a/b", "../../c")), HasSubstr("leaves the archive"));
  EXPECT_THAT(refusal(TarBuilder().symlink("/", "x")), HasSubstr("root"));
  EXPECT_THAT(refusal(TarBuilder().hard_link("a", "../c")), HasSubstr(".."));
}

TEST_F(ArchiveSource, NamesAreTakenFromTheRoot) {
  EXPECT_THAT(files(TarBuilder()
                        .directory("/")
                        .file("/manifest.json", "1")
                        .file("//a/x/../0.tar", "2")
                        .symlink("/b/link", "/a/0.tar")
                        .end()),
              ElementsAre("manifest.json = 1", "a/0.tar = 2", "b/link -> a/0.tar"));
}

TEST_F(ArchiveSource, ANameMayComeTwice) {
  EXPECT_THAT(files(TarBuilder().file("a", "1").file("./a", "2").end()),
              ElementsAre("a = 1", "a = 2"));
}

TEST_F(ArchiveSource, WhatIsNoFileIsRefused) {
  EXPECT_THAT(refusal(TarBuilder().device("null", 1, 3)), HasSubstr("neither a file"));
  EXPECT_THAT(refusal(TarBuilder().entry('6', "fifo", "", 0644)), HasSubstr("neither a file"));
}

TEST_F(ArchiveSource, ACutArchiveIsRefused) {
  const std::string tar = TarBuilder().file("a", std::string(5000, 'x')).file("b", "y").end();
  for (const size_t size : {size_t{100}, size_t{700}, size_t{5000}, tar.size() - 1024 - 100})
    EXPECT_NE(message_of([&] { files(tar.substr(0, size)); }), "no error") << size;
}

TEST_F(ArchiveSource, WhatIsNotReadIsSkipped) {
  const std::string path = directory_.path() + "/archive";
  write_file(path, TarBuilder().file("a", std::string(3000, 'x')).file("b", "y").end());
  const Fd fd = open_file(path, O_RDONLY);
  std::string seen;
  read_archive(fd.get(), "archive", [&](const ArchiveFile& file) { seen += file.path; });
  EXPECT_EQ(seen, "ab");
}

TEST_F(ArchiveSource, ADirectoryGivesItsLayoutOnly) {
  const std::string layout = directory_.path() + "/layout";
  make_directories(layout + "/blobs/sha256");
  write_file(layout + "/oci-layout", "{}");
  write_file(layout + "/index.json", "{}");
  write_file(layout + "/other", "x");
  write_file(layout + "/blobs/sha256/ab", "blob");
  ASSERT_EQ(symlink("/etc/passwd", (layout + "/blobs/sha256/cd").c_str()), 0);
  EXPECT_NE(message_of([&] { read_archive_directory(layout, [](const ArchiveFile&) {}); }),
            "no error");
  ASSERT_EQ(unlink((layout + "/blobs/sha256/cd").c_str()), 0);
  std::vector<std::string> paths;
  read_archive_directory(layout, [&](const ArchiveFile& file) { paths.push_back(file.path); });
  EXPECT_THAT(paths, ElementsAre("oci-layout", "index.json", "blobs/sha256/ab"));
}

}  // namespace
}  // namespace mini::image
