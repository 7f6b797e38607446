// What a COPY or ADD puts into its layer, worked out before anything is written: BuildKit's rules
// for destinations, directories, globs, links, --parents, --exclude, owners and modes. The plan
// lists the layer completely (also the parent directories, with the metadata that they have
// already), so the layer is a function of the plan, and the plan's digest is the step's cache key:
// a COPY stays cached when only what is below it changed. Reads names and metadata, never content.
// Throws Error (with the cure) for what cannot be copied.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "builder/build/source/file_mode.h"
#include "builder/build/source/owner.h"
#include "builder/dockerfile/glob.h"
#include "builder/dockerfile/ignore.h"
#include "runtime/base/error.h"
#include "runtime/files/view.h"

namespace mini::build {

struct PlannedEntry {
  std::string path;                     // in the layer: relative, clean
  uint32_t mode = 0, uid = 0, gid = 0;  // mode with the type bits
  std::optional<int64_t> mtime;         // seconds; nothing: SOURCE_DATE_EPOCH
  std::map<std::string, std::string> attributes;
  std::string text;                   // link target, or the content when `is_inline`
  bool is_inline = false;             // a regular file out of `text`
  const files::View* view = nullptr;  // where a regular file's content is
  files::Entry source;                // its path there, for messages too
  int group = 0;                      // which source it belongs to: hard links are kept within one
  std::string hard_link_to;           // another entry's path
};

// Where one source word takes its files from.
struct CopyOrigin {
  const files::View* view = nullptr;
  std::function<files::Visit(const files::Entry&)> visit;  // empty: takes all
  std::function<bool(const std::string& path)> hidden;     // by .dockerignore; empty: nothing is
  std::function<std::string(const std::string& path)> hidden_by;
  bool keeps_owner = false;  // COPY --from: owners, attributes and hard links are the image's
  bool keeps_mtime = false;  // ADD of an archive: its times
};

struct CopyRequest {
  const files::View* rootfs = nullptr;  // the stage so far
  std::string destination;              // absolute, a slash or "/." at its end kept
  std::optional<Owner> owner;
  std::optional<ModeChange> mode;
  std::vector<std::string> excludes;
  bool parents = false;
};

class CopyPlan {
 public:
  explicit CopyPlan(const CopyRequest& request);

  // More than one thing is copied: the destination has to be a directory.
  void expect_many(bool many) { many_ = many; }

  // One source word: a path or a pattern, from the origin's root. Returns how many sources matched;
  // 0 only for a pattern. A path that is missing throws MissingSource.
  int add(const CopyOrigin& origin, const std::string& source);
  // With --parents: [base/./]pattern; names from the pivot on are kept below the destination.
  void add_with_parents(const CopyOrigin& origin, const std::string& source);
  void add_inline(const std::string& name, const std::string& content);  // COPY <<name
  // Everything in `origin`, an unpacked archive, below the destination, as tar would: a later entry
  // takes an earlier one's place whatever it is, and what is only implied is followed or kept.
  void add_archive(const CopyOrigin& origin);
  // WORKDIR: with its parents. True when it is there already.
  bool add_new_directory(const std::string& path, const Owner& owner);

  // The same in two steps: what the word names, links followed, and copying one of them.
  struct Match {
    std::string path;  // as named (for the base name)
    files::View::Resolved resolved;
  };
  std::vector<Match> matches(const CopyOrigin& origin, const std::string& source) const;
  void add_match(const CopyOrigin& origin, const Match& match);

  // Sorted in the layer's canonical order; a later source's entry has replaced an earlier one's.
  std::vector<PlannedEntry> finish();

 private:
  bool is_directory(const std::string& path) const;  // in the rootfs or planned
  void ensure_directory(const std::string& path, const Owner& owner, uint32_t mode = 0755);
  void put_archived(const CopyOrigin& origin, files::Entry&& entry, const std::string& target);
  bool follow_implied(const CopyOrigin& origin, const files::Entry& entry,
                      const std::string& target);
  void forget_below(const std::string& directory);
  void put(PlannedEntry&& entry);
  void put_file(const CopyOrigin& origin, files::Entry&& file, std::string target);
  void put_directory_contents(const CopyOrigin& origin, const std::string& from,
                              const std::string& target);
  void check_destination(bool many) const;
  PlannedEntry planned(const CopyOrigin& origin, files::Entry&& file, std::string path) const;
  using Names = std::set<std::string, std::less<>>;
  const Names* names_in_rootfs(std::string_view directory) const;
  std::optional<files::Node> in_rootfs(const std::string& path) const;
  bool excluded(std::string_view path) const;
  files::Visit visit(const CopyOrigin& origin, const files::Entry& entry,
                     std::string_view relative) const;

  CopyRequest request_;
  Owner new_owner_;
  dockerfile::IgnoreRules excludes_;
  std::string target_;  // the destination, resolved in the rootfs
  bool target_is_directory_ = false;
  bool many_ = false;
  int group_ = 0;
  std::vector<PlannedEntry> entries_;
  std::set<std::string> directories_;  // planned
  // Directories of an archive that are elsewhere, because a link of the image has their place.
  std::map<std::string, std::string> followed_;
  // Directories of the rootfs that were asked for, and the last one: most questions in a row are
  // about the same.
  mutable std::map<std::string, std::optional<Names>, std::less<>> rootfs_names_;
  mutable const std::pair<const std::string, std::optional<Names>>* last_names_ = nullptr;
};

class MissingSource : public Error {
 public:
  using Error::Error;
};

}  // namespace mini::build
