#include "runtime/engine/sandbox/sandbox_facts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/container/seccomp/capability.h"
#include "runtime/container/seccomp/seccomp_profile.h"
#include "runtime/engine/record/volumes.h"
#include "runtime/engine/sandbox/container_network.h"
#include "runtime/engine/sandbox/devices.h"
#include "runtime/engine/sandbox/security_options.h"
#include "runtime/files/copy_up.h"
#include "runtime/files/view.h"

namespace mini::engine {
namespace {

void write_plain(const std::string& path, std::string_view content) {
  // Not by rename: it is not read before the container runs, and each start rewrites it.
  Fd fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
  write_all(fd.get(), content, path);
}

void make_etc_files(const std::string& directory, const Record& record, SandboxFacts& facts) {
  facts.hosts = directory + "/hosts";
  facts.hostname = directory + "/hostname";
  facts.resolv_conf = directory + "/resolv.conf";
  write_plain(facts.hosts, hosts_file(record.host.extra_hosts));
  write_plain(facts.hostname, host_name_of(record) + "\n");
  write_plain(facts.resolv_conf,
              has_networks(record.host)
                  ? resolver_of(record.host).file
                  : resolv_conf(read_file_if_exists("/etc/resolv.conf").value_or(""), record.host));
}

// With another container's network come its names and name servers.
void share_etc_files(const std::string& directory, SandboxFacts& facts) {
  facts.hosts = directory + "/hosts";
  facts.hostname = directory + "/hostname";
  facts.resolv_conf = directory + "/resolv.conf";
}

// The container that a mode "container:ID" names; it has to run.
std::optional<Record> joined_container(const ContainerStore& store, const std::string& flag,
                                       const std::string& mode) {
  constexpr std::string_view kPrefix = "container:";
  if (!mode.starts_with(kPrefix)) return {};
  Record other = store.find(mode.substr(kPrefix.size()));
  if (!is_live(other) || !other.state.process.alive()) {
    throw Error(cat(flag, " container:", other.name, ": is not running"),
                cat("start it first: `mini start ", other.name, "`"), ErrorKind::conflict);
  }
  return other;
}

std::string namespace_of(const std::optional<Record>& record, const char* type) {
  return record ? cat("/proc/", record->state.process.pid, "/ns/", type) : std::string();
}

// Swap can be limited only where the kernel counts it.
bool counts_swap() {
  const container::CgroupHost& host = container::CgroupHost::get();
  if (const std::string* memory = host.v1_mount("memory")) {
    return exists(*memory + "/memory.memsw.limit_in_bytes");
  }
  return !host.unified.empty() && exists(cat(host.unified, host.own, "/memory.swap.max"));
}

std::vector<container::Device> devices_of(const HostConfig& host) {
  if (host.privileged) return all_host_devices();
  std::vector<container::Device> out;
  for (const DeviceRequest& request : host.devices) {
    std::vector<container::Device> found = find_devices(request);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

bool is_resolver_option(std::string_view line, std::string_view key) {
  return line.starts_with(key) && line.size() > key.size() &&
         (line[key.size()] == ' ' || line[key.size()] == '\t');
}

}  // namespace

container::Spec::Overlay overlay_of(const Engine& engine, const Record& record) {
  container::Spec::Overlay overlay;
  const std::string directory = engine.containers.directory(record.id);
  overlay.upper = directory + "/upper";
  overlay.work = directory + "/work";
  for (const Digest& layer : record.layers)
    overlay.lower.push_back(engine.images.layers().get(layer).lower);
  return overlay;
}

void prepare_mounts(const Engine& engine, const Record& record,
                    const container::Spec::Overlay& overlay) {
  const VolumeStore volumes(engine.paths());
  for (const MountRequest& mount : record.mounts) {
    if (mount.type == MountRequest::Type::bind) {
      struct stat info;
      if (mount.create_host_path && stat(mount.source.c_str(), &info) < 0)
        make_directories(mount.source);
    } else if (mount.type == MountRequest::Type::volume) {
      const Volume volume = volumes.create(mount.source, {}, mount.anonymous);
      const std::string directory = volumes.directory(volume.name);
      // In this order: a copy that fills the volume meanwhile is seen as unfinished.
      const bool fill = !mount.no_copy && list_directory(volume.mountpoint).empty();
      if (!fill && !files::has_unfinished_copy(directory)) continue;
      const FileLock lock =
          FileLock::acquire(directory + "/", LockMode::exclusive, cat("volume ", volume.name));
      files::finish_copy(directory);
      if (fill) files::copy_up(overlay, mount.destination, directory);
    }
  }
}

std::vector<std::string> mount_targets(const Record& record) {
  std::vector<std::string> targets = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};
  for (const container::Mount& mount : container::default_spec().mounts)
    targets.push_back(mount.destination);
  for (const MountRequest& mount : record.mounts) targets.push_back(mount.destination);
  return targets;
}

container::ResolvedUser find_user(const container::Spec::Overlay& overlay, const std::string& user,
                                  const std::vector<std::string>& groups) {
  const files::View tree = files::View::of_overlay(overlay);
  return container::resolve_user_in(
      [&](const std::string& path, size_t limit) { return tree.read_regular(path, limit); }, user,
      groups);
}

container::Seccomp load_seccomp_profile(const std::string& path,
                                        const std::vector<std::string>& capabilities) {
  constexpr size_t kLimit = 4 << 20;
  return container::select_profile(read_file(path, kLimit), cat("seccomp profile ", quoted(path)),
                                   container::capability_mask(capabilities));
}

std::string hosts_file(const std::vector<std::string>& extra_hosts) {
  std::string text =
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::\tip6-localnet\n"
      "ff00::\tip6-mcastprefix\n"
      "ff02::1\tip6-allnodes\n"
      "ff02::2\tip6-allrouters\n";
  for (const std::string& entry : extra_hosts) {
    const size_t colon = entry.find_first_of(":=");
    std::string address = entry.substr(colon + 1);
    if (address.starts_with('[') && address.ends_with(']'))
      address = address.substr(1, address.size() - 2);
    // A container with networks of its own has their gateway here; one without is on the host
    // itself.
    if (address == "host-gateway") address = "127.0.0.1";
    text += cat(address, '\t', entry.substr(0, colon), '\n');
  }
  return text;
}

std::string resolv_conf(std::string_view host_file, const HostConfig& host) {
  std::string text;
  for (const std::string& line : split(host_file, '\n')) {
    const bool replaced = (is_resolver_option(line, "nameserver") && !host.dns.empty()) ||
                          (is_resolver_option(line, "search") && !host.dns_search.empty()) ||
                          (is_resolver_option(line, "options") && !host.dns_options.empty());
    if (!replaced && !line.empty() && line[0] != '#' && line[0] != ';') text += cat(line, '\n');
  }
  for (const std::string& server : host.dns) text += cat("nameserver ", server, '\n');
  if (!host.dns_search.empty() && host.dns_search != std::vector<std::string>{"."}) {
    text += cat("search ", join(host.dns_search, " "), '\n');
  }
  if (!host.dns_options.empty()) text += cat("options ", join(host.dns_options, " "), '\n');
  return text;
}

void add_limit_facts(const Record& record, SandboxFacts& facts) {
  if (record.host.memory > 0) facts.swap_accounting = counts_swap();
  const SecurityOptions security = parse_security_options(record.host.security_opt);
  if (!security.seccomp_profile.empty()) {
    facts.seccomp =
        load_seccomp_profile(security.seccomp_profile, granted_capabilities(record.host));
  }
}

SandboxFacts gather_facts(const Engine& engine, const Record& record) {
  SandboxFacts facts;
  facts.overlay = overlay_of(engine, record);
  facts.user = find_user(facts.overlay, record.config.user, record.host.group_add);
  facts.volumes = engine.paths().root + "/volumes";
  facts.devices = devices_of(record.host);
  facts.join_pid_namespace =
      namespace_of(joined_container(engine.containers, "--pid", record.host.pid_mode), "pid");
  const std::optional<Record> network =
      joined_container(engine.containers, "--network", record.host.network_mode);
  facts.join_network_namespace = namespace_of(network, "net");
  add_limit_facts(record, facts);
  if (network) {
    share_etc_files(engine.containers.directory(network->id), facts);
  } else {
    make_etc_files(engine.containers.directory(record.id), record, facts);
  }
  prepare_mounts(engine, record, facts.overlay);
  return facts;
}

}  // namespace mini::engine
