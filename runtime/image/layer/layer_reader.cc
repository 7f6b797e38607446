#include "runtime/image/layer/layer_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/decompressor.h"
#include "runtime/files/entry_name.h"
#include "runtime/files/hash_stream.h"
#include "runtime/files/tar_reader.h"
#include "runtime/files/tree_maker.h"

namespace mini::image {
namespace {

constexpr std::string_view kAufsPrefix = ".wh..wh.";

// The uncompressed bytes, hashed as they pass; bounded.
class Content {
 public:
  Content(const files::ByteSource& source, const std::string& name, uint64_t limit,
          files::TarRecipe* recipe = nullptr)
      : in_(source, name), name_(name), limit_(limit), recipe_(recipe) {}

  // Valid until the next call: it lies in the buffer that is being hashed.
  std::string_view take(size_t size) {
    const files::HashStream::Space space = out_.space(size);
    const size_t got = in_.read(space.data, size);
    out_.commit(got);
    if (out_.size() > limit_) {
      throw Error(cat(name_, ": unpacks to more than ", limit_, " bytes"),
                  "an archive that grows so much is refused");
    }
    if (recipe_) recipe_->pass({space.data, got});
    return {space.data, got};
  }

  ReadResult finish() {
    while (!take(files::HashStream::kBuffer).empty()) {
    }
    ReadResult result;
    result.diff_id = out_.finish();
    result.blob = in_.compressed() ? in_.blob_digest() : result.diff_id;
    result.blob_size = in_.blob_size();
    result.compression = in_.compression();
    result.size = out_.size();
    if (recipe_) recipe_->finish();
    return result;
  }

 private:
  files::Decompressor in_;
  files::HashStream out_;
  const std::string& name_;
  const uint64_t limit_;
  files::TarRecipe* const recipe_;
};

class Applier {
 public:
  Applier(files::TarReader& tar, const std::string& name, const Draft& draft,
          const ReadLimits& limits, files::TarRecipe* recipe)
      : tar_(tar),
        tree_(open_file(draft.tree(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), name,
              [this](int directory, const std::string& entry, const std::string& path) {
                replaced_.take(directory, entry, path, recipe_ ? recipe_->contents() : 0);
              }),
        name_(name),
        limits_(limits),
        recipe_(recipe),
        replaced_(draft.replaced()) {
    if (limits.mark_implied) tree_.mark_implied();
  }

  uint64_t run() {
    uint64_t entries = 0;
    while (auto entry = tar_.next()) {
      if (++entries > limits_.entries)
        throw Error(cat(name_, ": has more than ", limits_.entries, " entries"));
      if (entry->size > limits_.bytes)
        refuse(*entry, cat("is larger than ", limits_.bytes, " bytes"));
      apply(*entry);
    }
    tree_.finish();
    return entries;
  }

 private:
  [[noreturn]] void refuse(const files::TarEntry& entry, const std::string& why) const {
    throw Error(cat(name_, ": ", quoted(entry.path), ": ", why));
  }

  std::string clean(const files::TarEntry& entry, std::string_view path) const {
    const auto name = files::entry_name(path);
    if (!name) refuse(entry, "a name with \"..\" that leaves the layer");
    return *name;
  }

  void apply(const files::TarEntry& entry) {
    const std::string path = clean(entry, entry.path);
    if (path.empty() && entry.type != files::EntryType::directory)
      refuse(entry, "the root is not a directory");
    if (const size_t marker = find_marker(path); marker != std::string::npos)
      return apply_marker(entry, path, marker);
    make(entry, path);
  }

  // Where a component begins with .wh.
  static size_t find_marker(const std::string& path) {
    if (path.starts_with(files::kWhiteoutPrefix)) return 0;
    const size_t at = path.find(cat('/', files::kWhiteoutPrefix));
    return at == std::string::npos ? at : at + 1;
  }

  void apply_marker(const files::TarEntry& entry, const std::string& path, size_t at) {
    if (!limits_.whiteouts)
      refuse(entry,
             "names that begin with .wh. mark deletions in layers, so a file cannot have one");
    const std::string_view name = std::string_view(path).substr(at);
    const std::string parent = at == 0 ? std::string() : path.substr(0, at - 1);
    if (name.find('/') != std::string_view::npos || entry.type == files::EntryType::directory)
      refuse(entry, "a deletion mark is not a directory");
    if (name == files::kOpaqueMarker) return tree_.opaque(parent);
    const std::string_view hidden = name.substr(files::kWhiteoutPrefix.size());
    if (hidden.empty() || hidden == "." || hidden == "..")
      refuse(entry, "a deletion mark without a name");
    if (name.starts_with(kAufsPrefix)) refuse(entry, "is private to another storage driver");
    tree_.whiteout(parent.empty() ? std::string(hidden) : cat(parent, '/', hidden));
  }

  files::EntryMeta meta_of(const files::TarEntry& entry) const {
    files::EntryMeta meta = entry;
    meta.mtime = std::max<int64_t>(0, entry.mtime);
    std::erase_if(meta.xattrs,
                  [](const auto& item) { return !files::is_kept_attribute(item.first); });
    return meta;
  }

  void make(const files::TarEntry& entry, const std::string& path) {
    const files::EntryMeta meta = meta_of(entry);
    switch (entry.type) {
      case files::EntryType::directory:
        return tree_.directory(path, meta);
      case files::EntryType::file:
        return file(path, meta, entry.size);
      case files::EntryType::symlink:
        if (entry.link.empty()) refuse(entry, "a link to nothing");
        return tree_.symlink(path, meta, entry.link);
      case files::EntryType::hard_link:
        return hard_link(entry, path);
      case files::EntryType::character:
      case files::EntryType::block:
        return device(entry, path, meta);
      case files::EntryType::fifo:
        return tree_.node(path, meta, S_IFIFO, 0, 0);
    }
  }

  void file(const std::string& path, const files::EntryMeta& meta, uint64_t size) {
    const files::TreeMaker::File file = tree_.file(path, meta.mode);
    if (recipe_) recipe_->content(file.path, size);
    for (std::string_view piece = tar_.content(); !piece.empty(); piece = tar_.content())
      write_all(file.fd.get(), piece, path);
    tree_.finish_file(file.fd, path, meta);
  }

  void hard_link(const files::TarEntry& entry, const std::string& path) {
    // An absolute target means the layer's root.
    const std::string target = clean(entry, entry.link);
    if (target.empty()) refuse(entry, "a hard link to nothing");
    tree_.hard_link(path, target);
  }

  void device(const files::TarEntry& entry, const std::string& path, const files::EntryMeta& meta) {
    const bool block = entry.type == files::EntryType::block;
    if (!limits_.allow_devices) refuse(entry, "devices are not allowed here");
    if (!block && entry.major == 0 && entry.minor == 0)
      refuse(entry, "the device 0:0 is overlay's mark of a deletion");
    tree_.node(path, meta, block ? S_IFBLK : S_IFCHR, entry.major, entry.minor);
  }

  files::TarReader& tar_;
  files::TreeMaker tree_;
  const std::string& name_;
  const ReadLimits& limits_;
  files::TarRecipe* const recipe_;
  files::Replaced replaced_;
};

ReadResult read(const files::ByteSource& source, const std::string& name, const Draft& draft,
                const ReadLimits& limits, files::TarRecipe* recipe) {
  Content content(source, name, limits.bytes, recipe);
  files::TarReader tar([&](size_t size) { return content.take(size); }, name);
  const uint64_t files = Applier(tar, name, draft, limits, recipe).run();
  ReadResult result = content.finish();
  result.files = files;
  return result;
}

files::ByteSource source_of(int fd, const std::string& name) {
  return [fd, &name](char* to, size_t size) { return read_full(fd, to, size, name); };
}

}  // namespace

ReadResult read_layer(int fd, const std::string& name, Draft& draft, const ReadLimits& limits) {
  return read(source_of(fd, name), name, draft, limits, nullptr);
}

ReadResult read_layer(const files::ByteSource& source, const std::string& name, Draft& draft,
                      files::TarRecipe& recipe, const ReadLimits& limits) {
  return read(source, name, draft, limits, &recipe);
}

ReadResult digest_layer(const files::ByteSource& source, const std::string& name,
                        const ReadLimits& limits) {
  return Content(source, name, limits.bytes).finish();
}

bool looks_like_archive(int fd) {
  const off_t before = lseek(fd, 0, SEEK_CUR);
  if (before < 0 || lseek(fd, 0, SEEK_SET) < 0) return false;
  const std::string name = "archive";
  bool result = false;
  try {
    Content content(source_of(fd, name), name, ReadLimits{}.bytes);
    result = files::TarReader([&](size_t size) { return content.take(size); }, name).has_entry();
  } catch (const Error&) {
    // Compressed, but not soundly: no archive.
  }
  lseek(fd, before, SEEK_SET);
  return result;
}

}  // namespace mini::image
