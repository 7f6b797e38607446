#include "runtime/engine/lifecycle/create.h"

#include <algorithm>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/random.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/engine/record/volumes.h"
#include "runtime/engine/sandbox/networks.h"
#include "runtime/engine/sandbox/sandbox.h"

namespace mini::engine {
namespace {

std::string variable_name(const std::string& variable) {
  return variable.substr(0, variable.find('='));
}

// The flags' variables first, then those of the image that they do not name.
std::vector<std::string> merge_env(const std::vector<std::string>& flags,
                                   const std::vector<std::string>& image) {
  std::vector<std::string> out;
  std::set<std::string> named;
  for (auto variable = flags.rbegin(); variable != flags.rend();
       ++variable) {  // the last one of a name counts
    if (!named.insert(variable_name(*variable)).second) continue;
    if (variable->find('=') != std::string::npos) out.insert(out.begin(), *variable);
  }
  for (const std::string& variable : image) {
    if (!named.contains(variable_name(variable))) out.push_back(variable);
  }
  return out;
}

void merge_command(const image::ImageConfig& image, const Config& flags, Config& out) {
  const bool reset =
      flags.entrypoint && (flags.entrypoint->empty() ||
                           (flags.entrypoint->size() == 1 && flags.entrypoint->front().empty()));
  if (flags.entrypoint) {
    out.entrypoint = reset ? std::nullopt : flags.entrypoint;
  } else {
    out.entrypoint = image.entrypoint;
  }
  // An entrypoint from the command line makes the image's arguments meaningless.
  const bool own_cmd = flags.cmd && !flags.cmd->empty();
  out.cmd = own_cmd ? flags.cmd : flags.entrypoint ? std::nullopt : image.cmd;
}

std::optional<image::Healthcheck> merge_healthcheck(
    const std::optional<image::Healthcheck>& image,
    const std::optional<image::Healthcheck>& flags) {
  image::Healthcheck out = image.value_or(image::Healthcheck{});
  if (flags) {
    if (!flags->test.empty()) out.test = flags->test;
    if (flags->interval_ns) out.interval_ns = flags->interval_ns;
    if (flags->timeout_ns) out.timeout_ns = flags->timeout_ns;
    if (flags->start_period_ns) out.start_period_ns = flags->start_period_ns;
    if (flags->start_interval_ns) out.start_interval_ns = flags->start_interval_ns;
    if (flags->retries) out.retries = flags->retries;
  }
  if (out.test.empty() || out.test[0] == "NONE") return {};
  return out;
}

size_t depth(const std::string& path) {
  return static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
}

// "container:web" -> "container:<id>": names may change, what is joined may not.
void resolve_container_mode(const ContainerStore& store, std::string& mode) {
  constexpr std::string_view kPrefix = "container:";
  if (mode.starts_with(kPrefix)) mode = cat(kPrefix, store.find(mode.substr(kPrefix.size())).id);
}

// Under their names, ids having been good enough for the user; each exists. The default network is
// made by the first start.
void resolve_networks(const StatePaths& paths, HostConfig& host) {
  std::set<std::string> named;
  for (NetworkRequest& request : host.networks) {
    network::Network network;
    network.name = request.name;
    if (!network.is_default()) network = network::NetworkStore(paths).find(request.name);
    check_addresses(network, request);
    request.name = network.name;
    if (!named.insert(request.name).second)
      throw Error(cat("--network ", quoted(request.name), ": given twice"),
                  "name each network once", ErrorKind::usage);
  }
  if (!host.networks.empty()) host.network_mode = host.networks.front().name;
}

// Two containers behind one address have one name, as in Docker.
void take_host_name(const ContainerStore& store, Record& record) {
  constexpr std::string_view kPrefix = "container:";
  const std::string& mode = record.host.network_mode;
  if (!mode.starts_with(kPrefix)) return;
  const Record other = store.find(mode.substr(kPrefix.size()));
  record.config.hostname = host_name_of(other);
  record.config.domainname = other.config.domainname;
}

// Each of them is a rule of the kernel and a line of the record.
void check_port_count(const Config& config, const HostConfig& host) {
  constexpr size_t kMost = 4096;
  const size_t count = host.ports.size() + (host.publish_all ? config.exposed_ports.size() : 0);
  if (count <= kMost) return;
  throw Error(cat("--publish: ", count, " ports, the limit per container is ", kMost),
              "--network host exposes all ports of a container on the host", ErrorKind::usage);
}

PreparedContainer make_container(Engine& engine, const CreateRequest& request) {
  check_request(request);
  FileLock images = engine.images.lock(LockMode::shared);
  const image::Image image = engine.images.load(request.image);
  Record record;
  record.config = merge_config(image.config, request.config);
  record.config.image = request.image;
  record.args = command_of(record.config, request.image);
  record.host = request.host;
  record.mounts = merge_mounts(record.config, record.host);
  resolve_container_mode(engine.containers, record.host.pid_mode);
  resolve_container_mode(engine.containers, record.host.network_mode);
  take_host_name(engine.containers, record);
  resolve_networks(engine.paths(), record.host);
  check_port_count(record.config, record.host);
  record.image_id = image.entry.id;
  for (const image::Layer& layer : image.layers) record.layers.push_back(layer.diff_id);

  bool named_volumes = false;
  for (MountRequest& mount : record.mounts) {
    if (mount.type != MountRequest::Type::volume) continue;
    if (mount.anonymous) mount.source = random_hex(64);
    named_volumes = true;
  }
  ContainerStore::Claim claim = engine.containers.claim(request.name);
  record.id = claim.id;
  record.name = claim.name;
  record.created_ns = now_ns();
  PreparedContainer made{std::move(record), std::move(claim.lock), std::move(claim.run_lock),
                         std::move(images)};
  if (named_volumes) {
    const VolumeStore volumes(engine.paths());
    const FileLock lock = volumes.lock(LockMode::shared);
    // First the record that uses the volumes, then the volumes: a kill in between leaves none that
    // nobody knows.
    engine.containers.write(made.record);
    for (const MountRequest& mount : made.record.mounts) {
      if (mount.type == MountRequest::Type::volume)
        volumes.create(mount.source, {}, mount.anonymous);
    }
  }
  engine.images.mark_used(image.entry);
  return made;
}

}  // namespace

Config merge_config(const image::ImageConfig& image, const Config& flags) {
  Config out = flags;
  if (out.user.empty()) out.user = image.user;
  if (out.working_dir.empty()) out.working_dir = image.working_dir;
  if (out.stop_signal.empty()) out.stop_signal = image.stop_signal;
  out.env = merge_env(flags.env, image.env);
  out.labels.insert(image.labels.begin(), image.labels.end());
  out.exposed_ports.insert(image.exposed_ports.begin(), image.exposed_ports.end());
  out.volumes.insert(image.volumes.begin(), image.volumes.end());
  merge_command(image, flags, out);
  out.healthcheck = merge_healthcheck(image.healthcheck, flags.healthcheck);
  return out;
}

std::vector<std::string> command_of(const Config& config, const std::string& image) {
  std::vector<std::string> args = config.entrypoint.value_or(std::vector<std::string>{});
  if (config.cmd) args.insert(args.end(), config.cmd->begin(), config.cmd->end());
  if (!args.empty()) return args;
  throw Error(cat("image ", quoted(image),
                  ": has no default command (CMD or ENTRYPOINT), and none was given"),
              cat("give one: `mini run ", printable(image), " COMMAND`"), ErrorKind::usage);
}

std::vector<MountRequest> merge_mounts(const Config& config, const HostConfig& host) {
  std::vector<MountRequest> out;
  std::set<std::string> taken;
  for (MountRequest mount : host.mounts) {
    mount.destination = clean_path(mount.destination);
    if (!taken.insert(mount.destination).second) {
      throw Error(cat("mount ", quoted(mount.destination), ": given twice"), {}, ErrorKind::usage);
    }
    mount.anonymous = mount.type == MountRequest::Type::volume && mount.source.empty();
    out.push_back(std::move(mount));
  }
  for (const std::string& volume : config.volumes) {
    const std::string destination = clean_path(volume.starts_with('/') ? volume : "/" + volume);
    if (destination == "/" || !taken.insert(destination).second) continue;
    MountRequest mount;
    mount.type = MountRequest::Type::volume;
    mount.destination = destination;
    mount.anonymous = true;
    out.push_back(std::move(mount));
  }
  std::stable_sort(out.begin(), out.end(), [](const MountRequest& a, const MountRequest& b) {
    return depth(a.destination) < depth(b.destination);
  });
  return out;
}

PreparedContainer prepare_container(Engine& engine, const CreateRequest& request) {
  engine.containers.sweep();
  return make_container(engine, request);
}

Record create_container(Engine& engine, const CreateRequest& request) {
  PreparedContainer made = make_container(engine, request);
  engine.containers.write(made.record);
  engine.containers.remove_run_directory(made.record.id);
  return std::move(made.record);
}

}  // namespace mini::engine
