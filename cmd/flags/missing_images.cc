#include "cmd/flags/missing_images.h"

#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <map>
#include <mutex>

#include "cmd/flags/transfer_progress.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"
#include "runtime/registry/http/download.h"

namespace mini::cmd {
namespace {

using registry::TransferSink;

constexpr int64_t kBetweenNews = 100'000'000;

void fetch(const Session& session, image::ImageStore& store, const std::string& name,
           TransferSink& sink) {
  registry::pull(store, image::Reference::parse(name), registry::Settings::load(session.config),
                 registry::CredentialFile::standard(), sink);
}

// All layers of an image in one line.
class Sum : public TransferSink {
 public:
  using Tell = std::function<void(const std::string&)>;
  explicit Sum(const Tell& tell) : tell_(tell) {}

  void on_layer(const Digest& blob, State state, uint64_t done, uint64_t total) override {
    const std::lock_guard guard(mutex_);
    layers_[blob] = {state == State::done || state == State::exists, done, total};
    const int64_t now = monotonic_ns();
    if (now - told_at_ < kBetweenNews) return;
    told_at_ = now;
    size_t ended = 0;
    uint64_t here = 0, all = 0;
    for (const auto& [digest, layer] : layers_) {
      ended += layer.ended ? 1 : 0;
      here += layer.done;
      all += layer.total;
    }
    tell_(cat(human_size(here), " / ", human_size(all), " (", ended, " of ", layers_.size(),
              layers_.size() == 1 ? " layer)" : " layers)"));
  }
  void on_note(const std::string& text) override {
    const std::lock_guard guard(mutex_);
    tell_(text);
  }

 private:
  struct Layer {
    bool ended = false;
    uint64_t done = 0, total = 0;
  };
  const Tell& tell_;
  std::mutex mutex_;
  std::map<Digest, Layer> layers_;
  int64_t told_at_ = 0;
};

// A build takes signals between its steps; while an image comes, nothing has begun, and the next
// pull resumes: mini may exit at once.
class Interruptible {
 public:
  Interruptible() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
    pthread_sigmask(SIG_UNBLOCK, &signals, &before_);
  }
  ~Interruptible() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Interruptible(const Interruptible&) = delete;

 private:
  sigset_t before_;
};

std::optional<std::string> near_name(const image::ImageStore& store, const std::string& name) {
  std::vector<std::string> names;
  for (const image::ImageEntry& entry : store.list())
    for (const std::string& tag : entry.tags) {
      const image::Reference reference = image::Reference::parse(tag);
      names.push_back(reference.familiar());
      if (reference.tag == "latest")
        names.push_back(names.back().substr(0, names.back().rfind(':')));
    }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return did_you_mean(name, candidates);
}

std::string cure_of(const image::ImageStore& store, const std::string& name) {
  const auto near = near_name(store, name);
  return near ? cat("did you mean ", quoted(*near), "?") : "`mini images` lists the store";
}

}  // namespace

void Missing::declare(Flags& flags) {
  flags.value("--pull POLICY", pull, "when to pull the image: missing (default), always or never");
  flags.flag("--offline", offline, "never contact a registry");
}

void Missing::check() const {
  if (pull != "missing" && pull != "always" && pull != "never")
    throw Error(cat("flag --pull ", quoted(pull), ": unknown policy"), "missing, always or never",
                ErrorKind::bad_flag);
  if (offline && pull == "always")
    throw Error("flags --offline and --pull=always: cannot be combined", "", ErrorKind::bad_flag);
}

void Missing::ensure(const Session& session, image::ImageStore& store,
                     const std::string& name) const {
  const bool here = pull != "always" && store.find(name).has_value();
  if (here || name.starts_with("sha256:")) return;  // an ID: only a store knows what it means
  if (offline || pull == "never")
    throw Error(cat("image ", quoted(name), ": not found in the store, and ",
                    offline ? "--offline" : "--pull=never", " forbids a pull"),
                cure_of(store, name), ErrorKind::not_found);
  if (pull == "missing") {
    if (registry::Settings::load(session.config).offline)
      throw Error(cat("image ", quoted(name),
                      ": not found in the store, and \"offline\" in config.json forbids a pull"),
                  cure_of(store, name), ErrorKind::not_found);
    if (!quiet)
      std::fprintf(stderr, "Unable to find image '%s' locally\n",
                   printable(image::Reference::parse(name).familiar()).c_str());
  }
  const auto progress = make_transfer_progress(Direction::pull, quiet);
  try {
    fetch(session, store, name, *progress);
  } catch (const Error& error) {
    // A mistyped name of an image that is in the store looks like a registry that is not there.
    const auto near = near_name(store, name);
    if (!near) throw;
    throw Error(error.what(), cat("did you mean ", quoted(*near), ", which is in the store?"),
                error.kind());
  }
}

build::Fetch build_fetch(const Session& session, image::ImageStore& store, build::Pull pull) {
  if (pull == build::Pull::missing && registry::Settings::load(session.config).offline) return {};
  return [&session, &store](const std::string& name, const Sum::Tell& tell) {
    const Interruptible guard;
    Sum sum(tell);
    fetch(session, store, name, sum);
  };
}

build::FetchUrl build_fetch_url(const Session& session, bool offline) {
  if (offline) return {};
  return [&session](const build::UrlRequest& request, const std::function<void()>& begin,
                    const std::function<void(std::string_view)>& piece) {
    const registry::Downloaded got = registry::download(
        registry::Settings::load(session.config),
        {request.url, request.etag, request.last_modified, request.limit, request.cancel_fd},
        {begin, piece});
    return build::UrlAnswer{got.unchanged, got.etag, got.last_modified, got.file_name};
  };
}

}  // namespace mini::cmd
