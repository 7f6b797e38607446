#include "builder/build/stage/named_context.h"

#include "builder/build/cache/step_key.h"
#include "builder/build/stage/layer_result.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr std::string_view kImage = "docker-image://";

std::string full_name(const std::string& name) {
  try {
    return image::Reference::parse(name).full();
  } catch (const Error&) {
    return lower(name);
  }
}

StepKey key_of(Session& session, Context& context, std::vector<PlannedEntry>& entries) {
  std::vector<files::Entry*> files;
  for (PlannedEntry& entry : entries) {
    if (S_ISREG(entry.mode) && entry.hard_link_to.empty()) files.push_back(&entry.source);
  }
  hash_contents(context.view(), files, context.memo(), session.cancel());
  context.memo().save();
  StepKey key;
  key.add("epoch", cat(session.options().source_date_epoch));
  key.add_files(entries);
  return key;
}

}  // namespace

std::optional<NamedContext> named_context(const BuildOptions& options, const std::string& name) {
  for (const auto& [known, source] : options.contexts) {
    if (lower(known) != lower(name) && full_name(known) != full_name(name)) continue;
    if (source.starts_with(kImage)) return NamedContext{known, source.substr(kImage.size()), {}};
    return NamedContext{known, {}, source};
  }
  return {};
}

std::vector<image::Layer> directory_layers(Session& session, const NamedContext& named) {
  Context context(named.directory, session.paths());
  const files::View nothing = files::View::of_layers({session.empty_directory()});
  CopyRequest request;
  request.rootfs = &nothing;
  request.destination = "/";
  CopyPlan plan(request);
  const CopyOrigin origin = origin_in(context);
  for (const CopyPlan::Match& match : plan.matches(origin, ".")) plan.add_match(origin, match);
  std::vector<PlannedEntry> entries = plan.finish();
  const StepKey key = key_of(session, context, entries);
  if (const std::optional<image::Layer> found = session.find(key.digest())) return {*found};
  LayerResult result = write_plan(entries, session.layer_store(), session.paths(),
                                  session.options().source_date_epoch, session.cancel());
  StepRecord record;
  record.key = key.digest();
  record.description = cat("context ", named.name);
  record.parts = key.parts();
  record.created_ns = now_ns();
  return {session.keep(std::move(record), key.listing(), std::move(result.draft), result.layer)};
}

CopyOrigin origin_in(Context& context) {
  CopyOrigin origin;
  origin.view = &context.view();
  origin.visit = [&context](const files::Entry& entry) { return context.visit(entry); };
  origin.hidden = [&context](const std::string& path) { return context.ignored(path); };
  origin.hidden_by = [&context](const std::string& path) {
    return context.ignored_by(path).value_or(std::string());
  };
  return origin;
}

}  // namespace mini::build
