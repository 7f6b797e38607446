// run, create, start: new containers, and old ones again.
#include <fcntl.h>

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

// --cidfile must not exist: a script that finds an old one would act on the wrong container.
void write_id_file(const std::string& path, const std::string& id) {
  if (path.empty()) return;
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) throw SysError(cat("--cidfile ", printable(path)));
  write_all(file.get(), id, path);
}

}  // namespace

int run(const Session& session, const Args& args) {
  Flags flags("run [flags] IMAGE [COMMAND] [ARG...]",
              "Makes a container from an image and runs a command in it.");
  ContainerFlags container(flags);
  bool detach = false;
  std::string detach_keys = "ctrl-p,ctrl-q";
  bool sig_proxy = true;
  std::vector<std::string> command;
  flags.flag("-d,--detach", detach, "run in the background and print the id");
  flags.value("--detach-keys", detach_keys, "keys that leave the container running");
  flags.flag("--sig-proxy", sig_proxy, "forward signals to the process (on)");
  flags.command(command, 1);
  if (!flags.parse(args)) return 0;

  Stores stores(session);
  engine::RunOptions options;
  options.detach = detach;
  options.attach.stdin_open = container.interactive();
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
  const engine::CreateRequest request = container.request(flags, command);
  container.missing().ensure(session, stores.images(), request.image);
  const int code = engine::run_container(stores.engine(), request, options);
  if (detach) put(id + "\n");
  return code;
}

int create(const Session& session, const Args& args) {
  Flags flags("create [flags] IMAGE [COMMAND] [ARG...]", "Makes a container without starting it.");
  ContainerFlags container(flags);
  std::vector<std::string> command;
  flags.command(command, 1);
  if (!flags.parse(args)) return 0;
  Stores stores(session);
  const engine::CreateRequest request = container.request(flags, command);
  container.missing().ensure(session, stores.images(), request.image);
  const engine::Record record = engine::create_container(stores.engine(), request);
  write_id_file(container.cid_file(), record.id);
  put(record.id + "\n");
  return 0;
}

int start(const Session& session, const Args& args) {
  Flags flags("start [flags] CONTAINER...", "Starts containers that were made or have ended.");
  bool attach = false, interactive = false;
  std::string detach_keys = "ctrl-p,ctrl-q";
  std::vector<std::string> names;
  flags.flag("-a,--attach", attach, "show its output and forward signals");
  flags.flag("-i,--interactive", interactive, "forward standard input");
  flags.value("--detach-keys", detach_keys, "keys that leave the container running");
  flags.arguments("CONTAINER", names, true);
  if (!flags.parse(args)) return 0;
  Stores stores(session);
  if (attach || interactive) {
    if (names.size() != 1)
      throw Error("start: one container at a time can be attached", "", ErrorKind::usage);
    const std::string id = stores.containers().find(names.front()).id;
    return engine::start_attached(stores.engine(), id, {interactive, true, true, detach_keys});
  }
  return for_each_name(names, [&](const std::string& name) {
    engine::start_container(stores.engine(), stores.containers().find(name).id);
    return name;
  });
}

// Hidden: the process that owns a detached container.
int monitor(const Session& session, const Args& args) {
  if (args.size() != 1) throw Error("monitor: started by mini itself", "", ErrorKind::usage);
  Stores stores(session);
  return engine::run_monitor(stores.engine(), args.front());
}

}  // namespace mini::cmd
