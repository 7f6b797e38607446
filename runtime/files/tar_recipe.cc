#include "runtime/files/tar_recipe.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/files/decompressor.h"
#include "runtime/files/tar_writer.h"

namespace mini::files {
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
  ++contents_;
}

void TarRecipe::finish() {
  flush();
  frame_->write({}, ZSTD_e_end);
  frame_->fd.close(frame_->path);
}

namespace {

class Cook {
 public:
  Cook(const std::string& path, Fd tree, const std::string& replaced, HashStream& out,
       const std::string& shown)
      : file_(open_file(path, O_RDONLY | O_NOFOLLOW)),
        recipe_(file_.get(), path),
        path_(path),
        tree_(std::move(tree), shown),
        replaced_(replaced),
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

  Fd open_content(const std::string& name) {
    if (std::optional<Fd> before = replaced_.find(name, contents_++)) return std::move(*before);
    return tree_.open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }

  void file(uint64_t size) {
    char kind;
    need(&kind, 1);
    const uint64_t length = number();
    if (kind != 'P' || length == 0 || length >= kLongestPath) damaged();
    std::string name(length, '\0');
    need(name.data(), length);
    const Fd fd = open_content(name);
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
  Replaced replaced_;
  uint64_t contents_ = 0;
  HashStream& out_;
};

}  // namespace

void Replaced::take(int directory, const std::string& name, const std::string& path,
                    uint64_t contents) {
  const std::string folder = cat(folder_, '/', Digest::of(path).hex());
  make_directories(folder, 0700);
  const std::string place = cat(folder, '/', contents, '.', number_++);
  if (renameat(directory, name.c_str(), AT_FDCWD, place.c_str()) < 0)
    throw SysError(cat(quoted(path), ": replace"));
}

const std::vector<Replaced::Mark>& Replaced::marks_of(const std::string& path) {
  const auto [known, fresh] = marks_.try_emplace(path);
  if (!fresh) return known->second;
  for (const std::string& name : list_directory(cat(folder_, '/', Digest::of(path).hex()))) {
    const size_t dot = name.find('.');
    const auto contents = parse_number(std::string_view(name).substr(0, dot));
    const auto number = dot == name.npos ? std::nullopt : parse_number(name.substr(dot + 1));
    if (contents && number) known->second.emplace_back(*contents, *number);
  }
  std::sort(known->second.begin(), known->second.end());
  return known->second;
}

std::optional<Fd> Replaced::find(const std::string& path, uint64_t contents) {
  if (number_ == 0 && !exists(folder_)) return {};
  std::optional<Mark> first;  // replacement of the file or of a directory above it
  std::string above;
  for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const std::string covering = path.substr(0, end);
    const std::vector<Mark>& marks = marks_of(covering);
    const auto next = std::lower_bound(marks.begin(), marks.end(), Mark{contents + 1, 0});
    if (next != marks.end() && (!first || *next < *first)) {
      first = *next;
      above = covering;
    }
    if (end == path.npos) break;
  }
  if (!first) return {};
  const Root root(cat(folder_, '/', Digest::of(above).hex()));
  return root.open(cat(first->first, '.', first->second, path.substr(above.size())),
                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

void write_recipe_tar(const std::string& path, Fd tree, const std::string& replaced,
                      HashStream& out, const std::string& shown) {
  Cook(path, std::move(tree), replaced, out, shown).run();
}

}  // namespace mini::files
