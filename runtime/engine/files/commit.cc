#include "runtime/engine/files/commit.h"

#include <fcntl.h>

#include <limits>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/lifecycle/lifecycle.h"
#include "runtime/engine/sandbox/mount_stubs.h"
#include "runtime/engine/sandbox/sandbox_facts.h"
#include "runtime/files/tree_tar.h"
#include "runtime/image/layer/layer_pipe.h"

namespace mini::engine {
namespace {

// As `mini pause` does it, so that a container stays usable when mini is killed meanwhile.
class Pause {
 public:
  Pause(const ContainerStore& store, const Record& record, bool wanted)
      : store_(store), id_(record.id), paused_(wanted && record.state.status == Status::running) {
    if (paused_) pause_container(store_, id_);
  }
  ~Pause() {
    try {
      end();
    } catch (const Error&) {
      // It has ended or was removed, or another error is on its way.
    }
  }
  void end() {
    if (std::exchange(paused_, false)) unpause_container(store_, id_);
  }

 private:
  const ContainerStore& store_;
  const std::string id_;
  bool paused_;
};

// A copy of the changes, through the same reader that takes layers from outside.
void copy_changes(const std::string& upper, image::Draft& draft) {
  const std::string name = "the container's changes";
  const auto write = [&](int fd) {
    files::HashStream out(fd);
    files::write_tree_tar(open_file(upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), out,
                          std::numeric_limits<int64_t>::max(), false, name);
    out.finish();
  };
  image::pass_layer(write, name, draft);
}

// The image may have been removed since: then only its history is lost.
image::ImageConfig base_config(const Engine& engine, const Record& record) {
  if (const auto entry = engine.images.find(record.image_id.str()))
    return engine.images.load(*entry).config;
  image::ImageConfig config;
  config.architecture = image::host_architecture();
  config.os = "linux";
  return config;
}

image::ImageConfig committed_config(const Engine& engine, const Record& record,
                                    const CommitRequest& request) {
  image::ImageConfig config = base_config(engine, record);
  const Config& from = record.config;
  config.created = rfc3339_nano(source_date_epoch() * 1'000'000'000);
  config.author = request.author;
  config.user = from.user;
  config.working_dir = from.working_dir;
  config.env = from.env;
  config.entrypoint = from.entrypoint;
  config.cmd = from.cmd;
  config.labels = from.labels;
  config.exposed_ports = from.exposed_ports;
  config.volumes = from.volumes;
  config.stop_signal = from.stop_signal;
  config.healthcheck = from.healthcheck;
  config.on_build.clear();
  if (request.change) request.change(config);
  config.history.push_back(
      {config.created, join(record.args, " "), request.author, request.message, false});
  return config;
}

}  // namespace

image::ImageEntry commit_container(Engine& engine, const CommitRequest& request) {
  const Record record = engine.containers.find(request.container);
  image::ImageConfig config = committed_config(engine, record, request);
  std::vector<image::Draft> drafts;
  image::Draft& draft = drafts.emplace_back(engine.paths());
  container::Spec::Overlay overlay = overlay_of(engine, record);
  const std::string upper = std::exchange(overlay.upper, draft.tree());
  const MountStubs stubs(overlay, mount_targets(record));
  {
    Pause pause(engine.containers, record, request.pause);
    copy_changes(upper, draft);
    pause.end();
  }
  stubs.remove();
  const image::LayerStore& layers = engine.images.layers();
  // When the files changed is what the container did, not when it is committed.
  const image::Layer layer = layers.seal(draft, std::numeric_limits<int64_t>::max());
  config.diff_ids = record.layers;
  config.diff_ids.push_back(layer.diff_id);
  const FileLock shared = engine.images.lock(LockMode::shared);
  layers.publish(std::move(drafts));
  return engine.images.put(config, request.tags);
}

}  // namespace mini::engine
