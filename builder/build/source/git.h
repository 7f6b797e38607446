// Git repositories as sources: ADD, --build-context and the context itself, in BuildKit's forms
// (https://host/x.git#ref:directory, git@host:x.git, git://, ssh://; ?branch=, ?tag=, ?commit=,
// ?subdir=). The host's git does the work, as nobody, without the user's configuration, hooks,
// credentials or questions; local repositories and other protocols are refused. A repository that
// needs an SSH key is asked for through the agent of `--ssh default`, as the caller.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/build/event/cancel.h"

namespace mini::build {

struct GitSource {
  std::string url, ref, subdir;  // ref empty: the remote's HEAD
  std::string checksum;          // the commit that it must be, perhaps abbreviated

  // Nothing when the text names something else. Throws for a repository that is malformed.
  static std::optional<GitSource> parse(std::string_view text);
};

class Git {
 public:
  // `agent`: a socket, or empty. `cancel` outlives this.
  Git(std::string agent, const Cancel& cancel) : agent_(std::move(agent)), cancel_(cancel) {}

  // The commit that the source means now, 40 or 64 hex digits; a branch comes before a tag of the
  // same name. Throws when it is not the source's `checksum`, or `checksum`.
  std::string commit(const GitSource& source, const std::string& checksum = {}) const;
  // Fills `directory`, which exists and is empty, with the commit's files and submodules. With
  // `keep_git_dir` their .git stays.
  void checkout(const GitSource& source, const std::string& commit, const std::string& directory,
                bool keep_git_dir) const;

 private:
  std::string run(const GitSource& source, const std::string& directory,
                  std::vector<std::string> words) const;

  const std::string agent_;
  const Cancel& cancel_;
};

}  // namespace mini::build
