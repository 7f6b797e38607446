#include "runtime/registry/distribution/compress.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/files/decompressor.h"

namespace mini::registry {
namespace {

std::string content(size_t size) {
  std::string text;
  for (unsigned i = 0; text.size() < size; ++i) text += std::to_string(i * 2654435761u) + "\n";
  text.resize(size);
  return text;
}

struct Result {
  Compressed compressed;
  Fd file;
};

Result compress(PushFormat format, const std::string& text) {
  Result result{{}, Fd(memfd_create("test", MFD_CLOEXEC))};
  result.compressed = compress_layer(
      format, [&](int fd) { write_all(fd, text, "test"); }, result.file.get());
  lseek(result.file.get(), 0, SEEK_SET);
  return result;
}

std::string unpacked(const Fd& file, size_t size) {
  files::Decompressor in(file.get(), "test");
  std::string text(size + 10, '\0');
  size_t done = 0;
  while (const size_t got = in.read(text.data() + done, text.size() - done)) done += got;
  text.resize(done);
  return text;
}

class Compress : public ::testing::TestWithParam<PushFormat> {};

TEST_P(Compress, GivesTheSameBytesEachTimeAndTheContentBack) {
  for (const size_t size : {size_t{1}, size_t{512}, size_t{1} << 20, (size_t{9} << 20) + 17}) {
    const std::string text = content(size);
    const Result first = compress(GetParam(), text), second = compress(GetParam(), text);
    EXPECT_EQ(first.compressed.digest, second.compressed.digest) << size;
    EXPECT_EQ(first.compressed.digest, Digest::of(read_all(first.file.get(), "test")));
    lseek(first.file.get(), 0, SEEK_SET);
    EXPECT_EQ(static_cast<off_t>(first.compressed.size), lseek(first.file.get(), 0, SEEK_END));
    lseek(first.file.get(), 0, SEEK_SET);
    EXPECT_TRUE(unpacked(first.file, size) == text) << size;
  }
}

TEST_P(Compress, ThrowsWhatTheTarThrows) {
  const Fd out(memfd_create("test", MFD_CLOEXEC));
  const auto damaged = [](int fd) {
    write_all(fd, std::string(5 << 20, 'x'), "test");
    throw Error("the tree is not what was stored");
  };
  EXPECT_THROW(compress_layer(GetParam(), damaged, out.get()), Error);
}

TEST_P(Compress, EndsWhenItCannotWrite) {
  const Fd out = open_file("/dev/full", 1);
  const std::string text = content(20 << 20);
  EXPECT_THROW(compress_layer(
                   GetParam(), [&](int fd) { write_all(fd, text, "test"); }, out.get()),
               Error);
}

INSTANTIATE_TEST_SUITE_P(Formats, Compress, ::testing::Values(PushFormat::gzip, PushFormat::zstd));

// What others have pulled under a digest must come out again, also of a later mini: a change here
// is a change of every digest.
TEST(CompressedBytes, AreTheseForEver) {
  EXPECT_EQ(compress(PushFormat::gzip, content(3 << 20)).compressed.digest.short_id(),
            "b62b70317872");
  EXPECT_EQ(compress(PushFormat::zstd, content(3 << 20)).compressed.digest.short_id(),
            "f03c146be396");
}

}  // namespace
}  // namespace mini::registry
