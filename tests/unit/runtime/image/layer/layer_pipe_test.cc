#include "runtime/image/layer/layer_pipe.h"

#include "runtime/files/hash_stream.h"
#include "runtime/files/tar_writer.h"

#include "tests/unit/runtime/image/store_fixture.h"

namespace mini::image {
namespace {

using testing::HasSubstr;

class LayerPipeTest : public StoreTest {
 protected:
  std::string error_of(const std::function<void(int fd)>& write) {
    Draft draft(paths_);
    try {
      pass_layer(write, "copy", draft);
    } catch (const Error& error) {
      return error.what();
    }
    return "passed";
  }
  LayerStore store_{paths_};  // makes the directories
};

TEST_F(LayerPipeTest, WhatIsWrittenIsUnpacked) {
  Draft draft(paths_);
  pass_layer(
      [](int fd) {
        files::HashStream out(fd);
        files::TarWriter tar(out);
        files::TarEntry entry;
        entry.path = "file";
        entry.mode = 0644;
        entry.size = 2;
        tar.entry(entry);
        out.write("ab");
        tar.pad(2);
        tar.end();
        out.finish();
      },
      "copy", draft);
  EXPECT_EQ(read_file(draft.tree() + "/file"), "ab");
}

TEST_F(LayerPipeTest, AReaderThatGivesUpIsTheReason) {
  const std::string junk(1 << 20, 'x');
  const std::string error = error_of([&](int fd) {
    for (;;) write_all(fd, junk, "pipe");
  });
  EXPECT_THAT(error, HasSubstr("copy"));
  EXPECT_THAT(error, testing::Not(HasSubstr("Broken pipe")));
}

TEST_F(LayerPipeTest, AWriterThatFailsIsTheReason) {
  const std::string error = error_of([](int fd) {
    files::HashStream out(fd);
    files::TarEntry entry;
    entry.path = "file";
    entry.size = 4096;
    files::TarWriter(out).entry(entry);
    out.finish();
    throw SysError(EIO, "source");
  });
  EXPECT_EQ(error, "source: Input/output error");
}

}  // namespace
}  // namespace mini::image
