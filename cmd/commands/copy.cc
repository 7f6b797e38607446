// cp: files between a container and the host.
#include "runtime/engine/files/copy.h"

#include <limits.h>
#include <unistd.h>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/files/container_files.h"

namespace mini::cmd {
namespace {

struct Side {
  std::string container;  // empty: the host
  std::string path;
};

// "NAME:PATH", unless it is a path that has a colon: "/a:b", "./a:b".
Side parse_side(const std::string& text) {
  const size_t colon = text.find(':');
  if (text.starts_with('/') || text.starts_with('.') || colon == std::string::npos)
    return {"", text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string host_path(const std::string& path) {
  if (path.empty()) throw Error("cp: a path is empty", {}, ErrorKind::usage);
  if (path.starts_with('/')) return path;
  char here[PATH_MAX];
  if (!getcwd(here, sizeof here)) throw SysError("the working directory");
  return cat(here, '/', path);
}

void copy_out(const engine::Engine& engine, const Side& from, const std::string& to,
              files::CopyOptions options) {
  if (to == "-" && isatty(STDOUT_FILENO) == 1)
    throw Error("cp: standard output is a terminal", "redirect it to a file or a pipe",
                ErrorKind::usage);
  const std::string target = to == "-" ? to : host_path(to);
  const Root host("/");
  options.to_host = true;
  engine::with_container_files(engine, from.container, [&](const Root& root) {
    const engine::CopyPlace source{root, from.path.empty() ? "/" : from.path};
    if (to == "-") {
      engine::copy_to_tar(source, options.follow_link, STDOUT_FILENO);
    } else {
      engine::copy_files(source, {host, target}, options);
    }
  });
}

void copy_in(const engine::Engine& engine, const std::string& from, const Side& to,
             files::CopyOptions options) {
  const std::string source = from == "-" ? from : host_path(from);
  const Root host("/");
  options.keep_owner = true;
  engine::with_container_files(engine, to.container, [&](const Root& root) {
    const engine::CopyPlace target{root, to.path.empty() ? "/" : to.path};
    if (from == "-") {
      engine::copy_from_tar(STDIN_FILENO, target, engine.paths());
    } else {
      engine::copy_files({host, source}, target, options);
    }
  });
}

}  // namespace

int cp(const Session& session, const Args& args) {
  Flags flags("cp [flags] CONTAINER:SOURCE DESTINATION|-",
              "Copies files from a container, or to one (mini cp SOURCE|- CONTAINER:DESTINATION).\n"
              "- stands for a tar archive on standard input or output.");
  files::CopyOptions options;
  options.keep_owner = false;
  bool quiet = false;
  std::string from, to;
  flags.flag("-a,--archive", options.keep_owner,
             "keep owners, set-ID bits and extended attributes");
  flags.flag("-L,--follow-link", options.follow_link, "follow SOURCE if it is a symbolic link");
  flags.flag("-q,--quiet", quiet, "accepted for compatibility: there is no progress output");
  flags.argument("SOURCE", from, true);
  flags.argument("DESTINATION", to, true);
  if (!flags.parse(args)) return 0;
  const Side source = parse_side(from), target = parse_side(to);
  if (source.container.empty() == target.container.empty())
    throw Error(source.container.empty() ? "cp: neither side is a container"
                                         : "cp: both sides are containers",
                source.container.empty() ? "write it as CONTAINER:PATH"
                                         : "copy to the host first, or pipe: `mini cp A:x - | mini "
                                           "cp - B:y`");
  Stores stores(session);
  if (target.container.empty()) {
    copy_out(stores.engine(), source, target.path, options);
  } else {
    copy_in(stores.engine(), source.path, target, options);
  }
  return 0;
}

}  // namespace mini::cmd
