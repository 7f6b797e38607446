// Walks through a view: plain, merged, by two threads.
#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <future>
#include <iterator>
#include <utility>

#include "builder/build/source/directory_names.h"
#include "builder/build/source/file_view.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {}  // namespace

// One walk. Directories that the visitor only enters are marked, and at the end those dropped below
// which nothing was taken.
struct FileView::Walk {
  const FileView& view;
  const Visitor& visitor;

  // The entries of one directory that are not skipped, in order: each(entry, open).
  template <class Each>
  void list(const Directory& directory, const std::string& prefix, const Each& each) const {
    for (const std::string& name : merged_names(directory)) {
      FileEntry entry;
      entry.path = join_path(prefix, name);
      if (directory.size() == 1 && !view.overlay_) {
        plain(directory[0], name, std::move(entry), each);
      } else if (std::optional<Child> next = view.child(directory, name, entry.path)) {
        static_cast<FileNode&>(entry) = next->node;
        for (const Part& part : directory) {
          if (entry.is_link() && part.layer == entry.layer) {
            entry.target = target_of(part.fd.get(), name, entry.path);
          }
        }
        visit(std::move(entry), each, [&] { return std::move(next->below); });
      }
    }
  }

  // The hot path of a cached COPY: one fstatat per entry, an open only for directories.
  template <class Each>
  void plain(const Part& part, const std::string& name, FileEntry&& entry, const Each& each) const {
    struct stat info;
    if (fstatat(part.fd.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) return;  // removed since the directory was read
      throw SysError(cat(view.name_, ": ", quoted(entry.path)));
    }
    static_cast<FileNode&>(entry) = node_of(info, part.layer);
    if (entry.is_link()) entry.target = target_of(part.fd.get(), name, entry.path);
    visit(std::move(entry), each, [&] {
      Directory next;
      next.push_back({part.layer, Fd(openat(part.fd.get(), name.c_str(), kDirectoryFlags))});
      if (!next[0].fd) throw SysError(cat(view.name_, ": ", quoted(join_path("", name))));
      return next;
    });
  }

  template <class Each, class Open>
  void visit(FileEntry&& entry, const Each& each, const Open& open) const {
    const Visit answer = visitor(entry);
    if (answer == Visit::skip || (answer == Visit::enter && !entry.is_directory())) return;
    entry.tentative = answer == Visit::enter;
    each(std::move(entry), open);
  }

  void below(const Directory& directory, const std::string& prefix,
             std::vector<FileEntry>& out) const {
    list(directory, prefix, [&](FileEntry&& entry, const auto& open) {
      const size_t at = out.size();
      out.push_back(std::move(entry));
      if (out[at].is_directory()) below(open(), std::string(out[at].path), out);
    });
  }

  // A piece of a walk by two: an entry, and, for a directory that is still to be walked, what is in
  // it. Only its name is kept meanwhile, so that a wide tree costs no descriptors.
  struct Piece {
    FileEntry entry;
    bool open = false;
    std::vector<FileEntry> found;
  };

  std::vector<Piece> pieces_of(const std::string& path) const {
    std::vector<Piece> pieces;
    const std::optional<Directory> directory = view.open_directory(path);
    if (!directory) return pieces;  // gone since it was listed
    list(*directory, path, [&](FileEntry&& entry, const auto&) {
      Piece& piece = pieces.emplace_back();
      piece.open = entry.is_directory();
      piece.entry = std::move(entry);
    });
    return pieces;
  }

  // Cut at the top until there are enough pieces for two.
  std::vector<Piece> cut(const std::string& path) const {
    constexpr long kEnough = 16;
    constexpr int kDeepest = 4;
    std::vector<Piece> pieces = pieces_of(path);
    for (int depth = 0; depth < kDeepest; ++depth) {
      const auto open = std::count_if(pieces.begin(), pieces.end(),
                                      [](const Piece& piece) { return piece.open; });
      if (open == 0 || open >= kEnough) break;
      std::vector<Piece> finer;
      for (Piece& piece : pieces) {
        const bool expand = std::exchange(piece.open, false);
        finer.push_back(std::move(piece));
        if (!expand) continue;
        for (Piece& inner : pieces_of(std::string(finer.back().entry.path))) {
          finer.push_back(std::move(inner));
        }
      }
      pieces = std::move(finer);
    }
    return pieces;
  }

  std::vector<FileEntry> by_two(const std::string& path) const {
    std::vector<Piece> pieces = cut(path);
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i = next++; i < pieces.size(); i = next++) {
        if (!pieces[i].open) continue;
        const std::string& name = pieces[i].entry.path;
        if (const auto directory = view.open_directory(name)) {
          below(*directory, name, pieces[i].found);
        }
      }
    };
    const bool worth =
        std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.open; });
    if (worth) {
      std::future<void> second = std::async(std::launch::async, work);
      work();
      second.get();
    }
    std::vector<FileEntry> result;
    size_t total = pieces.size();
    for (const Piece& piece : pieces) total += piece.found.size();
    result.reserve(total);
    for (Piece& piece : pieces) {
      result.push_back(std::move(piece.entry));
      std::move(piece.found.begin(), piece.found.end(), std::back_inserter(result));
    }
    return result;
  }

  static std::vector<std::string> merged_names(const Directory& directory) {
    std::vector<std::string> all;
    for (const Part& part : directory) read_names(part.fd.get(), all);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  // Backwards: what follows an entered directory is either in it, or it has nothing.
  static void drop_empty(std::vector<FileEntry>& entries) {
    const auto tentative = [](const FileEntry& entry) { return entry.tentative; };
    if (std::none_of(entries.begin(), entries.end(), tentative)) return;
    const FileEntry* after = nullptr;
    std::vector<bool> drop(entries.size());
    for (size_t i = entries.size(); i-- > 0;) {
      const bool holds = after != nullptr && after->path.starts_with(entries[i].path + "/");
      drop[i] = entries[i].tentative && !holds;
      if (!drop[i]) after = &entries[i];
    }
    size_t i = 0;
    std::erase_if(entries, [&](const FileEntry&) { return drop[i++]; });
  }
};

std::vector<FileEntry> FileView::walk(const std::string& path, const Visitor& visitor,
                                      bool by_two) const {
  const Walk walk{*this, visitor};
  const std::optional<Directory> directory = open_directory(path);
  if (!directory) throw SysError(ENOTDIR, cat(name_, ": ", quoted(path)));
  std::vector<FileEntry> entries;
  if (by_two) {
    entries = walk.by_two(path);
  } else {
    walk.below(*directory, path, entries);
  }
  Walk::drop_empty(entries);
  return entries;
}

std::vector<std::string> FileView::names(const std::string& path) const {
  std::vector<std::string> result;
  const std::optional<Directory> directory = open_directory(path);
  if (!directory) return result;
  for (const std::string& name : Walk::merged_names(*directory)) {
    if (directory->size() == 1 && !overlay_) {
      result.push_back(name);
    } else if (child(*directory, name, join_path(path, name))) {
      result.push_back(name);
    }
  }
  return result;
}

}  // namespace mini::build
