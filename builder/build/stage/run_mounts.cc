#include "builder/build/stage/run_mounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "builder/build/cache/cache_mount.h"
#include "builder/build/source/source_match.h"
#include "builder/build/stage/agent_relay.h"
#include "builder/build/stage/stage_builder.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/private_mounts.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr size_t kSecretLimit = 500 << 10;
constexpr const char* kScriptDirectory = "/dev/pipes/";

std::string fd_path(int fd) {
  return cat("/proc/self/fd/", fd);
}

container::Mount bind_mount(const std::string& source, const std::string& target, bool read_only) {
  container::Mount mount;
  mount.destination = target;
  mount.type = "bind";
  mount.source = source;
  mount.options = {"bind", "rprivate", read_only ? "ro" : "rw"};
  return mount;
}

// Names below `directory` that .dockerignore hides.
std::vector<std::string> hidden_below(const Context& context, const files::View& view,
                                      const std::string& directory) {
  std::vector<std::string> hidden;
  view.walk(directory, [&](const files::Entry& entry) {
    const files::Visit answer = context.visit(entry);
    if (answer == files::Visit::skip) hidden.push_back(entry.path);
    return answer;
  });
  return hidden;
}

// Whiteouts for these names in a tree on top of `directory`.
void make_whiteouts(const std::string& tree, const std::string& directory,
                    const std::vector<std::string>& hidden) {
  const Root root(tree);
  for (const std::string& path : hidden) {
    const std::string below = directory.empty() ? path : path.substr(directory.size() + 1);
    const auto [parent, name] = root.parent_of(below, /*make_parents=*/true);
    if (mknodat(parent.get(), name.c_str(), S_IFCHR, 0) < 0) throw SysError("hiding " + path);
  }
}

}  // namespace

struct RunMounts::Prepared {
  dockerfile::Mount mount;
  dockerfile::Range place;
  std::string target;  // absolute; empty for a secret that is a variable only
  bool from_context = false;
  std::vector<image::Layer> layers;
  std::string source;               // resolved
  std::vector<PlannedEntry> files;  // of a bind from the context: what the key is made of
  std::optional<image::Draft> scratch, masks;  // what is written to a bind; what hides names
  std::optional<CacheMount> cache;
  std::unique_ptr<AgentRelay> relay;  // of ssh
};

RunMounts::RunMounts(Session& session, const StageState& state, const dockerfile::Run& run,
                     const LayersOf& layers_of)
    : session_(session) {
  for (const dockerfile::RunMount& written : run.mounts) {
    auto mount = std::make_unique<Prepared>();
    mount->mount = written.value;
    mount->place = written.text.range;
    std::string target = written.value.target;
    using dockerfile::MountType;
    if (mount->mount.type == MountType::ssh && target.empty())
      target = cat("/run/buildkit/ssh_agent.", ssh_count_++);
    if (mount->mount.type == MountType::secret && target.empty() && mount->mount.env.empty()) {
      target = "/run/secrets/" + mount->mount.id;
    }
    if (!target.empty()) {
      mount->target = state.absolute(target);
      while (mount->target.size() > 1 && mount->target.ends_with('/')) mount->target.pop_back();
      if (mount->target == "/") throw Error("--mount: the target cannot be /");
    }
    if (mount->mount.type == MountType::bind) {
      mount->from_context = mount->mount.from.empty();
      if (!mount->from_context) mount->layers = layers_of(mount->mount.from, mount->place);
    } else if (mount->mount.type == MountType::cache && !mount->mount.from.empty()) {
      mount->layers = layers_of(mount->mount.from, mount->place);
    }
    mounts_.push_back(std::move(mount));
  }
  if (run.is_script_file()) {
    script_ = run.script();
    script_path_ = kScriptDirectory + run.heredocs.front().name;
  }
}

RunMounts::~RunMounts() = default;

void RunMounts::describe_bind(Prepared& mount, StepKey& key) {
  Context& context = session_.context();
  const std::string name = "mount " + mount.target;
  std::optional<files::View> layers;
  if (!mount.from_context) layers.emplace(files::View::of_layers(directories_of(mount.layers)));
  const files::View& view = layers ? *layers : context.view();
  const files::View::Resolved found = view.resolve(mount.mount.source);
  CopyOrigin origin;
  origin.view = &view;
  const bool hidden = mount.from_context && context.ignored(found.path);
  if (hidden) {
    origin.hidden_by = [&](const std::string& path) {
      return context.ignored_by(path).value_or(std::string());
    };
  }
  if (!found.node || (hidden && !found.node->is_directory())) {
    throw missing_source(origin, mount.mount.source, found.path, hidden);
  }
  mount.source = found.path;
  key.add(name, cat(mount.mount.read_only ? "ro " : "rw ", mount.source));
  if (!mount.from_context) {
    Sha256 hash;
    for (const image::Layer& layer : mount.layers) hash.update(layer.diff_id.hex());
    return key.add(name + " from", hash.finish().hex());
  }
  std::vector<files::Entry> entries;
  if (found.node->is_directory()) {
    entries = view.walk(
        mount.source, [&](const files::Entry& entry) { return context.visit(entry); }, true);
  } else {
    static_cast<files::Node&>(entries.emplace_back()) = *found.node;
    entries.back().path = mount.source;
  }
  std::vector<files::Entry*> files;
  for (files::Entry& entry : entries) {
    if (entry.is_regular()) files.push_back(&entry);
  }
  hash_contents(view, files, context.memo(), session_.cancel());
  mount.files = planned_as_they_are(std::move(entries));
  key.add_files(mount.files);
}

void RunMounts::describe(StepKey& key) {
  using dockerfile::MountType;
  for (const std::unique_ptr<Prepared>& mount : mounts_) {
    const dockerfile::Mount& m = mount->mount;
    const std::string name = "mount " + mount->target;
    switch (m.type) {
      case MountType::bind:
        describe_bind(*mount, key);
        break;
      case MountType::cache:
        key.add(name, cat("cache ", m.id, m.read_only ? " ro" : ""));
        break;
      case MountType::tmpfs:
        key.add(name, cat("tmpfs ", m.size));
        break;
      case MountType::secret:
        key.add(name, cat("secret ", m.id, ' ', m.env));
        break;
      case MountType::ssh:
        key.add(name, cat("ssh ", m.id));
        break;
    }
  }
}

std::vector<std::string> RunMounts::environment() const {
  return environment_;
}

// A place to mount on, in memory and seen by this thread only.
std::string RunMounts::new_point(bool directory) {
  if (!scratch_) {
    scratch_.emplace(session_.paths());
    mount_privately("tmpfs", scratch_->work(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700",
                    "memory for the step's mounts");
  }
  const std::string point = cat(scratch_->work(), '/', points_++);
  if (directory) {
    make_directories(point, 0755);
  } else {
    replace_file(point, "", false, 0600);
  }
  return point;
}

container::Mount RunMounts::bind_directory(Prepared& mount, const files::View& view,
                                           const std::string& path) {
  const std::string point = new_point(true);
  const std::string what = cat("--mount: binding ", quoted(path));
  std::vector<Fd> parts = view.directories(path);
  std::vector<std::string> hidden;
  if (mount.from_context) hidden = hidden_below(session_.context(), view, path);
  const bool read_only = mount.mount.read_only;
  if (read_only && hidden.empty() && mount.from_context) {
    mount_privately(fd_path(parts.at(0).get()), point, nullptr, MS_BIND, "", what);
    return bind_mount(point, mount.target, true);
  }
  // Everything else is an overlay: several layers, names to hide, or writes to throw away.
  mount.scratch.emplace(session_.paths());
  mount.masks.emplace(session_.paths());
  make_whiteouts(mount.masks->tree(), path, hidden);
  const Fd masks = open_file(mount.masks->tree(), O_RDONLY | O_DIRECTORY);
  const Fd upper = open_file(mount.scratch->tree(), O_RDONLY | O_DIRECTORY);
  const Fd work = open_file(mount.scratch->work(), O_RDONLY | O_DIRECTORY);
  std::string options = "lowerdir=" + fd_path(masks.get());
  for (const Fd& part : parts) options += ":" + fd_path(part.get());
  if (!read_only) {
    struct stat info;
    if (fstat(parts.at(0).get(), &info) < 0 || fchmod(upper.get(), info.st_mode & 07777) < 0 ||
        fchown(upper.get(), info.st_uid, info.st_gid) < 0) {
      throw SysError(what);
    }
    options += cat(",upperdir=", fd_path(upper.get()), ",workdir=", fd_path(work.get()));
  }
  mount_privately("overlay", point, "overlay", read_only ? MS_RDONLY : 0, options, what);
  return bind_mount(point, mount.target, read_only);
}

container::Mount RunMounts::bind_file(Prepared& mount, const files::View& view,
                                      const files::View::Resolved& source) {
  const Fd file = view.open(source.path, *source.node);
  const std::string what = cat("--mount: binding ", quoted(source.path));
  if (mount.mount.read_only) {
    const std::string point = new_point(false);
    mount_privately(fd_path(file.get()), point, nullptr, MS_BIND, "", what);
    return bind_mount(point, mount.target, true);
  }
  mount.scratch.emplace(session_.paths());
  const std::string copy = mount.scratch->tree() + "/file";
  const Fd target = open_file(copy, O_WRONLY | O_CREAT | O_EXCL, 0600);
  std::string buffer(256 << 10, '\0');
  while (const size_t got = read_full(file.get(), buffer.data(), buffer.size(), what)) {
    write_all(target.get(), std::string_view(buffer).substr(0, got), copy);
  }
  if (fchown(target.get(), source.node->uid, source.node->gid) < 0 ||
      fchmod(target.get(), source.node->mode & 07777) < 0) {
    throw SysError(what);
  }
  return bind_mount(copy, mount.target, false);
}

container::Mount RunMounts::bind(Prepared& mount) {
  // Reopened: a directory held since before belongs to the previous namespace.
  const files::View view = mount.from_context
                               ? session_.context().reopen()
                               : files::View::of_layers(directories_of(mount.layers));
  const files::View::Resolved source = view.resolve(mount.source, /*follow_last=*/false);
  if (source.node && source.node->is_directory()) return bind_directory(mount, view, source.path);
  if (source.node && source.node->is_regular()) return bind_file(mount, view, source);
  throw Error(cat("--mount: source ", quoted(mount.source), " is neither file nor directory"));
}

std::optional<container::Mount> RunMounts::secret(Prepared& mount) {
  const dockerfile::Mount& m = mount.mount;
  const Secret* given = nullptr;
  for (const Secret& secret : session_.options().secrets) {
    if (secret.id == m.id) given = &secret;
  }
  if (given == nullptr) {
    if (!m.required) return {};
    throw Error(cat("secret ", quoted(m.id), ": required, but not given"),
                cat("--secret id=", m.id, ",src=FILE"));
  }
  std::string value;
  if (!given->file.empty()) {
    value = read_file(given->file, kSecretLimit);
  } else if (const char* variable = getenv(given->env.c_str())) {
    value = variable;
  } else {
    throw Error(cat("secret ", quoted(m.id), ": variable ", quoted(given->env), " is not set"));
  }
  if (!m.env.empty()) environment_.push_back(cat(m.env, '=', value));
  if (mount.target.empty()) return {};
  const std::string point = new_point(false);
  const Fd file = open_file(point, O_WRONLY);
  write_all(file.get(), value, "secret");
  if (fchown(file.get(), m.uid.value_or(0), m.gid.value_or(0)) < 0 ||
      fchmod(file.get(), m.mode.value_or(0400)) < 0) {
    throw SysError(cat("secret ", quoted(m.id)));
  }
  return bind_mount(point, mount.target, true);
}

std::optional<container::Mount> RunMounts::ssh(Prepared& mount) {
  const dockerfile::Mount& m = mount.mount;
  const auto agent = session_.options().ssh_agents.find(m.id);
  if (agent == session_.options().ssh_agents.end()) {
    if (!m.required) return {};
    throw Error(cat("ssh ", quoted(m.id), ": required, but not given"),
                m.id == "default" ? "--ssh default" : cat("--ssh ", m.id, "=SOCKET"));
  }
  const std::string socket = new_point(true) + "/agent";
  mount.relay = std::make_unique<AgentRelay>(agent->second, socket, m.mode.value_or(0600),
                                             m.uid.value_or(0), m.gid.value_or(0));
  const std::string variable = "SSH_AUTH_SOCK=" + mount.target;
  if (std::none_of(environment_.begin(), environment_.end(),
                   [](const std::string& entry) { return entry.starts_with("SSH_AUTH_SOCK="); }))
    environment_.push_back(variable);
  return bind_mount(socket, mount.target, false);
}

container::Mount RunMounts::cache(Prepared& mount) {
  const dockerfile::Mount& m = mount.mount;
  CacheMount::Request request;
  request.id = m.id.empty() ? mount.target : m.id;
  request.target = mount.target;
  request.sharing = m.sharing;
  request.mode = m.mode.value_or(0755);
  request.uid = m.uid.value_or(0);
  request.gid = m.gid.value_or(0);
  if (!mount.layers.empty()) {
    request.seed = [&](const std::string& path) { seed_cache(mount, path); };
  }
  mount.cache.emplace(session_.paths(), request, session_.cancel());
  const bool whole = mount.layers.empty() && !clean_path(m.source).empty() && m.source != "/";
  if (!whole) return bind_mount(mount.cache->directory(), mount.target, m.read_only);
  const Root root(mount.cache->directory());
  const std::string point = new_point(true);
  const Fd inside = root.make_directories(m.source);
  mount_privately(fd_path(inside.get()), point, nullptr, MS_BIND, "", "--mount: " + m.source);
  return bind_mount(point, mount.target, m.read_only);
}

// A cache that starts as a copy of a directory of a stage or image.
void RunMounts::seed_cache(const Prepared& mount, const std::string& path) {
  const files::View view = files::View::of_layers(directories_of(mount.layers));
  const files::View nothing = files::View::of_layers({});
  CopyRequest request;
  request.rootfs = &nothing;
  request.destination = "/";
  CopyPlan plan(request);
  CopyOrigin origin;
  origin.view = &view;
  origin.keeps_owner = true;
  const std::vector<CopyPlan::Match> found = plan.matches(origin, mount.mount.source);
  for (const CopyPlan::Match& match : found) plan.add_match(origin, match);
  const LayerResult seed = write_plan(plan.finish(), session_.layer_store(), session_.paths(),
                                      session_.options().source_date_epoch, session_.cancel());
  rename_path(seed.draft.tree(), path);
}

container::Mount RunMounts::tmpfs(const Prepared& mount) const {
  container::Mount result;
  result.destination = mount.target;
  result.type = "tmpfs";
  result.source = "tmpfs";
  result.options = {"nosuid", "nodev"};
  if (mount.mount.size > 0) result.options.push_back(cat("size=", mount.mount.size));
  return result;
}

std::vector<container::Mount> RunMounts::prepare() {
  using dockerfile::MountType;
  std::vector<container::Mount> result;
  for (const std::unique_ptr<Prepared>& mount : mounts_) {
    switch (mount->mount.type) {
      case MountType::bind:
        result.push_back(bind(*mount));
        break;
      case MountType::cache:
        result.push_back(cache(*mount));
        break;
      case MountType::tmpfs:
        result.push_back(tmpfs(*mount));
        break;
      case MountType::secret:
        if (std::optional<container::Mount> file = secret(*mount)) {
          result.push_back(std::move(*file));
        }
        break;
      case MountType::ssh:
        if (auto socket = ssh(*mount)) result.push_back(std::move(*socket));
        break;
    }
  }
  if (!script_.empty()) {
    const std::string point = new_point(false);
    const Fd file = open_file(point, O_WRONLY);
    write_all(file.get(), script_, "script");
    if (fchmod(file.get(), 0755) < 0) throw SysError("script");
    result.push_back(bind_mount(point, script_path_, true));
  }
  return result;
}

}  // namespace mini::build
