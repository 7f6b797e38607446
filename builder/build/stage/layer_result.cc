#include "builder/build/stage/layer_result.h"

#include <sys/sysmacros.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/image/layer/layer_writer.h"

namespace mini::build {
namespace {

void write_content(image::LayerWriter& writer, const PlannedEntry& entry,
                   const files::EntryMeta& meta) {
  const Fd fd = entry.view->open(entry.source.path, entry.source);
  writer.file(entry.path, meta, fd.get(), entry.source.size);
  // The key says what was in the file when it was hashed: nothing else may get into the layer.
  entry.view->expect_unchanged(fd.get(), entry.source.path, entry.source);
}

void write_entry(image::LayerWriter& writer, const PlannedEntry& entry, int64_t epoch) {
  files::EntryMeta meta;
  meta.mode = entry.mode & 07777;
  meta.uid = entry.uid;
  meta.gid = entry.gid;
  meta.mtime = entry.mtime.value_or(epoch);
  meta.xattrs = entry.attributes;
  if (!entry.hard_link_to.empty()) return writer.hard_link(entry.path, entry.hard_link_to);
  switch (entry.mode & S_IFMT) {
    case S_IFDIR:
      return writer.directory(entry.path, meta);
    case S_IFLNK:
      return writer.symlink(entry.path, meta, entry.text);
    case S_IFIFO:
      return writer.fifo(entry.path, meta);
    case S_IFREG:
      if (entry.is_inline) return writer.file(entry.path, meta, entry.text);
      return write_content(writer, entry, meta);
    default:
      return writer.device(entry.path, meta, S_ISBLK(entry.mode), major(entry.source.rdev),
                           minor(entry.source.rdev));
  }
}

}  // namespace

LayerResult write_plan(const std::vector<PlannedEntry>& entries, const image::LayerStore& store,
                       const StatePaths& paths, int64_t epoch, const Cancel& cancel) {
  image::Draft draft(paths);
  image::LayerWriter writer(draft, epoch);
  for (const PlannedEntry& entry : entries) {
    cancel.check();
    write_entry(writer, entry, epoch);
  }
  const image::LayerWriter::Result result = writer.finish();
  image::Layer layer = store.seal_written(draft, result.diff_id, result.size, result.files, epoch);
  return {std::move(draft), std::move(layer)};
}

}  // namespace mini::build
