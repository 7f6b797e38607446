#include "cmd/flags/build_flags.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "builder/build/source/git.h"
#include "cmd/flags/flag_values.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/engine/lifecycle/create.h"

namespace mini::cmd {
namespace {

build::Secret secret_flag(const std::string& text) {
  build::Secret secret;
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    const std::string key = part.substr(0, equals),
                      value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "id") {
      secret.id = value;
    } else if (key == "src" || key == "source") {
      secret.file = value;
    } else if (key == "env") {
      secret.env = value;
    } else if (key != "type" || value != "file") {
      throw Error(cat("flag --secret ", quoted(text), ": unknown option ", quoted(key)),
                  "id=ID,src=FILE or id=ID,env=NAME", ErrorKind::usage);
    }
  }
  if (secret.id.empty())
    throw Error(cat("flag --secret ", quoted(text), ": the ID is missing"), "id=ID,src=FILE",
                ErrorKind::usage);
  if (secret.file.empty() && secret.env.empty())
    (getenv(secret.id.c_str()) ? secret.env : secret.file) = secret.id;
  return secret;
}

void add_build_arg(std::map<std::string, std::string>& args, const std::string& text) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  if (name.empty())
    throw Error(cat("flag --build-arg ", quoted(text), ": the name is missing"), "NAME=VALUE",
                ErrorKind::bad_flag);
  if (equals != std::string::npos)
    args[name] = text.substr(equals + 1);
  else if (const char* value = getenv(name.c_str()))
    args[name] = value;
}

build::Network network_of(const std::string& text) {
  if (text == "default" || text.empty()) return build::Network::standard;
  if (text == "none") return build::Network::none;
  if (text == "host") return build::Network::host;
  throw Error(cat("flag --network ", quoted(text), ": not a network for RUN"),
              "default, none or host", ErrorKind::usage);
}

build::Pull pull_of(const std::vector<std::string>& given, bool offline) {
  const std::string policy = given.empty() ? "missing" : given.back();
  if (policy == "always" || policy == "true") {
    if (offline)
      throw Error("flags --offline and --pull: cannot be combined", "", ErrorKind::bad_flag);
    return build::Pull::always;
  }
  if (policy != "missing" && policy != "false" && policy != "never")
    throw Error(cat("flag --pull ", quoted(policy), ": unknown policy"), "missing, always or never",
                ErrorKind::bad_flag);
  return offline || policy == "never" ? build::Pull::never : build::Pull::missing;
}

// NAME=SOURCE; a directory must be there.
void add_context(std::map<std::string, std::string>& contexts, const std::string& entry) {
  const size_t equals = entry.find('=');
  const std::string name = entry.substr(0, equals);
  const std::string source = equals == entry.npos ? "" : entry.substr(equals + 1);
  if (name.empty() || source.empty()) {
    throw Error(cat("flag --build-context ", quoted(entry), ": not NAME=SOURCE"),
                "such as --build-context lib=../lib", ErrorKind::usage);
  }
  const size_t scheme = source.find("://");
  if (source.starts_with("docker-image://")) {
    image::Reference::parse(source.substr(scheme + 3));
  } else if (source.starts_with("oci-layout://")) {
    if (scheme + 3 == source.size())
      throw Error(cat("flag --build-context ", quoted(entry), ": the directory is missing"),
                  "oci-layout://DIRECTORY[:TAG|@DIGEST]", ErrorKind::usage);
  } else if (scheme != source.npos && !build::GitSource::parse(source) &&
             !source.starts_with("http://") && !source.starts_with("https://")) {
    throw Error(cat("flag --build-context ", quoted(entry), ": unknown scheme"),
                "a directory, docker-image://, oci-layout://, https:// or a git repository",
                ErrorKind::usage);
  }
  struct stat info;
  if (scheme == source.npos && !build::GitSource::parse(source) &&
      (stat(source.c_str(), &info) < 0 || !S_ISDIR(info.st_mode)))
    throw Error(
        cat("flag --build-context ", quoted(entry), ": ", quoted(source), " is not a directory"));
  contexts[name] = source;
}

// "default", "ID" or "ID=SOCKET".
void add_agent(std::map<std::string, std::string>& agents, const std::string& entry) {
  const size_t equals = entry.find('=');
  const std::string id = entry.substr(0, equals);
  const char* standard = getenv("SSH_AUTH_SOCK");
  const std::string socket = equals != entry.npos ? entry.substr(equals + 1)
                             : standard           ? standard
                                                  : "";
  if (id.empty()) refuse("--ssh", entry, "the ID is missing", "default or ID=SOCKET");
  if (socket.empty())
    refuse("--ssh", entry, "SSH_AUTH_SOCK is not set",
           "start an agent: eval $(ssh-agent); ssh-add");
  struct stat info;
  if (stat(socket.c_str(), &info) < 0) refuse("--ssh", entry, strerror(errno), "name a socket");
  if (!S_ISSOCK(info.st_mode))
    refuse("--ssh", entry, "not a socket of an agent; mini reads no private keys",
           "add the key to an agent with ssh-add, and use --ssh default");
  agents[id] = socket;
}

image::Reference tag_flag(const std::string& text) {
  try {
    return image::Reference::parse(text);
  } catch (const Error& error) {
    throw Error(cat("flag --tag: ", error.what()), error.hint(), ErrorKind::bad_flag);
  }
}

// --provenance and --sbom ask for documents beside the image; "false" asks for none.
void refuse_attestations(const char* flag, const std::vector<std::string>& values) {
  for (const std::string& value : values)
    if (value != "false")
      refuse(flag, value, "mini writes no attestations", cat("omit it, or ", flag, "=false"));
}

}  // namespace

void BuildFlags::declare(Flags& flags) {
  flags.values("-t,--tag NAME[:TAG]", tags_, "name of the image; repeatable");
  flags.values("-o,--output DEST", outputs,
               "also write the result: DIR, or type=oci|docker|tar|local,dest=PATH");
  flags.value("-f,--file FILE", file_,
              "the Dockerfile (default CONTEXT/Dockerfile); - for standard input");
  flags.value("--target STAGE", target_, "build up to this stage");
  flags.values("--build-arg NAME[=VALUE]", build_args_,
               "set an ARG; without =VALUE taken from the environment");
  flags.optional_values("--no-cache STAGE", no_cache_, "*",
                        "do not use the build cache, for all stages or for STAGE");
  flags.value("--progress MODE", progress, "progress output: auto, plain, tty, json or quiet");
  flags.flag("-q,--quiet", quiet, "print only the image ID");
  flags.value("--iidfile FILE", iid_file, "write the image ID to FILE");
  flags.values("--label KEY=VALUE", labels_, "set a label of the image");
  flags.values("--secret SPEC", secrets_,
               "secret for RUN --mount=type=secret: id=ID[,src=FILE|,env=NAME]");
  flags.values("--ssh SPEC", ssh_,
               "SSH agent for RUN --mount=type=ssh: default (SSH_AUTH_SOCK) or ID=SOCKET");
  flags.optional_values("--pull POLICY", pull_, "always",
                        "pull base images: missing (default), always (the bare flag) or never");
  flags.flag("--offline", offline, "never contact a registry");
  flags.value("--network MODE", network_, "network of RUN: default, none or host");
  flags.values("--add-host NAME:ADDRESS", add_hosts_, "add a line to /etc/hosts of RUN");
  flags.values("--allow ENTITLEMENT", allow_,
               "allow RUN --security or --network: security.insecure or network.host");
  flags.values("--cache-from SPEC", cache_from,
               "take layers from a cache: NAME, type=registry,ref=NAME or type=local,src=DIR");
  flags.values("--cache-to SPEC", cache_to,
               "write a cache: NAME, type=registry,ref=NAME or type=local,dest=DIR; mode=max for "
               "all stages");
  flags.value("--platform PLATFORM", platform_, "target platform; must be this machine's");
  flags.flag("--explain", explain, "show why each step ran or was cached");
  flags.values("--build-context NAME=SOURCE", contexts_,
               "extra context for FROM and --from: a directory, docker-image://REF, "
               "oci-layout://DIR[:TAG], a git repository or the URL of a tar");
  flags.values("--no-cache-filter STAGE", no_cache_filter_, "do not use the cache for STAGE");
  flags.flag("--push", push, "push the image when it is built");
  flags.value("--metadata-file FILE", metadata_file, "write ID, digest and names as JSON");
  flags.value("--call METHOD", call_, "build (default) or check");
  flags.flag("--check", check_, "check the Dockerfile; build nothing");
  flags.flag("--list-context", list_context, "list the files of the context; build nothing");
  limits_.declare(flags);
  declare_compatible(flags);
  flags.argument("CONTEXT", context_, false,
                 "directory (default .), git repository, URL, or - for a tar on standard input");
}

// What scripts written for docker and buildx give.
void BuildFlags::declare_compatible(Flags& flags) {
  for (const char* name : {"--load", "--rm", "--force-rm", "--compress"}) {
    flags.flag(name, ignored_, "accepted: the image is always stored, containers never are");
    flags.hide(name);
  }
  constexpr const char* kNoAttestations = "mini writes no attestations";
  flags.only("--disable-content-trust", "true", "mini verifies no signatures",
             "name the base image by digest");
  flags.only("--builder NAME", "default", "there is no such builder", "omit it");
  flags.only("--isolation MODE", "default", "for Windows only", "omit it");
  flags.only("--squash", "false",
             "mini keeps the layers of an image apart, so that others share them",
             "a last stage of `FROM scratch` and `COPY --from=… / /` makes one layer");
  flags.only("--annotation KEY=VALUE", "", "mini's manifests carry no annotations", "use --label");
  flags.only("--attest SPEC", "", kNoAttestations, "omit it");
  flags.optional_values("--provenance VALUE", provenance_, "true", kNoAttestations);
  flags.optional_values("--sbom VALUE", sbom_, "true", kNoAttestations);
  flags.hide("--provenance");
  flags.hide("--sbom");
}

void BuildFlags::check() const {
  refuse_attestations("--provenance", provenance_);
  refuse_attestations("--sbom", sbom_);
  if (call_ != "build" && call_ != "check")
    refuse("--call", call_, "not a method that mini has", "build or check");
  if (push && tags_.empty())
    throw Error("flag --push: the image has no name to push it to", "add -t NAME",
                ErrorKind::bad_flag);
}

build::BuildOptions BuildFlags::options() const {
  build::BuildOptions options;
  options.context = context_;
  if (!file_.empty()) options.file = file_;
  for (const std::string& tag : tags_) options.tags.push_back(tag_flag(tag));
  options.target = target_;
  for (const std::string& entry : build_args_) add_build_arg(options.build_args, entry);
  for (const std::string& entry : labels_) add_label(options.labels, entry);
  for (const std::string& entry : secrets_) options.secrets.push_back(secret_flag(entry));
  for (const std::string& entry : ssh_) add_agent(options.ssh_agents, entry);
  for (const std::string& stage : no_cache_) {
    if (stage == "*" || stage == "true")
      options.no_cache = true;
    else if (stage != "false")
      for (const std::string& name : split(stage, ',')) options.no_cache_stages.insert(lower(name));
  }
  for (const std::string& name : no_cache_filter_)
    for (const std::string& stage : split(name, ',')) options.no_cache_stages.insert(lower(stage));
  options.run_limits = limits_.limits();
  for (const std::string& entry : contexts_) add_context(options.contexts, entry);
  options.network = network_of(network_);
  for (const std::string& entitlement : allow_) {
    if (entitlement != "security.insecure" && entitlement != "network.host")
      throw Error(cat("flag --allow ", quoted(entitlement), ": unknown entitlement"),
                  "security.insecure or network.host", ErrorKind::usage);
    (entitlement == "network.host" ? options.allow_host_network : options.allow_insecure) = true;
  }
  if (options.network == build::Network::host) options.allow_host_network = true;
  options.add_hosts = add_hosts_;
  require_host_platform(platform_);
  options.pull = pull_of(pull_, offline);
  options.source_date_epoch = source_date_epoch();
  return options;
}

void RunLimitFlags::declare(Flags& flags) {
  flags.value("-m,--memory SIZE", memory_, "memory limit of RUN");
  flags.value("--memory-swap SIZE", memory_swap_, "memory plus swap of RUN; -1 for no limit");
  flags.value("-c,--cpu-shares NUMBER", cpu_shares_, "CPU shares of RUN");
  flags.value("--cpu-period MICROSECONDS", cpu_period_, "CFS period of RUN");
  flags.value("--cpu-quota MICROSECONDS", cpu_quota_, "CFS quota of RUN");
  flags.value("--cpuset-cpus LIST", cpuset_cpus_, "CPUs that RUN may use, such as 0-2");
  flags.value("--cpuset-mems LIST", cpuset_mems_, "memory nodes that RUN may use");
  flags.value("--shm-size SIZE", shm_size_, "size of /dev/shm of RUN (default 64m)");
  flags.values("--ulimit NAME=SOFT[:HARD]", ulimits_, "resource limit of RUN");
  flags.values("--security-opt OPTION", security_opt_, "security option of RUN, as of `mini run`");
  flags.value("--cgroup-parent CGROUP", cgroup_parent_, "parent cgroup of RUN");
}

std::shared_ptr<const engine::HostConfig> RunLimitFlags::limits() const {
  engine::CreateRequest request;
  engine::HostConfig& host = request.host;
  host.memory = size_flag("--memory", memory_);
  host.memory_swap = memory_swap_ == "-1" ? -1 : size_flag("--memory-swap", memory_swap_);
  host.cpu_shares = cpu_shares_;
  host.cpu_period = cpu_period_;
  host.cpu_quota = cpu_quota_;
  host.cpuset_cpus = cpuset_cpus_;
  host.cpuset_mems = cpuset_mems_;
  host.cgroup_parent = cgroup_parent_;
  host.security_opt = security_opt_;
  if (!shm_size_.empty()) host.shm_size = size_flag("--shm-size", shm_size_);
  for (const std::string& entry : ulimits_) host.ulimits.push_back(ulimit_flag(entry));
  engine::check_request(request);
  return std::make_shared<const engine::HostConfig>(std::move(host));
}

}  // namespace mini::cmd
