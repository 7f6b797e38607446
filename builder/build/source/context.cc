#include "builder/build/source/context.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "builder/build/source/stdin_context.h"
#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr size_t kDockerfileLimit = 8 << 20;

std::string absolute(const std::string& path) {
  char buffer[PATH_MAX];
  if (realpath(path.c_str(), buffer) == nullptr) throw SysError(quoted(path));
  return buffer;
}

// A path of the working directory, as opposed to one of the context.
bool is_outside(const BuildOptions& options) {
  return options.file && options.context != "-" && !options.file_in_context;
}

// Rules that cannot be read are not "no rules": a secret would get into the image.
void refuse_broken_link(int directory, const std::string& name) {
  struct stat info;
  if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) return;
  throw Error(cat(quoted(name), ": a link to a file that is not in the context"),
              "replace it by the file itself", ErrorKind::not_found);
}

}  // namespace

std::optional<std::string> check_override(const BuildOptions& options) {
  const auto given = options.build_args.find("BUILDKIT_DOCKERFILE_CHECK");
  return given == options.build_args.end() ? std::nullopt : std::optional(given->second);
}

Context::Context(const BuildOptions& options, const StatePaths& paths) {
  if (options.context == "-" && options.file == "-") {
    throw Error("the context and the Dockerfile cannot both come from standard input",
                "give one of them as a path", ErrorKind::usage);
  }
  if (options.context == "-") {
    open_stdin(options, paths);
  } else {
    open_directory(options.context, paths);
  }
  if (dockerfile_.name.empty()) read_dockerfile(options);
  read_ignore_rules(options);
}

Context::Context(const std::string& directory, const StatePaths& paths) {
  open_directory(directory, paths);
  read_ignore_rules({});
}

void Context::open_directory(const std::string& directory, const StatePaths& paths) {
  name_ = directory;
  directory_ = Fd(::open(name_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) {
    const bool is_file = errno == ENOTDIR;
    throw Error(cat("context ", quoted(name_), ": ", strerror(errno)),
                is_file ? "the context is a directory; give the Dockerfile with -f" : "",
                ErrorKind::not_found);
  }
  path_ = absolute(name_);
  identity_ = path_;
  view_ = files::View::of_directory(directory_.duplicate(), "the context");
  memo_.emplace(cat(paths.root, "/cache/context/", Digest::of(path_).hex()), false);
}

void Context::open_stdin(const BuildOptions& options, const StatePaths& paths) {
  name_ = "-";
  identity_ = "-";
  make_directories(paths.root + "/tmp", 0700);  // `--check` may come before there is a store
  draft_.emplace(paths);
  // Without -f, what comes may also be a Dockerfile alone; the context is then empty.
  std::optional<std::string> text =
      unpack_stdin(options.stdin_fd, *draft_, /*or_text=*/!options.file, kDockerfileLimit);
  path_ = draft_->tree();
  directory_ = open_file(path_, O_RDONLY | O_DIRECTORY);
  view_ = files::View::of_directory(directory_.duplicate(), "the context");
  memo_.emplace();
  if (text) dockerfile_ = {"-", std::move(*text)};
}

void Context::read_dockerfile(const BuildOptions& options) {
  if (options.file == "-") {
    dockerfile_ = {"-", read_all(options.stdin_fd, "standard input", kDockerfileLimit)};
    identity_ += '\0';
    return;
  }
  const Root root(directory_.duplicate(), "the context");
  std::optional<std::string> text;
  if (is_outside(options)) {
    dockerfile_.name = *options.file;
    text = read_file_if_exists(*options.file, kDockerfileLimit);
    if (text) identity_ += cat('\0', absolute(*options.file));
  } else {
    for (const std::string& name : options.file
                                       ? std::vector{*options.file}
                                       : std::vector<std::string>{"Dockerfile", "dockerfile"}) {
      dockerfile_.name = name;
      if ((text = root.read_regular(name, kDockerfileLimit))) break;
    }
  }
  if (!text) {
    const std::string wanted = options.file.value_or("Dockerfile");
    throw Error(cat("Dockerfile: ", quoted(wanted), " not found",
                    options.file ? "" : cat(" in the context ", quoted(name_))),
                "name it with `-f PATH`", ErrorKind::not_found);
  }
  dockerfile_.text = std::move(*text);
}

void Context::read_ignore_rules(const BuildOptions& options) {
  const Root root(directory_.duplicate(), "the context");
  std::optional<std::string> text;
  if (dockerfile_.name != "-") {
    ignore_source_.name = dockerfile_.name + ".dockerignore";
    const bool outside = is_outside(options);
    text = outside ? read_file_if_exists(ignore_source_.name, kDockerfileLimit)
                   : root.read_regular(ignore_source_.name, kDockerfileLimit);
    if (!text) refuse_broken_link(outside ? AT_FDCWD : directory_.get(), ignore_source_.name);
  }
  if (!text) {
    ignore_source_.name = ".dockerignore";
    text = root.read_regular(".dockerignore", kDockerfileLimit);
    if (!text) refuse_broken_link(directory_.get(), ".dockerignore");
  }
  if (!text) return;
  ignore_source_.text = std::move(*text);
  ignore_ = dockerfile::IgnoreRules::parse(ignore_source_);
}

files::Visit Context::visit(const files::Entry& entry) const {
  if (ignore_.empty() || !ignore_.ignored(entry.path)) return files::Visit::take;
  return entry.is_directory() && ignore_.may_include_below(entry.path) ? files::Visit::enter
                                                                       : files::Visit::skip;
}

files::View Context::reopen() const {
  Fd again = open_file(path_, O_RDONLY | O_DIRECTORY);
  struct stat held, found;
  if (fstat(directory_.get(), &held) < 0 || fstat(again.get(), &found) < 0) throw SysError(path_);
  if (held.st_dev != found.st_dev || held.st_ino != found.st_ino) {
    throw Error(cat("context ", quoted(name_), ": replaced by another directory during the build"));
  }
  return files::View::of_directory(std::move(again), "the context");
}

std::optional<std::string> Context::ignored_by(const std::string& path) const {
  if (!ignored(path)) return {};
  std::optional<std::string> rule;
  int number = 0;
  for (const std::string& line : split(ignore_source_.text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    // The last rule that leaves it out is the one that decided.
    if (dockerfile::IgnoreRules::parse({ignore_source_.name, line}).ignored(path)) {
      rule = cat(ignore_source_.name, ":", number, ": ", quoted(trim(line)));
    }
  }
  return rule;
}

}  // namespace mini::build
