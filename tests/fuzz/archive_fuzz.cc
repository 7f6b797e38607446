// A libFuzzer entry for archives from outside: the bytes as an archive, whose files are read as the
// documents that they could be, and the bytes as each of those documents. Whatever they are, they
// are taken or refused with an Error; names never leave the archive. Not built by default:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/archive_fuzz.cc
//   runtime/image/*.cc runtime/base/*.cc -larchive -lcrypto -lzstd -lz -llzma -lbz2
//   -Wl,--wrap=lzma_stream_decoder
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/image/document/config.h"
#include "runtime/image/document/layout_index.h"
#include "runtime/image/document/manifest.h"
#include "runtime/image/transfer/archive_source.h"

namespace {

using namespace mini;
using namespace mini::image;

void require(bool holds) {
  if (!holds) abort();
}

template <class Work>
void refusable(Work&& work) {
  try {
    work();
  } catch (const Error&) {
    // As it should be.
  }
}

void check_document(const std::string& text) {
  refusable([&] {
    for (const LayoutRow& row : parse_layout_index(text, "index")) {
      refusable(
          [&] { choose_platform(row.descriptor, "index", [&](const auto&) { return text; }); });
    }
  });
  refusable([&] { Manifest::parse(text, "manifest"); });
  refusable([&] {
    // What was taken once is taken again.
    const std::string again = ImageConfig::parse(text, "config").to_json();
    require(ImageConfig::parse(again, "config").to_json() == again);
  });
}

bool is_clean(const std::string& path) {
  const std::string framed = "/" + path + "/";
  return framed.find("//") == std::string::npos && framed.find("/../") == std::string::npos &&
         framed.find("/./") == std::string::npos;
}

void check_file(const ArchiveFile& file) {
  require(!file.path.empty() && is_clean(file.path));
  if (file.link) {
    require(file.link->empty() || is_clean(*file.link));
    return;
  }
  constexpr uint64_t kSmall = 64 << 10;
  if (file.size > kSmall) return;
  std::string text(file.size, '\0');
  text.resize(file.content(text.data(), text.size()));
  check_document(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_document(text);
  const Fd fd(memfd_create("archive", MFD_CLOEXEC));
  require(static_cast<bool>(fd) && pwrite(fd.get(), data, size, 0) == static_cast<ssize_t>(size));
  refusable([&] { read_archive(fd.get(), "archive", check_file); });
  return 0;
}
