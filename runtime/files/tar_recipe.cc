#include "runtime/files/tar_recipe.h"

#include <endian.h>
#include <fcntl.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/files/decompressor.h"
#include "runtime/files/tar_writer.h"

namespace mini::image {
namespace {

constexpr size_t kRaw = 64 << 10;  // bytes of one record
constexpr int kLevel = 1;

}  // namespace

// One zstd frame in a file.
struct TarRecipe::Frame {
  explicit Frame(const std::string& file)
      : path(file),
        fd(open_file(file, O_WRONLY | O_CREAT | O_EXCL, 0600)),
        context(ZSTD_createCCtx(), ZSTD_freeCCtx),
        buffer(ZSTD_CStreamOutSize()) {
    if (!context) throw SysError(ENOMEM, path);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  }

  void write(std::string_view bytes, ZSTD_EndDirective mode) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const size_t left = ZSTD_compressStream2(context.get(), &out, &in, mode);
      if (ZSTD_isError(left)) throw Error(cat(path, ": ", ZSTD_getErrorName(left)));
      write_all(fd.get(), {buffer.data(), out.pos}, path);
      if (mode == ZSTD_e_end ? left == 0 : in.pos == in.size) return;
    }
  }

  const std::string path;
  Fd fd;
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context;
  std::vector<char> buffer;
};

TarRecipe::TarRecipe(const std::string& path) : frame_(std::make_unique<Frame>(path)) {}

TarRecipe::~TarRecipe() = default;

void TarRecipe::record(char kind, uint64_t number, std::string_view bytes) {
  char head[1 + sizeof number];
  head[0] = kind;
  number = htole64(number);
  memcpy(head + 1, &number, sizeof number);
  frame_->write({head, sizeof head}, ZSTD_e_continue);
  frame_->write(bytes, ZSTD_e_continue);
}

void TarRecipe::flush() {
  if (!raw_.empty()) record('R', raw_.size(), raw_);
  raw_.clear();
}

void TarRecipe::pass(std::string_view bytes) {
  const size_t content = std::min<uint64_t>(content_left_, bytes.size());
  content_left_ -= content;
  bytes.remove_prefix(content);
  raw_ += bytes;
  if (raw_.size() >= kRaw) flush();
}

void TarRecipe::content(const std::string& path, uint64_t size) {
  if (size == 0) return;
  flush();
  record('F', size, {});
  record('P', path.size(), path);
  content_left_ = size;
}

void TarRecipe::finish() {
  flush();
  frame_->write({}, ZSTD_e_end);
  frame_->fd.close(frame_->path);
}

namespace {

class Cook {
 public:
  Cook(const std::string& path, Fd tree, HashStream& out, const std::string& shown)
      : file_(open_file(path, O_RDONLY | O_NOFOLLOW)),
        recipe_(file_.get(), path),
        path_(path),
        tree_(std::move(tree), shown),
        out_(out) {}

  void run() {
    for (char kind; recipe_.read(&kind, 1) == 1;) {
      const uint64_t size = number();
      if (kind == 'R' && size <= 2 * HashStream::kBuffer) {
        raw(size);
      } else if (kind == 'F') {
        file(size);
      } else {
        damaged();
      }
    }
  }

 private:
  [[noreturn]] void damaged() const { throw Error(cat(path_, ": is damaged")); }

  void need(char* to, size_t size) {
    if (recipe_.read(to, size) != size) damaged();
  }

  uint64_t number() {
    uint64_t value;
    need(reinterpret_cast<char*>(&value), sizeof value);
    return le64toh(value);
  }

  void raw(uint64_t size) {
    while (size > 0) {
      const HashStream::Space space = out_.space(1);
      const size_t piece = std::min<uint64_t>(space.size, size);
      need(space.data, piece);
      out_.commit(piece);
      size -= piece;
    }
  }

  void file(uint64_t size) {
    char kind;
    need(&kind, 1);
    const uint64_t length = number();
    if (kind != 'P' || length == 0 || length >= kLongestPath) damaged();
    std::string name(length, '\0');
    need(name.data(), length);
    const Fd fd = tree_.open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    while (size > 0) {
      const HashStream::Space space = out_.space(1);
      const size_t piece =
          read_full(fd.get(), space.data, std::min<uint64_t>(space.size, size), name);
      if (piece == 0)
        throw Error(cat(tree_.name(), ": ", quoted(name), ": is shorter than it was"));
      out_.commit(piece);
      size -= piece;
    }
  }

  const Fd file_;
  Decompressor recipe_;
  const std::string& path_;
  const Root tree_;
  HashStream& out_;
};

}  // namespace

void write_recipe_tar(const std::string& path, Fd tree, HashStream& out, const std::string& shown) {
  Cook(path, std::move(tree), out, shown).run();
}

}  // namespace mini::image
