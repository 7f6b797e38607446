// Walks through a view: plain, merged, by two threads, or entry by entry with its directory open.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <future>
#include <iterator>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/files/directory.h"
#include "runtime/files/view.h"

namespace mini::files {

// One walk. Directories that the visitor only enters are marked, and at the end those dropped below
// which nothing was taken.
struct View::Walk {
  const View& view;

  // The entries of one directory in order: each(entry, open), where `entry.directory` is the
  // directory that has it, and `open` needs its name.
  template <class Each>
  void list(const Directory& directory, const std::string& prefix, const Each& each) const {
    const bool plain = directory.size() == 1 && !view.overlay_;
    for (std::string& name : merged_names(directory)) {
      OpenEntry entry;
      entry.path = join_path(prefix, name);
      entry.name = std::move(name);
      if (plain) {
        list_plain(directory[0], std::move(entry), each);
      } else if (std::optional<Child> next = view.child(directory, entry.name, entry.path)) {
        static_cast<Node&>(entry) = next->node;
        entry.directory = next->holder;
        each(std::move(entry), [&] { return std::move(next->below); });
      }
    }
  }

  // The hot path of a cached COPY: one fstatat per entry, an open only for directories that are
  // entered.
  template <class Each>
  void list_plain(const Part& part, OpenEntry&& entry, const Each& each) const {
    struct stat info;
    if (fstatat(part.fd.get(), entry.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) return;  // removed since the directory was read
      throw SysError(view.shown(entry.path));
    }
    static_cast<Node&>(entry) = node_of(info, part.layer);
    entry.directory = part.fd.get();
    each(std::move(entry), [&] {
      Directory next;
      next.push_back({part.layer, Fd(openat(part.fd.get(), entry.name.c_str(), kDirectoryFlags))});
      if (!next[0].fd) throw SysError(view.shown(entry.name));
      return next;
    });
  }

  // Deep trees must not need a descriptor for each level: far down, a directory is closed while
  // what is below it is walked, and opened again after that.
  template <class Work>
  void below(Directory& directory, const std::string& path, int depth, const Work& work) const {
    constexpr int kOpenLevels = 128;
    if (depth < kOpenLevels) return work();
    const Node before = node_of(directory[0].fd.get(), view.shown(path));
    directory.clear();
    work();
    std::optional<Directory> again = view.open_directory(path);
    if (!again || !node_of((*again)[0].fd.get(), view.shown(path)).same_inode(before))
      throw Error(cat(view.shown(path), ": was moved while it was read"));
    directory = std::move(*again);
  }

  // The result of a walk: entries are appended, directories looked into.
  void collect(Directory& directory, const std::string& prefix, int depth, const Visitor& visitor,
               std::vector<Entry>& out) const {
    list(directory, prefix, [&](OpenEntry&& entry, const auto& open) {
      if (!append(std::move(entry), visitor, out) || !out.back().is_directory()) return;
      const std::string inner = out.back().path;
      Directory next = open();
      below(directory, prefix, depth, [&] { collect(next, inner, depth + 1, visitor, out); });
    });
  }

  // False when the visitor skips it.
  bool append(OpenEntry&& from, const Visitor& visitor, std::vector<Entry>& out) const {
    Entry entry;
    static_cast<Node&>(entry) = from;
    entry.path = std::move(from.path);
    if (entry.is_link())
      entry.target = read_link(from.directory, from.name, view.shown(entry.path));
    const Visit answer = visitor(entry);
    if (answer == Visit::skip || (answer == Visit::enter && !entry.is_directory())) return false;
    entry.tentative = answer == Visit::enter;
    out.push_back(std::move(entry));
    return true;
  }

  // Each entry while its directory is open. `start`: the path of the walk's start in the view.
  struct Open {
    const std::string& start;
    const OpenVisitor& visitor;
    const std::function<void(const OpenEntry&)>& leave;
  };
  void visit(Directory& directory, const OpenEntry& itself, int depth, const Open& to) const {
    list(directory, itself.path, [&](OpenEntry&& entry, const auto& open) {
      if (!entry.is_directory()) {
        to.visitor(entry);
        return;
      }
      Directory next = open();
      below(directory, join_path(to.start, itself.path), depth,
            [&] { visit_directory(next, std::move(entry), depth + 1, to); });
    });
  }

  void visit_directory(Directory& directory, OpenEntry&& entry, int depth, const Open& to) const {
    entry.directory = directory[0].fd.get();
    // Of what was opened, not of what had the name before.
    static_cast<Node&>(entry) = node_of(entry.directory, view.shown(entry.path), entry.layer);
    if (to.visitor(entry) == Visit::skip) return;
    visit(directory, entry, depth, to);
    entry.directory = directory[0].fd.get();
    if (to.leave) to.leave(entry);
  }

  // A piece of a walk by two: an entry, and, for a directory that is still to be walked, what is in
  // it. Only its name is kept meanwhile, so that a wide tree costs no descriptors.
  struct Piece {
    Entry entry;
    bool open = false;
    std::vector<Entry> found;
  };

  std::vector<Piece> pieces_of(const std::string& path, const Visitor& visitor) const {
    std::vector<Piece> pieces;
    const std::optional<Directory> directory = view.open_directory(path);
    if (!directory) return pieces;  // gone since it was listed
    std::vector<Entry> entries;
    list(*directory, path,
         [&](OpenEntry&& entry, const auto&) { append(std::move(entry), visitor, entries); });
    for (Entry& entry : entries) {
      Piece& piece = pieces.emplace_back();
      piece.open = entry.is_directory();
      piece.entry = std::move(entry);
    }
    return pieces;
  }

  // Cut at the top until there are enough pieces for two.
  std::vector<Piece> cut(const std::string& path, const Visitor& visitor) const {
    constexpr long kEnough = 16;
    constexpr int kDeepest = 4;
    std::vector<Piece> pieces = pieces_of(path, visitor);
    for (int depth = 0; depth < kDeepest; ++depth) {
      const auto open = std::count_if(pieces.begin(), pieces.end(),
                                      [](const Piece& piece) { return piece.open; });
      if (open == 0 || open >= kEnough) break;
      std::vector<Piece> finer;
      for (Piece& piece : pieces) {
        const bool expand = std::exchange(piece.open, false);
        finer.push_back(std::move(piece));
        if (!expand) continue;
        for (Piece& inner : pieces_of(std::string(finer.back().entry.path), visitor)) {
          finer.push_back(std::move(inner));
        }
      }
      pieces = std::move(finer);
    }
    return pieces;
  }

  std::vector<Entry> by_two(const std::string& path, const Visitor& visitor) const {
    std::vector<Piece> pieces = cut(path, visitor);
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i = next++; i < pieces.size(); i = next++) {
        if (!pieces[i].open) continue;
        const std::string& name = pieces[i].entry.path;
        if (auto directory = view.open_directory(name))
          collect(*directory, name, 0, visitor, pieces[i].found);
      }
    };
    const bool worth =
        std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.open; });
    if (worth) {
      std::future<void> second = std::async(std::launch::async, work);
      work();
      second.get();
    }
    std::vector<Entry> result;
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
    for (const Part& part : directory) {
      std::vector<std::string> names = read_names(part.fd.get(), "a directory");
      all.insert(all.end(), std::make_move_iterator(names.begin()),
                 std::make_move_iterator(names.end()));
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  // Backwards: what follows an entered directory is either in it, or it has nothing.
  static void drop_empty(std::vector<Entry>& entries) {
    const auto tentative = [](const Entry& entry) { return entry.tentative; };
    if (std::none_of(entries.begin(), entries.end(), tentative)) return;
    const Entry* after = nullptr;
    std::vector<bool> drop(entries.size());
    for (size_t i = entries.size(); i-- > 0;) {
      const bool holds = after != nullptr && after->path.starts_with(entries[i].path + "/");
      drop[i] = entries[i].tentative && !holds;
      if (!drop[i]) after = &entries[i];
    }
    size_t i = 0;
    std::erase_if(entries, [&](const Entry&) { return drop[i++]; });
  }
};

std::vector<Entry> View::walk(const std::string& path, const Visitor& visitor, bool by_two) const {
  const Walk walk{*this};
  std::optional<Directory> directory = open_directory(path);
  if (!directory) throw SysError(ENOTDIR, shown(path));
  std::vector<Entry> entries;
  if (by_two) {
    entries = walk.by_two(path, visitor);
  } else {
    walk.collect(*directory, path, 0, visitor, entries);
  }
  Walk::drop_empty(entries);
  return entries;
}

bool View::visit(const std::string& path, const OpenVisitor& visitor,
                 const std::function<void(const OpenEntry&)>& leave) const {
  const std::optional<Resolved> found = follow(path, /*follow_last=*/true);
  if (!found || !found->node || !found->node->is_directory()) return false;
  std::optional<Directory> directory = open_directory(found->path);
  if (!directory || directory->empty()) return false;
  OpenEntry start;
  static_cast<Node&>(start) = *found->node;
  Walk{*this}.visit_directory(*directory, std::move(start), 0, {found->path, visitor, leave});
  return true;
}

std::vector<std::string> View::names(const std::string& path) const {
  std::vector<std::string> result;
  const std::optional<Directory> directory = open_directory(path);
  if (!directory) return result;
  for (std::string& name : Walk::merged_names(*directory)) {
    const bool there = (directory->size() == 1 && !overlay_) ||
                       child(*directory, name, join_path(path, name)).has_value();
    if (there) result.push_back(std::move(name));
  }
  return result;
}

}  // namespace mini::files
