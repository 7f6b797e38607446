#include "runtime/files/decompressor.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/runtime/image/store_fixture.h"

namespace mini::files {
namespace {

using image::message_of;
using image::StoreTest;
using image::write_file;
using testing::HasSubstr;

std::string gzip(const std::string& data, int level = 6) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
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

std::string zstd(const std::string& data, int window_log = 0) {
  std::string out(ZSTD_compressBound(data.size()) + 64, '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  if (window_log > 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  // As a stream of unknown size, so that the frame tells its window.
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &to, &in, ZSTD_e_continue);
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

std::string xz(const std::string& data, uint32_t dictionary = 1 << 20) {
  lzma_options_lzma options;
  EXPECT_FALSE(lzma_lzma_preset(&options, 0));
  const uint32_t window = options.dict_size;
  lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  std::string out(lzma_stream_buffer_bound(data.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, nullptr,
                                      reinterpret_cast<const uint8_t*>(data.data()), data.size(),
                                      reinterpret_cast<uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  if (dictionary == window) return out;
  // The size of the window is a number in the block's header, which the encoder would really need.
  options.dict_size = dictionary;
  lzma_block block{};
  block.version = 0;
  block.check = LZMA_CHECK_CRC32;
  block.filters = filters;
  block.compressed_size = block.uncompressed_size = LZMA_VLI_UNKNOWN;
  EXPECT_EQ(lzma_block_header_size(&block), LZMA_OK);
  // lzma_stream_buffer_encode writes the sizes too; keep its header's length by giving them.
  lzma_block old{};
  lzma_filter old_filters[LZMA_FILTERS_MAX + 1];
  old.version = 0;
  old.check = LZMA_CHECK_CRC32;
  old.filters = old_filters;
  auto* header = reinterpret_cast<uint8_t*>(out.data()) + LZMA_STREAM_HEADER_SIZE;
  old.header_size = lzma_block_header_size_decode(*header);
  EXPECT_EQ(lzma_block_header_decode(&old, nullptr, header), LZMA_OK);
  static_cast<lzma_options_lzma*>(old.filters[0].options)->dict_size = dictionary;
  EXPECT_EQ(lzma_block_header_encode(&old, header), LZMA_OK);
  free(old.filters[0].options);
  return out;
}

std::string bzip2(const std::string& data) {
  std::string out(data.size() + data.size() / 100 + 600, '\0');
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(data.data()),
                                     static_cast<unsigned>(data.size()), 9, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

class DecompressorTest : public StoreTest {
 protected:
  std::string unpack(const std::string& blob) {
    write_file(directory_.path() + "/blob", blob);
    const Fd fd = open_file(directory_.path() + "/blob", O_RDONLY);
    Decompressor in(fd.get(), "blob");
    std::string out;
    char buffer[10'007];
    for (size_t got; (got = in.read(buffer, sizeof buffer)) > 0;) out.append(buffer, got);
    EXPECT_EQ(in.blob_size(), blob.size());
    if (in.compressed()) {
      EXPECT_EQ(in.blob_digest(), Digest::of(blob));
    }
    return out;
  }
  std::string refusal(const std::string& blob) {
    return message_of([&] { unpack(blob); });
  }
};

std::string text() {
  std::string out;
  for (int i = 0; i < 100'000; ++i) out += std::to_string(i * 7919 % 100'003) + ' ';
  return out;
}

TEST_F(DecompressorTest, EveryFormatAndSeveralMembers) {
  const std::string all = text(), one = all.substr(0, 300'000), two = all.substr(300'000);
  for (const std::string& blob :
       {all, gzip(all), zstd(all), xz(all), bzip2(all), gzip(one) + gzip(two),
        zstd(one) + zstd(two), xz(one) + xz(two), bzip2(one) + bzip2(two),
        gzip(all) + std::string(512, '\0'), gzip(all) + std::string(1 << 20, '\0')})
    EXPECT_TRUE(unpack(blob) == all) << blob.size();
}

TEST_F(DecompressorTest, DamageAndTruncationAreRefused) {
  const std::string all = text();
  for (const std::string& blob : {gzip(all), gzip(all, 0), zstd(all), xz(all), bzip2(all)}) {
    for (const size_t cut : {size_t{1}, size_t{3}, blob.size() / 2, blob.size() - 20})
      EXPECT_NE(refusal(blob.substr(0, blob.size() - cut)), "no error") << cut;
    EXPECT_NE(refusal(blob + "garbage after it"), "no error");
    EXPECT_NE(refusal(blob + std::string(300'000, '\0') + "x"), "no error");
  }
  // Stored as it is, so that only the checksum can tell.
  std::string stored = gzip(all, 0);
  stored[stored.size() / 2] ^= 1;
  EXPECT_THAT(refusal(stored), HasSubstr("checksum"));
  EXPECT_THAT(refusal(stored + std::string(1000, '\0')), HasSubstr("checksum"));
}

// Up to a MiB a member is decoded whole; from the first larger one on they are streamed.
TEST_F(DecompressorTest, GzipMembersOfAllSizes) {
  constexpr size_t kMember = 1 << 20;
  std::string all;
  while (all.size() < 4 * kMember) all += text();
  for (const std::vector<size_t>& sizes : {std::vector<size_t>{kMember, kMember, 1},
                                           {1, 0, kMember},
                                           {kMember, kMember + 1, 7, kMember},
                                           {kMember + 1, 0},
                                           {0},
                                           {0, 0, 3 * kMember}}) {
    std::string blob, plain;
    for (const size_t size : sizes) {
      const std::string part = all.substr(plain.size(), size);
      blob += gzip(part, size == 1 ? 0 : 6);
      plain += part;
    }
    EXPECT_TRUE(unpack(blob) == plain) << sizes.size();
    EXPECT_TRUE(unpack(blob + std::string(700'000, '\0')) == plain) << sizes.size();
    EXPECT_THAT(refusal(blob + std::string(700'000, '\0') + "x"), HasSubstr("something after"));
    EXPECT_THAT(refusal(blob.substr(0, blob.size() - 1)), HasSubstr("truncated"));
    blob[blob.size() - 5] ^= 1;
    EXPECT_THAT(refusal(blob), HasSubstr("checksum"));
  }
  // What cannot be compressed grows.
  std::string noise(kMember, '\0');
  for (size_t i = 0; i + 32 <= noise.size(); i += 32)
    noise.replace(i, 32, Digest::of(std::to_string(i)).hex().substr(0, 32));
  EXPECT_TRUE(unpack(gzip(noise, 0) + gzip(noise, 1)) == noise + noise);
}

TEST_F(DecompressorTest, WhatIsCompressedTwiceIsRefused) {
  EXPECT_THAT(refusal(gzip(gzip(text()))), HasSubstr("compressed twice"));
  EXPECT_THAT(refusal(gzip(zstd(text()))), HasSubstr("compressed twice"));
  EXPECT_THAT(refusal(gzip(xz(text()))), HasSubstr("compressed twice"));
  EXPECT_THAT(refusal(gzip(bzip2(text()))), HasSubstr("compressed twice"));
  EXPECT_THAT(refusal(zstd(gzip(text()))), HasSubstr("compressed twice"));
}

TEST_F(DecompressorTest, WindowsThatNeedMuchMemoryAreRefused) {
  EXPECT_TRUE(unpack(zstd(text(), 27)) == text());
  EXPECT_THAT(refusal(zstd(text(), 28)), HasSubstr("memory"));
  EXPECT_TRUE(unpack(xz(text(), 128 << 20)) == text());
  EXPECT_THAT(refusal(xz(text(), 1U << 30)), HasSubstr("memory"));
}

TEST_F(DecompressorTest, NothingIsNoContent) {
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
}

}  // namespace
}  // namespace mini::files
