// build: a Dockerfile and a context -> an image.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "builder/build/stage/build.h"
#include "builder/dockerfile/lint.h"
#include "cmd/commands/commands.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/missing_images.h"
#include "cmd/flags/stores.h"
#include "cmd/output/build_output.h"
#include "cmd/output/listing.h"
#include "cmd/output/progress.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

struct BuildFlags {
  std::vector<std::string> tags, outputs, build_args, labels, secrets, no_cache, add_hosts, allow;
  std::string file, target, progress = "auto", iid_file, network = "default", platform,
                            context = ".";
  std::vector<std::string> pull;
  std::vector<std::string> contexts;
  bool offline = false, quiet = false, explain = false, check = false, list_context = false;

  void declare(Flags& flags) {
    flags.values("-t,--tag NAME[:TAG]", tags, "name of the image; repeatable");
    flags.values("-o,--output DEST", outputs,
                 "also write the result: DIR, or type=oci|docker|tar|local,dest=PATH");
    flags.value("-f,--file FILE", file,
                "the Dockerfile (default CONTEXT/Dockerfile); - for standard input");
    flags.value("--target STAGE", target, "build up to this stage");
    flags.values("--build-arg NAME[=VALUE]", build_args,
                 "set an ARG; without =VALUE taken from the environment");
    flags.optional_values("--no-cache STAGE", no_cache, "*",
                          "do not use the build cache, for all stages or for STAGE");
    flags.value("--progress MODE", progress, "progress output: auto, plain, tty, json or quiet");
    flags.flag("-q,--quiet", quiet, "print only the image ID");
    flags.value("--iidfile FILE", iid_file, "write the image ID to FILE");
    flags.values("--label KEY=VALUE", labels, "set a label of the image");
    flags.values("--secret SPEC", secrets,
                 "secret for RUN --mount=type=secret: id=ID[,src=FILE|,env=NAME]");
    flags.optional_values("--pull POLICY", pull, "always",
                          "pull base images: missing (default), always (the bare flag) or never");
    flags.flag("--offline", offline, "never contact a registry");
    flags.value("--network MODE", network, "network of RUN: default, none or host");
    flags.values("--add-host NAME:ADDRESS", add_hosts, "add a line to /etc/hosts of RUN");
    flags.values("--allow ENTITLEMENT", allow,
                 "allow RUN --security or --network: security.insecure or network.host");
    flags.value("--platform PLATFORM", platform, "target platform; must be this machine's");
    flags.flag("--explain", explain, "show why each step ran or was cached");
    flags.values("--build-context NAME=SOURCE", contexts,
                 "extra context for FROM and --from: a directory or docker-image://REF");
    flags.flag("--check", check, "check the Dockerfile; build nothing");
    flags.flag("--list-context", list_context, "list the files of the context; build nothing");
    flags.argument("CONTEXT", context, false,
                   "directory (default .), or - for a tar on standard input");
  }
};

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
  } else if (scheme != source.npos || source.starts_with("git@")) {
    throw Error(cat("flag --build-context ", quoted(entry), ": not a directory or docker-image://"),
                "clone or download it, and name the directory", ErrorKind::usage);
  }
  struct stat info;
  if (scheme == source.npos && (stat(source.c_str(), &info) < 0 || !S_ISDIR(info.st_mode)))
    throw Error(
        cat("flag --build-context ", quoted(entry), ": ", quoted(source), " is not a directory"));
  contexts[name] = source;
}

image::Reference tag_flag(const std::string& text) {
  try {
    return image::Reference::parse(text);
  } catch (const Error& error) {
    throw Error(cat("flag --tag: ", error.what()), error.hint(), ErrorKind::bad_flag);
  }
}

build::BuildOptions options_of(const BuildFlags& flags) {
  build::BuildOptions options;
  options.context = flags.context;
  if (!flags.file.empty()) options.file = flags.file;
  for (const std::string& tag : flags.tags) options.tags.push_back(tag_flag(tag));
  options.target = flags.target;
  for (const std::string& entry : flags.build_args) add_build_arg(options.build_args, entry);
  for (const std::string& entry : flags.labels) add_label(options.labels, entry);
  for (const std::string& entry : flags.secrets) options.secrets.push_back(secret_flag(entry));
  for (const std::string& stage : flags.no_cache) {
    if (stage == "*" || stage == "true")
      options.no_cache = true;
    else if (stage != "false")
      for (const std::string& name : split(stage, ',')) options.no_cache_stages.insert(lower(name));
  }
  for (const std::string& entry : flags.contexts) add_context(options.contexts, entry);
  options.network = network_of(flags.network);
  for (const std::string& entitlement : flags.allow) {
    if (entitlement != "security.insecure" && entitlement != "network.host")
      throw Error(cat("flag --allow ", quoted(entitlement), ": unknown entitlement"),
                  "security.insecure or network.host", ErrorKind::usage);
    (entitlement == "network.host" ? options.allow_host_network : options.allow_insecure) = true;
  }
  if (options.network == build::Network::host) options.allow_host_network = true;
  options.add_hosts = flags.add_hosts;
  require_host_platform(flags.platform);
  options.pull = pull_of(flags.pull, flags.offline);
  options.source_date_epoch = source_date_epoch();
  return options;
}

int check_only(const Session& session, const build::BuildOptions& options) {
  const build::CheckResult result = build::check(options, session.paths);
  for (const dockerfile::Warning& warning : result.warnings) {
    put(dockerfile::warning_text(*result.dockerfile.source, warning) + "\n" +
        dockerfile::excerpt(*result.dockerfile.source, warning.range));
    if (!warning.hint.empty()) put(cat("  ", warning.hint, "\n"));
  }
  put(result.warnings.empty()
          ? std::string("Check complete, no warnings found.\n")
          : cat("Check complete, ", result.warnings.size(),
                result.warnings.size() == 1 ? " warning has" : " warnings have", " been found!\n"));
  return result.warnings.empty() ? 0 : 1;
}

// Ctrl-C ends a build through a descriptor, so that finished steps are kept and running ones are
// cleaned up after.
Fd block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Fd fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) throw SysError("signalfd");
  return fd;
}

bool interrupted(const Fd& signals) {
  pollfd waiting{signals.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0;
}

}  // namespace

int build(const Session& session, const Args& args) {
  Flags flags("build [flags] [CONTEXT]", "Builds an image from a Dockerfile and a build context.");
  BuildFlags given;
  given.declare(flags);
  if (!flags.parse(args)) return 0;
  build::BuildOptions options = options_of(given);
  if (given.check) return check_only(session, options);
  if (given.list_context) {
    for (const std::string& file : build::list_context(options, session.paths))
      put(printable(file) + "\n");
    return 0;
  }
  std::vector<std::unique_ptr<BuildOutput>> outputs;
  bool prints_id = given.quiet;
  for (const std::string& output : given.outputs) {
    outputs.push_back(std::make_unique<BuildOutput>(output));
    const auto& names = outputs.back()->names();
    options.tags.insert(options.tags.end(), names.begin(), names.end());
    if (outputs.back()->to_stdout()) prints_id = false;
  }
  Stores stores(session);
  const Fd signals = block_signals();
  options.cancel_fd = signals.get();
  options.fetch = build_fetch(session, stores.images(), options.pull);
  options.fetch_url = build_fetch_url(session, given.offline);
  build::BuildResult result;
  try {
    auto progress = make_progress(given.quiet ? "quiet" : given.progress, given.explain);
    result = build::build(options, stores.images(), *progress);
  } catch (const Error& error) {
    if (!interrupted(signals)) throw;
    print_error(error);
    return 130;
  }
  for (const auto& output : outputs) output->write(stores.images(), result);
  if (!given.iid_file.empty()) replace_file(given.iid_file, result.id.str(), false);
  if (prints_id) put(result.id.str() + "\n");
  return 0;
}

}  // namespace mini::cmd
