#include "builder/build/source/copy_plan.h"

#include <algorithm>
#include <tuple>

#include "builder/build/source/source_match.h"
#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/entry_name.h"

namespace mini::build {
namespace {

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string base_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string relative(const std::string& path) {
  const std::string clean = clean_path(path);
  return clean.starts_with('/') ? clean.substr(1) : clean;
}

bool names_directory(const std::string& destination) {
  return destination.ends_with('/') || destination.ends_with("/.") || destination == ".";
}

}  // namespace

CopyPlan::CopyPlan(const CopyRequest& request)
    : request_(request),
      new_owner_(request.owner.value_or(Owner{})),
      excludes_(dockerfile::IgnoreRules::from_patterns(request.excludes)) {
  const files::View::Resolved found = request_.rootfs->resolve(relative(request_.destination));
  target_ = found.path;
  target_is_directory_ = names_directory(request_.destination) || request_.parents ||
                         (found.node && found.node->is_directory());
  if (found.node && !found.node->is_directory() && target_is_directory_) {
    throw Error(cat("destination ", quoted(request_.destination),
                    ": exists in the image and is not a directory"));
  }
}

// Most of what is copied is new: one listing per directory answers for all names in it.
const CopyPlan::Names* CopyPlan::names_in_rootfs(std::string_view directory) const {
  if (last_names_ == nullptr || last_names_->first != directory) {
    auto known = rootfs_names_.find(directory);
    if (known == rootfs_names_.end()) {
      std::optional<Names> names;
      const std::string path(directory);
      const std::optional<files::Node> node = in_rootfs(path);
      if (node && node->is_directory()) {
        const std::vector<std::string> list = request_.rootfs->names(path);
        names.emplace(list.begin(), list.end());
      }
      known = rootfs_names_.emplace(path, std::move(names)).first;
    }
    last_names_ = &*known;
  }
  return last_names_->second ? &*last_names_->second : nullptr;
}

std::optional<files::Node> CopyPlan::in_rootfs(const std::string& path) const {
  if (path.empty()) return request_.rootfs->resolve("").node;
  const std::string_view text = path;
  const size_t slash = text.rfind('/');
  const bool top = slash == std::string_view::npos;
  const Names* names = names_in_rootfs(top ? std::string_view() : text.substr(0, slash));
  if (names == nullptr || !names->contains(top ? text : text.substr(slash + 1))) return {};
  return request_.rootfs->resolve(path, /*follow_last=*/false).node;
}

bool CopyPlan::is_directory(const std::string& path) const {
  if (path.empty() || directories_.contains(path)) return true;
  const std::optional<files::Node> node = in_rootfs(path);
  return node && node->is_directory();
}

// `path` and its parents are in the layer: as they are in the image, or new.
void CopyPlan::ensure_directory(const std::string& path, const Owner& owner, uint32_t mode) {
  if (path.empty() || directories_.contains(path)) return;
  ensure_directory(parent_of(path), owner);
  PlannedEntry entry;
  entry.path = path;
  const std::optional<files::Node> node = in_rootfs(path);
  if (node && !node->is_directory()) {
    throw Error(
        cat("destination ", quoted("/" + path), ": exists in the image and is not a directory"));
  }
  if (node) {
    entry.mode = node->mode;
    entry.uid = node->uid;
    entry.gid = node->gid;
    entry.mtime = node->mtime.tv_sec;
    entry.attributes = request_.rootfs->attributes(path, *node);
  } else {
    entry.mode = S_IFDIR | mode;
    entry.uid = owner.uid;
    entry.gid = owner.gid;
  }
  directories_.insert(path);
  entries_.push_back(std::move(entry));
}

bool CopyPlan::add_new_directory(const std::string& path, const Owner& owner) {
  const files::View::Resolved found = request_.rootfs->resolve(relative(path));
  ensure_directory(found.path, owner);
  return found.node.has_value();
}

PlannedEntry CopyPlan::planned(const CopyOrigin& origin, files::Entry&& file,
                               std::string path) const {
  PlannedEntry entry;
  entry.path = std::move(path);
  entry.mode = file.mode;
  if (request_.owner) {
    entry.uid = request_.owner->uid;
    entry.gid = request_.owner->gid;
  } else if (origin.keeps_owner) {
    entry.uid = file.uid;
    entry.gid = file.gid;
  }
  if (request_.mode && !file.is_link() && !origin.keeps_mtime) {
    entry.mode = (file.mode & S_IFMT) | request_.mode->apply(file.mode, file.is_directory());
  }
  if (origin.keeps_owner) entry.attributes = origin.view->attributes(file.path, file);
  // Otherwise times of the source are in no cache key, so they may be in no layer either.
  if (origin.keeps_mtime) entry.mtime = file.mtime.tv_sec;
  if (file.is_link()) entry.text = std::move(file.target);
  entry.view = origin.view;
  entry.source = std::move(file);
  entry.group = group_;
  return entry;
}

void CopyPlan::put(PlannedEntry&& entry) {
  const std::optional<files::Node> there = in_rootfs(entry.path);
  const bool planned_directory = directories_.contains(entry.path);
  if (S_ISDIR(entry.mode)) {
    if (there && !there->is_directory() && !planned_directory) {
      throw Error(cat("destination ", quoted("/" + entry.path),
                      ": exists in the image and is not a directory"));
    }
    directories_.insert(entry.path);
  } else if (planned_directory || (there && there->is_directory())) {
    throw Error(cat("destination ", quoted("/" + entry.path),
                    ": is a directory and cannot be replaced by a file"));
  }
  entries_.push_back(std::move(entry));
}

void CopyPlan::put_file(const CopyOrigin& origin, files::Entry&& file, std::string target) {
  if (S_ISSOCK(file.mode)) {
    throw Error(cat("source ", quoted(file.path), ": a socket cannot be copied"),
                "leave it out with .dockerignore or --exclude");
  }
  put(planned(origin, std::move(file), std::move(target)));
}

bool CopyPlan::excluded(std::string_view path) const {
  return !excludes_.empty() && excludes_.ignored(path);
}

files::Visit CopyPlan::visit(const CopyOrigin& origin, const files::Entry& entry,
                             std::string_view below) const {
  files::Visit answer = origin.visit ? origin.visit(entry) : files::Visit::take;
  if (answer != files::Visit::skip && excluded(below)) {
    answer = entry.is_directory() && excludes_.may_include_below(below) ? files::Visit::enter
                                                                        : files::Visit::skip;
  }
  return answer;
}

void CopyPlan::put_directory_contents(const CopyOrigin& origin, const std::string& from,
                                      const std::string& target) {
  ensure_directory(target, new_owner_, request_.mode ? request_.mode->apply(0755, true) : 0755);
  const size_t skip = from.empty() ? 0 : from.size() + 1;
  std::vector<files::Entry> found = origin.view->walk(
      from,
      [&](const files::Entry& entry) {
        return visit(origin, entry, std::string_view(entry.path).substr(skip));
      },
      /*by_two=*/true);
  entries_.reserve(entries_.size() + found.size());
  for (files::Entry& entry : found) {
    std::string path = join_path(target, std::string_view(entry.path).substr(skip));
    put_file(origin, std::move(entry), std::move(path));
  }
}

std::vector<CopyPlan::Match> CopyPlan::matches(const CopyOrigin& origin,
                                               const std::string& source) const {
  const std::string path = relative(source);
  std::vector<Match> result;
  if (!dockerfile::has_glob(path)) {
    const std::string plain = dockerfile::unescape_glob(path);
    files::View::Resolved resolved = origin.view->resolve(plain);
    const bool hidden = origin.hidden && (origin.hidden(plain) || origin.hidden(resolved.path));
    // A directory that .dockerignore leaves out may hold what it brings back.
    const bool partly = hidden && resolved.node && resolved.node->is_directory() &&
                        !origin.view->walk(resolved.path, origin.visit).empty();
    if (!resolved.node || (hidden && !partly)) throw missing_source(origin, source, plain, hidden);
    result.push_back({plain, std::move(resolved)});
    return result;
  }
  for (const std::string& match : glob_paths(*origin.view, path)) {
    files::View::Resolved resolved = origin.view->resolve(match);
    if (!resolved.node) throw missing_source(origin, match, match, false);
    const bool hidden = origin.hidden && (origin.hidden(match) || origin.hidden(resolved.path));
    if (hidden && (!resolved.node->is_directory() ||
                   origin.view->walk(resolved.path, origin.visit).empty())) {
      continue;
    }
    result.push_back({match, std::move(resolved)});
  }
  return result;
}

void CopyPlan::check_destination(bool many) const {
  if (!many || target_is_directory_) return;
  throw Error(cat("destination ", quoted(request_.destination),
                  ": several sources, and this is not a directory"),
              cat("end it with a slash: ", request_.destination, "/"));
}

int CopyPlan::add(const CopyOrigin& origin, const std::string& source) {
  const std::vector<Match> found = matches(origin, source);
  if (found.size() > 1) many_ = true;
  for (const Match& match : found) add_match(origin, match);
  return static_cast<int>(found.size());
}

void CopyPlan::add_match(const CopyOrigin& origin, const Match& match) {
  check_destination(many_);
  ++group_;
  if (match.resolved.node->is_directory()) {
    put_directory_contents(origin, match.resolved.path, target_);
    return;
  }
  const std::string name = base_of(match.path);
  if (excluded(name) || excluded(match.path)) return;
  const std::string target = target_is_directory_ ? join_path(target_, name) : target_;
  ensure_directory(parent_of(target), new_owner_);
  files::Entry file;
  static_cast<files::Node&>(file) = *match.resolved.node;
  file.path = match.resolved.path;
  put_file(origin, std::move(file), target);
}

void CopyPlan::add_with_parents(const CopyOrigin& origin, const std::string& source) {
  const size_t pivot = source.find("/./");
  const std::string base = pivot == std::string::npos ? "" : source.substr(0, pivot);
  const std::string text = relative(pivot == std::string::npos ? source : source.substr(pivot + 3));
  const dockerfile::PathPattern pattern(text);
  for (const Match& match : matches(origin, base.empty() ? "/" : base)) {
    const files::View::Resolved& from = match.resolved;
    if (!from.node->is_directory()) {
      throw Error(cat("source ", quoted(source), ": ", quoted(base), " is not a directory"));
    }
    const size_t skip = from.path.empty() ? 0 : from.path.size() + 1;
    std::vector<files::Entry> found = origin.view->walk(from.path, [&](const files::Entry& entry) {
      const std::string_view below = std::string_view(entry.path).substr(skip);
      const files::Visit answer = visit(origin, entry, below);
      if (answer == files::Visit::skip || text.empty() || pattern.matches_or_above(below)) {
        return answer;
      }
      return entry.is_directory() && pattern.may_match_below(below) ? files::Visit::enter
                                                                    : files::Visit::skip;
    });
    if (found.empty() && !dockerfile::has_glob(source)) {
      const std::string plain = dockerfile::unescape_glob(join_path(from.path, text));
      throw missing_source(origin, source, plain, origin.hidden && origin.hidden(plain));
    }
    ensure_directory(target_, new_owner_);
    ++group_;
    for (files::Entry& entry : found) {
      std::string path = join_path(target_, std::string_view(entry.path).substr(skip));
      put_file(origin, std::move(entry), std::move(path));
    }
  }
}

void CopyPlan::add_archive(const CopyOrigin& origin) {
  ensure_directory(target_, new_owner_);
  followed_.clear();
  std::vector<files::Entry> found = origin.view->walk(
      "", [&](const files::Entry& entry) { return visit(origin, entry, entry.path); });
  for (files::Entry& entry : found) {
    const auto parent = followed_.find(parent_of(entry.path));
    const std::string target = parent == followed_.end()
                                   ? join_path(target_, entry.path)
                                   : join_path(parent->second, base_of(entry.path));
    // What is below a directory that is elsewhere is there, too.
    if (parent != followed_.end() && entry.is_directory()) followed_[entry.path] = target;
    put_archived(origin, std::move(entry), target);
  }
}

// True when the directory needs no entry: it is only a parent of others, and what has its place in
// the image is a directory or leads to one.
bool CopyPlan::follow_implied(const CopyOrigin& origin, const files::Entry& entry,
                              const std::string& target) {
  const std::vector<Fd> parts = origin.view->directories(entry.path);
  if (!files::is_implied(parts.at(0).get())) return false;
  if (is_directory(target)) {
    ensure_directory(target, new_owner_);
    return true;
  }
  const std::optional<files::Node> there = in_rootfs(target);
  if (!there || !there->is_link()) return false;
  const files::View::Resolved led = request_.rootfs->resolve(target);
  if (led.node && !led.node->is_directory()) return false;
  ensure_directory(led.path, new_owner_);
  followed_[entry.path] = led.path;
  return true;
}

// A file takes the place of a planned directory with all that is in it.
void CopyPlan::forget_below(const std::string& directory) {
  const std::string prefix = directory + "/";
  std::erase_if(entries_, [&](const PlannedEntry& entry) {
    return entry.path == directory || entry.path.starts_with(prefix);
  });
  std::erase_if(directories_, [&](const std::string& path) {
    return path == directory || path.starts_with(prefix);
  });
}

void CopyPlan::put_archived(const CopyOrigin& origin, files::Entry&& entry,
                            const std::string& target) {
  const bool directory = entry.is_directory();
  if (directory && follow_implied(origin, entry, target)) return;
  if (!directory && directories_.contains(target)) forget_below(target);
  PlannedEntry planned_entry = planned(origin, std::move(entry), target);
  if (directory) directories_.insert(target);
  entries_.push_back(std::move(planned_entry));
}

void CopyPlan::add_inline(const std::string& name, const std::string& content) {
  check_destination(many_);
  const std::string target =
      target_is_directory_ ? join_path(target_, base_of(relative(name))) : target_;
  ensure_directory(parent_of(target), new_owner_);
  PlannedEntry entry;
  entry.path = target;
  entry.mode = S_IFREG | (request_.mode ? request_.mode->apply(0644, false) : 0644);
  entry.uid = new_owner_.uid;
  entry.gid = new_owner_.gid;
  entry.text = content;
  entry.is_inline = true;
  put(std::move(entry));
}

std::vector<PlannedEntry> CopyPlan::finish() {
  const auto before = [](const PlannedEntry& a, const PlannedEntry& b) {
    return files::comes_before(a.path, b.path);
  };
  std::vector<PlannedEntry> result = std::move(entries_);
  entries_.clear();
  // One directory comes in order already.
  if (!std::is_sorted(result.begin(), result.end(), before)) {
    std::stable_sort(result.begin(), result.end(), before);
  }
  // Of several entries with one path the last counts, so doubles are looked for from the end.
  const auto same = [](const PlannedEntry& a, const PlannedEntry& b) { return a.path == b.path; };
  if (std::adjacent_find(result.begin(), result.end(), same) != result.end()) {
    const auto kept = std::unique(result.rbegin(), result.rend(), same);
    result.erase(result.begin(), kept.base());
  }
  std::map<std::tuple<int, uint64_t, uint64_t>, std::string> first;
  for (PlannedEntry& entry : result) {
    if (!S_ISREG(entry.mode) || entry.is_inline || entry.source.nlink < 2) continue;
    const auto [it, fresh] =
        first.emplace(std::tuple{entry.group, entry.source.device, entry.source.inode}, entry.path);
    if (!fresh) entry.hard_link_to = it->second;
  }
  return result;
}

}  // namespace mini::build
