#include "builder/build/stage/copy_step.h"

#include <fcntl.h>

#include "builder/dockerfile/glob.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/image/layer/layer_reader.h"

namespace mini::build {
// Errors of `work` point at one word of the instruction.
template <class Work>
void CopyStep::at(const dockerfile::Range& place, Work&& work) const {
  try {
    work();
  } catch (const dockerfile::DockerfileError&) {
    throw;
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    throw dockerfile::DockerfileError(source_, place, error.what(), error.hint());
  }
}

SourceKind source_kind(std::string_view source) {
  if (GitSource::parse(source)) return SourceKind::git;
  return source.starts_with("http://") || source.starts_with("https://") ? SourceKind::url
                                                                         : SourceKind::local;
}

void refuse_remote_source(const std::string& source, bool is_add) {
  const SourceKind kind = source_kind(source);
  if (kind == SourceKind::local) return;
  if (!is_add) throw Error(cat("source ", quoted(source), ": COPY does not take URLs"), "use ADD");
}

CopyStep::CopyStep(Session& session, const StageState& state, const files::View& rootfs,
                   const dockerfile::Source& source, const dockerfile::Copy& copy,
                   CopyOrigin origin, HashMemo& memo)
    : session_(session),
      source_(source),
      copy_(copy),
      origin_(std::move(origin)),
      memo_(memo),
      parent_(copy.link ? "none" : state.files_key()) {
  // --link: the layer is made as if nothing were below it, so it stays valid on any base.
  if (copy.link) nothing_.emplace(files::View::of_layers({session.empty_directory()}));
  request_.rootfs = nothing_ ? &*nothing_ : &rootfs;
  request_.destination = state.absolute(copy.destination.text);
  if (copy.chown) {
    at(copy.chown->range, [&] { request_.owner = resolve_owner(rootfs, copy.chown->text); });
  }
  if (copy.chmod)
    at(copy.chmod->range, [&] { request_.mode = ModeChange::parse(copy.chmod->text); });
  request_.excludes = dockerfile::texts(copy.excludes);
  request_.parents = copy.parents;
}

bool CopyStep::is_archive(const CopyOrigin& origin, const CopyPlan::Match& match,
                          bool by_default) const {
  if (!copy_.unpack.value_or(by_default) || !match.resolved.node->is_regular()) return false;
  const Fd fd = origin.view->open(match.resolved.path, *match.resolved.node);
  return image::looks_like_archive(fd.get());
}

void CopyStep::unpack(Archive& archive) {
  if (archive.view) return;
  archive.draft = std::make_unique<image::Draft>(session_.paths());
  const Fd fd = archive.from->open(archive.file.path, archive.file);
  image::ReadLimits limits;
  limits.mark_implied = true;
  image::read_layer(fd.get(), archive.file.path, *archive.draft, limits);
  archive.view = std::make_unique<files::View>(files::View::of_layers({archive.draft->tree()}));
}

void CopyStep::check_checksum() const {
  if (!copy_.checksum) return;
  at(copy_.checksum->range, [&] {
    for (const dockerfile::Word& source : copy_.sources) {
      if (source_kind(source.text) == SourceKind::local)
        throw Error("checksum can only be specified for HTTP(S) and Git sources",
                    "a file of the context is identified by its content anyway");
    }
    if (copy_.sources.size() != 1 || !copy_.inline_files.empty())
      throw Error("checksum can't be specified for multiple sources", "write an ADD for each");
    if (source_kind(copy_.sources[0].text) == SourceKind::url) Digest::parse(copy_.checksum->text);
  });
}

const CopyStep::Remote& CopyStep::remote(const std::string& url) {
  const auto known = remotes_.find(url);
  if (known != remotes_.end()) return known->second;
  std::optional<Digest> checksum;
  if (copy_.checksum) checksum = Digest::parse(copy_.checksum->text);
  Downloads::File file = session_.downloads().get(url, checksum);
  files::View view =
      files::View::of_directory(open_file(file.directory, O_RDONLY | O_DIRECTORY), url);
  return remotes_.emplace(url, Remote{std::move(file), std::move(view)}).first->second;
}

void CopyStep::add_remote(CopyPlan& plan, const std::string& url, bool unpacked,
                          size_t& next_archive) {
  const Remote& source = remote(url);
  CopyOrigin origin;
  origin.view = &source.view;
  const CopyPlan::Match match{source.file.name, source.view.resolve(source.file.digest.hex())};
  if (!match.resolved.node) throw Error(cat(printable(url), ": removed while the build used it"));
  add_matches(plan, origin, {match}, unpacked, next_archive);
}

CopyStep::Repository& CopyStep::repository(const std::string& source) {
  const auto known = repositories_.find(source);
  if (known != repositories_.end()) return known->second;
  Repository found;
  found.source = *GitSource::parse(source);
  if (!session_.options().fetch_url)
    throw Error(cat("git repository ", quoted(found.source.url), ": not fetched with --offline"));
  found.commit =
      session_.git().commit(found.source, copy_.checksum ? copy_.checksum->text : std::string());
  return repositories_.emplace(source, std::move(found)).first->second;
}

// Known by its commit; fetched only when the layer has to be made.
void CopyStep::add_repository(CopyPlan& plan, const std::string& source, bool fetched) {
  Repository& repo = repository(source);
  if (!fetched) return;
  if (!repo.view) {
    repo.draft = std::make_unique<image::Draft>(session_.paths());
    session_.git().checkout(repo.source, repo.commit, repo.draft->tree(), copy_.keep_git_dir);
    repo.view = std::make_unique<files::View>(
        files::View::of_directory(open_file(repo.draft->tree(), O_RDONLY | O_DIRECTORY), source));
  }
  CopyOrigin origin;
  origin.view = repo.view.get();
  const std::string from = repo.source.subdir.empty() ? "." : repo.source.subdir;
  const std::vector<CopyPlan::Match> found = plan.matches(origin, from);
  if (found.empty()) throw Error(cat(quoted(source), ": has no ", quoted(from)));
  for (const CopyPlan::Match& match : found) plan.add_match(origin, match);
}

void CopyStep::add_matches(CopyPlan& plan, const CopyOrigin& origin,
                           const std::vector<CopyPlan::Match>& found, bool unpacked,
                           size_t& next_archive) {
  const bool by_default = copy_.is_add && origin.view == origin_.view;
  for (const CopyPlan::Match& match : found) {
    if (!is_archive(origin, match, by_default)) {
      if (found.size() > 1) plan.expect_many(true);
      plan.add_match(origin, match);
      continue;
    }
    if (!unpacked) {
      Archive& archive = archives_.emplace_back();
      archive.from = origin.view;
      static_cast<files::Node&>(archive.file) = *match.resolved.node;
      archive.file.path = match.resolved.path;
      continue;
    }
    Archive& archive = archives_.at(next_archive++);
    unpack(archive);
    CopyOrigin inside;
    inside.view = archive.view.get();
    inside.keeps_owner = inside.keeps_mtime = true;
    plan.add_archive(inside);
  }
}

void CopyStep::add_source(CopyPlan& plan, const dockerfile::Word& word, bool unpacked,
                          size_t& next_archive) {
  const std::string& source = word.text;
  refuse_remote_source(source, copy_.is_add);
  if (source_kind(source) == SourceKind::url)
    return add_remote(plan, dockerfile::unescape_glob(source), unpacked, next_archive);
  if (source_kind(source) == SourceKind::git)
    return add_repository(plan, dockerfile::unescape_glob(source), unpacked);
  if (copy_.parents) return plan.add_with_parents(origin_, source);
  const std::vector<CopyPlan::Match> found = plan.matches(origin_, source);
  if (found.empty() && !unpacked) empty_patterns_.push_back(source);
  add_matches(plan, origin_, found, unpacked, next_archive);
}

std::vector<PlannedEntry> CopyStep::plan(bool unpacked) {
  CopyPlan plan(request_);
  plan.expect_many(copy_.sources.size() + copy_.inline_files.size() > 1);
  size_t next_archive = 0;
  for (const dockerfile::Word& source : copy_.sources) {
    at(source.range, [&] { add_source(plan, source, unpacked, next_archive); });
  }
  for (const dockerfile::Heredoc& file : copy_.inline_files) {
    plan.add_inline(file.name, file.content);
  }
  return plan.finish();
}

// A download is named by its digest, which was verified when it was looked up.
void CopyStep::hash_sources() {
  std::vector<files::Entry*> files;
  const auto add = [&](const files::View* view, files::Entry& file) {
    if (view == origin_.view) {
      files.push_back(&file);
    } else {
      file.content = content_hash(Digest::from_hex(file.path));
    }
  };
  for (PlannedEntry& entry : entries_) {
    if (S_ISREG(entry.mode) && !entry.is_inline && entry.hard_link_to.empty())
      add(entry.view, entry.source);
  }
  for (Archive& archive : archives_) add(archive.from, archive.file);
  hash_contents(*origin_.view, files, memo_, session_.cancel());
}

void CopyStep::describe(StepKey& key) {
  check_checksum();
  entries_ = plan(/*unpacked=*/false);
  hash_sources();
  key.add_files(entries_);
  for (const Archive& archive : archives_) {
    key.add("archive " + archive.file.path, hex_of(archive.file.content));
  }
  for (const auto& [source, repo] : repositories_)
    key.add("git " + source, cat(repo.commit, copy_.keep_git_dir ? " with .git" : ""));
  if (archives_.empty() && repositories_.empty()) return;
  // Where an archive's files end up is known only when it is unpacked.
  key.add("parent", parent_);
  key.add("destination", request_.destination);
  const Owner owner = request_.owner.value_or(Owner{});
  key.add("owner", request_.owner ? cat(owner.uid, ':', owner.gid) : "as in the archive");
  key.add("excludes", join(request_.excludes, "\n"));
}

LayerResult CopyStep::run() {
  if (!archives_.empty() || !repositories_.empty()) entries_ = plan(/*unpacked=*/true);
  return write_plan(entries_, session_.layer_store(), session_.paths(),
                    session_.options().source_date_epoch, session_.cancel());
}

}  // namespace mini::build
