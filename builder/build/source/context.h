// The build context: where COPY, ADD and bind mounts take files from, the Dockerfile, and what
// .dockerignore leaves out. A directory is held as a descriptor and never left; a tar on standard
// input is unpacked into a draft first. `<Dockerfile>.dockerignore` goes before `.dockerignore`.
// The Dockerfile itself may lie outside the context when -f says so; found by its default name, it
// is taken from inside only. Throws Error with the cure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builder/build/source/hash_memo.h"
#include "builder/build/source/options.h"
#include "builder/dockerfile/ignore.h"
#include "builder/dockerfile/source.h"
#include "runtime/files/view.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::build {

class Context {
 public:
  Context(const BuildOptions& options, const StatePaths& paths);
  // A directory without a Dockerfile, for --build-context.
  Context(const std::string& directory, const StatePaths& paths);

  const dockerfile::Source& dockerfile() const { return dockerfile_; }
  const files::View& view() const { return *view_; }
  HashMemo& memo() { return *memo_; }
  // The same directory, opened in the calling thread's mount namespace.
  files::View reopen() const;
  // The same context and Dockerfile at another time: names the history that misses are explained
  // by.
  const std::string& identity() const { return identity_; }

  // Entries of a walk below any directory of the context, after .dockerignore.
  files::Visit visit(const files::Entry& entry) const;
  bool ignored(const std::string& path) const { return ignore_.ignored(path); }
  // What keeps `path` out: `.dockerignore:3: "*.log"`.
  std::optional<std::string> ignored_by(const std::string& path) const;

 private:
  void open_directory(const std::string& directory, const StatePaths& paths);
  void open_stdin(const BuildOptions& options, const StatePaths& paths);
  void read_dockerfile(const BuildOptions& options);
  void read_ignore_rules(const BuildOptions& options);

  std::optional<image::Draft> draft_;  // a context from standard input
  std::string name_, path_;
  std::string identity_;
  Fd directory_;
  std::optional<files::View> view_;
  std::optional<HashMemo> memo_;
  dockerfile::Source dockerfile_, ignore_source_;
  dockerfile::IgnoreRules ignore_;
};

}  // namespace mini::build
