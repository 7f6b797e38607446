#include "builder/build/source/remote_context.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/build/source/git.h"
#include "builder/build/source/stdin_context.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr uint64_t kDownloadLimit = uint64_t{64} << 30;

bool is_url(const std::string& text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

// Inside the checkout, whatever its links say.
std::string directory_in(const std::string& tree, const std::string& subdir) {
  const Root root(tree);
  const Fd inside = root.open(subdir, O_PATH | O_DIRECTORY);
  char path[4096];
  const ssize_t size = readlink(cat("/proc/self/fd/", inside.get()).c_str(), path, sizeof path - 1);
  if (size < 0) throw SysError(subdir);
  return std::string(path, static_cast<size_t>(size));
}

}  // namespace

RemoteContexts::RemoteContexts(BuildOptions& options, const StatePaths& paths)
    : options_(options), paths_(paths), cancel_(options.cancel_fd) {
  for (auto& [name, source] : options.contexts) {
    if (const auto git = GitSource::parse(source)) {
      source = checked_out(*git);
    } else if (is_url(source)) {
      source = unpacked(source);
    }
  }
  if (const auto git = GitSource::parse(options.context)) {
    options.context = checked_out(*git);
    options.file_in_context = true;
  } else if (is_url(options.context)) {
    stdin_ = downloaded(options.context);
    options.stdin_fd = stdin_.get();
    options.context = "-";
  }
}

std::string RemoteContexts::checked_out(const GitSource& source) {
  if (!options_.fetch_url)
    throw Error(cat("git repository ", quoted(source.url), ": not fetched with --offline"));
  const auto agent = options_.ssh_agents.find("default");
  const Git git(agent == options_.ssh_agents.end() ? std::string() : agent->second, cancel_);
  make_directories(paths_.root + "/tmp", 0700);
  const std::string tree = drafts_.emplace_back(paths_).tree();
  git.checkout(source, git.commit(source), tree, false);
  return source.subdir.empty() ? tree : directory_in(tree, source.subdir);
}

Fd RemoteContexts::downloaded(const std::string& url) {
  if (!options_.fetch_url) throw Error(cat(quoted(url), ": not fetched with --offline"));
  make_directories(paths_.root + "/tmp", 0700);
  const std::string path = drafts_.emplace_back(paths_).path() + "/download";
  Fd file = open_file(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  const auto begin = [&] {
    if (ftruncate(file.get(), 0) < 0 || lseek(file.get(), 0, SEEK_SET) < 0) throw SysError(path);
  };
  options_.fetch_url({url, {}, {}, kDownloadLimit, options_.cancel_fd}, begin,
                     [&](std::string_view piece) { write_all(file.get(), piece, path); });
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string RemoteContexts::unpacked(const std::string& url) {
  const Fd file = downloaded(url);
  image::Draft& draft = drafts_.emplace_back(paths_);
  if (unpack_stdin(file.get(), draft, /*or_text=*/true, 1))
    throw Error(cat(quoted(url), ": not a tar archive"));
  return draft.tree();
}

}  // namespace mini::build
