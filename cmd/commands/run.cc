// run, create, start: new containers, and old ones again.
#include <fcntl.h>
#include <unistd.h>

#include "cmd/commands/commands.h"
#include "cmd/flags/container_flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/engine/lifecycle/lifecycle.h"
#include "runtime/engine/lifecycle/run.h"

namespace mini::cmd {
namespace {

// A script that finds an old file would act on the wrong container. Checked before anything is
// pulled or created; O_EXCL below decides.
void check_id_file(const std::string& path) {
  if (path.empty() || access(path.c_str(), F_OK) != 0) return;
  throw Error(cat("container ID file found: ", printable(path)),
              "make sure that the other container is not running, or delete the file",
              ErrorKind::usage);
}

void write_id_file(const std::string& path, const std::string& id) {
  if (path.empty()) return;
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) throw SysError(cat("--cidfile ", printable(path)));
  write_all(file.get(), id, path);
}

// What can be refused without the image is refused before a registry is contacted.
void check_before_pull(const ContainerFlags& container, const engine::CreateRequest& request) {
  check_id_file(container.cid_file());
  engine::check_request(request);
}

void check_detached(bool detach, bool wait, int64_t timeout, const ContainerFlags& container) {
  const auto refuse = [](const char* what, const char* cure) {
    throw Error(what, cure, ErrorKind::bad_flag);
  };
  if (detach && container.attach_given())
    refuse("conflicting options: cannot specify both --attach and --detach", "remove one of them");
  if (wait && !detach) refuse("flag --wait: needs --detach", "add -d");
  if (timeout < 0) refuse("flag --wait-timeout: negative", "a number of seconds");
  if (timeout > 0 && !wait) refuse("flag --wait-timeout: needs --wait", "add --wait");
}

}  // namespace

int run(const Session& session, const Args& args) {
  Flags flags("run [flags] IMAGE [COMMAND] [ARG...]",
              "Creates a container from an image and runs a command in it.");
  ContainerFlags container(flags);
  bool detach = false;
  std::string detach_keys = "ctrl-p,ctrl-q";
  bool sig_proxy = true, wait = false;
  int64_t wait_timeout = 0;
  std::vector<std::string> command;
  flags.flag("-d,--detach", detach, "run in the background and print the container ID");
  flags.value("--detach-keys KEYS", detach_keys,
              "key sequence that detaches (default ctrl-p,ctrl-q)");
  flags.flag("--sig-proxy", sig_proxy, "forward signals to the process (default true)");
  flags.flag("--wait", wait, "with -d: wait until it is healthy, or running without health check");
  flags.value("--wait-timeout SECONDS", wait_timeout, "how long --wait waits (default for ever)");
  flags.command(command, 1);
  if (!flags.parse(args)) return 0;
  engine::CreateRequest request = container.request(flags, command);
  if (detach)
    request.config.attach_stdin = request.config.attach_stdout = request.config.attach_stderr =
        false;
  check_detached(detach, wait, wait_timeout, container);
  check_before_pull(container, request);

  Stores stores(session);
  engine::RunOptions options;
  options.detach = detach;
  options.attach.stdin_open = container.interactive() && container.attaches("stdin");
  options.attach.output = container.attaches("stdout");
  options.attach.error_output = container.attaches("stderr");
  options.attach.sig_proxy = sig_proxy;
  options.attach.detach_keys = detach_keys;
  options.on_created = [&](const engine::Record& record) {
    write_id_file(container.cid_file(), record.id);
  };
  std::string id;
  if (detach)
    options.on_created = [&](const engine::Record& record) {
      write_id_file(container.cid_file(), record.id);
      id = record.id;
    };
  container.missing().ensure(session, stores.images(), request.image);
  const int code = engine::run_container(stores.engine(), request, options);
  if (detach) put(id + "\n");
  if (wait) engine::wait_until_ready(stores.engine(), id, wait_timeout * 1'000'000'000);
  return code;
}

int create(const Session& session, const Args& args) {
  Flags flags("create [flags] IMAGE [COMMAND] [ARG...]",
              "Creates a container without starting it.");
  ContainerFlags container(flags);
  std::vector<std::string> command;
  flags.command(command, 1);
  if (!flags.parse(args)) return 0;
  const engine::CreateRequest request = container.request(flags, command);
  check_before_pull(container, request);
  Stores stores(session);
  container.missing().ensure(session, stores.images(), request.image);
  const engine::Record record = engine::create_container(stores.engine(), request);
  write_id_file(container.cid_file(), record.id);
  put(record.id + "\n");
  return 0;
}

int start(const Session& session, const Args& args) {
  Flags flags("start [flags] CONTAINER...", "Starts created or stopped containers.");
  bool attach = false, interactive = false;
  std::string detach_keys = "ctrl-p,ctrl-q";
  std::vector<std::string> names;
  flags.flag("-a,--attach", attach, "attach to its output and forward signals");
  flags.flag("-i,--interactive", interactive, "forward standard input");
  flags.value("--detach-keys KEYS", detach_keys,
              "key sequence that detaches (default ctrl-p,ctrl-q)");
  flags.only("--checkpoint NAME", "", "mini makes no checkpoints", "start it anew");
  flags.only("--checkpoint-dir DIR", "", "mini makes no checkpoints", "start it anew");
  flags.arguments("CONTAINER", names, true);
  if (!flags.parse(args)) return 0;
  Stores stores(session);
  if (attach || interactive) {
    if (names.size() != 1)
      throw Error("start: only one container can be attached", "name one, or remove -a and -i",
                  ErrorKind::arguments);
    const std::string id = stores.containers().find(names.front()).id;
    return engine::start_attached(stores.engine(), id,
                                  {interactive, true, true, true, detach_keys});
  }
  return for_each_name(names, [&](const std::string& name) {
    engine::start_container(stores.engine(), stores.containers().find(name).id);
    return name;
  });
}

// Hidden: the process that owns a detached container.
int monitor(const Session& session, const Args& args) {
  if (args.size() != 1)
    throw Error("monitor: internal command, started by mini itself", "", ErrorKind::usage);
  Stores stores(session);
  return engine::run_monitor(stores.engine(), args.front());
}

}  // namespace mini::cmd
