#include "runtime/image/layer/layer_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/entry_name.h"
#include "runtime/files/hash_stream.h"
#include "runtime/files/tar_writer.h"
#include "runtime/files/tree_maker.h"

namespace mini::image {
namespace {

constexpr size_t kReadAtOnce = 64 << 10;

size_t read_at(int fd, char* buffer, size_t size, uint64_t offset, const std::string& path) {
  for (;;) {
    const ssize_t got = pread(fd, buffer, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) throw SysError(cat("layer: ", quoted(path), ": read"));
  }
}

}  // namespace

struct LayerWriter::Impl {
  Impl(const Draft& draft, int64_t epoch_limit)
      : epoch(epoch_limit),
        tree(open_file(draft.tree(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), "layer"),
        tar(stream) {}

  void check_path(const std::string& path) {
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    if (name.empty() || path.front() == '/' || path.find("//") != std::string::npos)
      throw Error(cat("layer: ", quoted(path), ": not a clean relative path"));
    for (const std::string& part : split(path, '/')) {
      if (part == "." || part == "..")
        throw Error(cat("layer: ", quoted(path), ": not a clean relative path"));
    }
    if (name.starts_with(files::kWhiteoutPrefix)) {
      throw Error(
          cat("layer: ", quoted(path),
              ": names that begin with .wh. mark deletions in layers, so a file cannot have one"),
          "rename or remove it");
    }
    if (path.size() >= files::kLongestPath)
      throw Error(cat("layer: a path is longer than ", files::kLongestPath,
                      " bytes: ", quoted(path.substr(0, 100))));
    if (!files::comes_before(last, path))
      throw Error(cat("layer: ", quoted(path), " does not come after ", quoted(last)));
    last = path;
  }

  // What is written and what is hashed must be the same, so both see the same normal form.
  files::EntryMeta normal(const files::EntryMeta& given) const {
    files::EntryMeta meta = given;
    meta.mode &= 07777;
    meta.mtime = files::clamp_time(meta.mtime, epoch);
    std::erase_if(meta.xattrs,
                  [](const auto& item) { return !files::is_kept_attribute(item.first); });
    return meta;
  }

  void copy(int source, int target, uint64_t size, const std::string& path) {
    for (uint64_t done = 0;;) {
      // One byte more than is left, so that a file which has grown is noticed without another call.
      const uint64_t left = size - done;
      const files::HashStream::Space room = stream.space(std::min<uint64_t>(left + 1, kReadAtOnce));
      const size_t want = std::min<uint64_t>(left + 1, room.size);
      const size_t got = read_at(source, room.data, want, done, path);
      if (got > left || (got == 0 && left > 0))
        throw Error(cat("layer: ", quoted(path), ": changed while it was read"),
                    "run the build again");
      write_all(target, {room.data, got}, path);
      stream.commit(got);
      done += got;
      if (got < want && done == size) return;
    }
  }

  const int64_t epoch;
  files::HashStream stream;
  files::TreeMaker tree;
  files::TarWriter tar;
  std::string last;
  std::map<uint64_t, std::string> first_of;  // of the files with several names
};

LayerWriter::LayerWriter(const Draft& draft, int64_t epoch)
    : impl_(std::make_unique<Impl>(draft, epoch)) {}

LayerWriter::~LayerWriter() = default;

void LayerWriter::directory(const std::string& path, const files::EntryMeta& given, bool opaque) {
  const files::EntryMeta meta = impl_->normal(given);
  const bool root = path.empty();
  if (!root) impl_->check_path(path);
  if (root && !impl_->last.empty()) throw Error("layer: the root comes first");
  impl_->tree.directory(path, meta);
  const bool plain =
      root && meta.mode == 0755 && meta.uid == 0 && meta.gid == 0 && meta.xattrs.empty() && !opaque;
  if (!plain) impl_->tar.entry({files::EntryType::directory, path, meta});
  if (!opaque) return;
  impl_->tree.opaque(path);
  impl_->tar.opaque(path);
}

void LayerWriter::file(const std::string& path, const files::EntryMeta& given, int source_fd,
                       uint64_t size) {
  impl_->check_path(path);
  const files::EntryMeta meta = impl_->normal(given);
  files::TarEntry entry(files::EntryType::file, path, meta);
  entry.size = size;
  const Fd target = impl_->tree.file(path, meta.mode).fd;
  impl_->tar.entry(entry);
  impl_->copy(source_fd, target.get(), size, path);
  impl_->tar.pad(size);
  impl_->tree.finish_file(target, path, meta);
}

void LayerWriter::file(const std::string& path, const files::EntryMeta& given,
                       std::string_view content) {
  impl_->check_path(path);
  const files::EntryMeta meta = impl_->normal(given);
  files::TarEntry entry(files::EntryType::file, path, meta);
  entry.size = content.size();
  const Fd target = impl_->tree.file(path, meta.mode).fd;
  impl_->tar.entry(entry);
  impl_->stream.write(content);
  impl_->tar.pad(content.size());
  write_all(target.get(), content, path);
  impl_->tree.finish_file(target, path, meta);
}

void LayerWriter::symlink(const std::string& path, const files::EntryMeta& given,
                          const std::string& target) {
  impl_->check_path(path);
  files::EntryMeta meta = impl_->normal(given);
  meta.mode = 0777;  // Linux has no other
  impl_->tree.symlink(path, meta, target);
  files::TarEntry entry(files::EntryType::symlink, path, meta);
  entry.link = target;
  impl_->tar.entry(entry);
}

void LayerWriter::hard_link(const std::string& path, const std::string& existing) {
  impl_->check_path(path);
  const files::TreeMaker::Linked linked = impl_->tree.hard_link(path, existing);
  files::TarEntry entry(files::EntryType::hard_link, path, linked.meta);
  // `existing` may be a link itself; the tar names the first.
  entry.link = impl_->first_of.try_emplace(linked.inode, existing).first->second;
  impl_->tar.entry(entry);
}

void LayerWriter::device(const std::string& path, const files::EntryMeta& given, bool block,
                         unsigned major, unsigned minor) {
  impl_->check_path(path);
  if (!block && major == 0 && minor == 0)
    throw Error(cat("layer: ", quoted(path), ": the device 0:0 is overlay's mark of a deletion"));
  const files::EntryMeta meta = impl_->normal(given);
  impl_->tree.node(path, meta, block ? S_IFBLK : S_IFCHR, major, minor);
  files::TarEntry entry(block ? files::EntryType::block : files::EntryType::character, path, meta);
  entry.major = major;
  entry.minor = minor;
  impl_->tar.entry(entry);
}

void LayerWriter::fifo(const std::string& path, const files::EntryMeta& given) {
  impl_->check_path(path);
  const files::EntryMeta meta = impl_->normal(given);
  impl_->tree.node(path, meta, S_IFIFO, 0, 0);
  impl_->tar.entry({files::EntryType::fifo, path, meta});
}

void LayerWriter::whiteout(const std::string& path) {
  impl_->check_path(path);
  impl_->tree.whiteout(path);
  impl_->tar.whiteout(path);
}

LayerWriter::Result LayerWriter::finish() {
  impl_->tree.finish();
  impl_->tar.end();
  const Digest diff_id = impl_->stream.finish();
  return {diff_id, impl_->stream.size(), impl_->tar.entries()};
}

}  // namespace mini::image
