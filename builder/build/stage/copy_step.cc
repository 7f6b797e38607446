#include "builder/build/stage/copy_step.h"

#include "builder/dockerfile/glob.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/image/layer/layer_reader.h"

namespace mini::build {
namespace {

std::vector<std::string> texts(const std::vector<dockerfile::Word>& words) {
  std::vector<std::string> result;
  for (const dockerfile::Word& word : words) result.push_back(word.text);
  return result;
}

}  // namespace

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

void refuse_remote_source(const std::string& source, bool is_add) {
  const bool url = source.starts_with("http://") || source.starts_with("https://");
  const bool git = source.starts_with("git://") || source.starts_with("git@") ||
                   source.starts_with("ssh://") || (url && source.ends_with(".git"));
  if (!url && !git) return;
  if (!is_add) throw Error(cat("source ", quoted(source), ": COPY takes no URL"));
  throw Error(cat("source ", quoted(source), ": ADD of ", git ? "a git repository" : "a URL",
                  " is not supported"),
              git ? "clone it in a RUN, or beside the Dockerfile and COPY it"
                  : "download it in a RUN, or beside the Dockerfile and COPY it");
}

CopyStep::CopyStep(Session& session, const StageState& state, const FileView& rootfs,
                   const dockerfile::Source& source, const dockerfile::Copy& copy,
                   CopyOrigin origin, HashMemo& memo)
    : session_(session),
      source_(source),
      copy_(copy),
      origin_(std::move(origin)),
      memo_(memo),
      parent_(copy.link ? "none" : state.files_key()) {
  // --link: the layer is made as if nothing were below it, so it stays valid on any base.
  if (copy.link) nothing_.emplace(FileView::of_layers({session.empty_directory()}));
  request_.rootfs = nothing_ ? &*nothing_ : &rootfs;
  request_.destination = state.absolute(copy.destination.text);
  if (copy.chown) {
    at(copy.chown->range, [&] { request_.owner = resolve_owner(rootfs, copy.chown->text); });
  }
  if (copy.chmod)
    at(copy.chmod->range, [&] { request_.mode = ModeChange::parse(copy.chmod->text); });
  request_.excludes = texts(copy.excludes);
  request_.parents = copy.parents;
}

bool CopyStep::is_archive(const CopyPlan::Match& match) const {
  if (!copy_.unpack.value_or(copy_.is_add) || !match.resolved.node->is_regular()) return false;
  const Fd fd = origin_.view->open(match.resolved.path, *match.resolved.node);
  return image::looks_like_archive(fd.get());
}

void CopyStep::unpack(Archive& archive) {
  if (archive.view) return;
  archive.draft = std::make_unique<image::Draft>(session_.paths());
  const Fd fd = origin_.view->open(archive.file.path, archive.file);
  image::read_layer(fd.get(), archive.file.path, *archive.draft);
  archive.view = std::make_unique<FileView>(FileView::of_layers({archive.draft->tree()}));
}

void CopyStep::add_source(CopyPlan& plan, const std::string& source, bool unpacked,
                          size_t& next_archive) {
  if (copy_.parents) return plan.add_with_parents(origin_, source);
  const std::vector<CopyPlan::Match> found = plan.matches(origin_, source);
  if (found.empty() && !unpacked) empty_patterns_.push_back(source);
  for (const CopyPlan::Match& match : found) {
    if (!is_archive(match)) {
      if (found.size() > 1) plan.expect_many(true);
      plan.add_match(origin_, match);
      continue;
    }
    if (!unpacked) {
      Archive& archive = archives_.emplace_back();
      static_cast<FileNode&>(archive.file) = *match.resolved.node;
      archive.file.path = match.resolved.path;
      continue;
    }
    Archive& archive = archives_.at(next_archive++);
    unpack(archive);
    CopyOrigin inside;
    inside.view = archive.view.get();
    inside.keeps_owner = inside.keeps_mtime = true;
    plan.add_tree(inside);
  }
}

std::vector<PlannedEntry> CopyStep::plan(bool unpacked) {
  CopyPlan plan(request_);
  plan.expect_many(copy_.sources.size() + copy_.inline_files.size() > 1);
  size_t next_archive = 0;
  for (const dockerfile::Word& source : copy_.sources) {
    at(source.range, [&] {
      refuse_remote_source(source.text, copy_.is_add);
      add_source(plan, source.text, unpacked, next_archive);
    });
  }
  for (const dockerfile::Heredoc& file : copy_.inline_files) {
    plan.add_inline(file.name, file.content);
  }
  return plan.finish();
}

void CopyStep::describe(StepKey& key) {
  entries_ = plan(/*unpacked=*/false);
  std::vector<FileEntry*> files;
  for (PlannedEntry& entry : entries_) {
    if (S_ISREG(entry.mode) && !entry.is_inline && entry.hard_link_to.empty()) {
      files.push_back(&entry.source);
    }
  }
  for (Archive& archive : archives_) files.push_back(&archive.file);
  hash_contents(*origin_.view, files, memo_, session_.cancel());
  key.add_files(entries_);
  for (const Archive& archive : archives_) {
    key.add("archive " + archive.file.path, hex_of(archive.file.content));
  }
  if (archives_.empty()) return;
  // Where an archive's files end up is known only when it is unpacked.
  key.add("parent", parent_);
  key.add("destination", request_.destination);
  const Owner owner = request_.owner.value_or(Owner{});
  key.add("owner", request_.owner ? cat(owner.uid, ':', owner.gid) : "as in the archive");
  key.add("excludes", join(request_.excludes, "\n"));
}

LayerResult CopyStep::run() {
  if (!archives_.empty()) entries_ = plan(/*unpacked=*/true);
  return write_plan(entries_, session_.layer_store(), session_.paths(),
                    session_.options().source_date_epoch, session_.cancel());
}

}  // namespace mini::build
