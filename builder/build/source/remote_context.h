// Contexts that are elsewhere, brought here before the build looks at them: a git repository is
// checked out, a tar or a single Dockerfile is downloaded. Owns what it brought until it goes.
#pragma once

#include <deque>

#include "builder/build/event/cancel.h"
#include "builder/build/source/options.h"
#include "runtime/base/fd.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::build {

class RemoteContexts {
 public:
  // Replaces remote ones in `options` (the context, --build-context) by directories of this
  // machine, or by standard input. Throws Error.
  RemoteContexts(BuildOptions& options, const StatePaths& paths);

 private:
  std::string checked_out(const struct GitSource& source);
  Fd downloaded(const std::string& url);
  std::string unpacked(const std::string& url);

  const BuildOptions& options_;
  const StatePaths& paths_;
  const Cancel cancel_;
  std::deque<image::Draft> drafts_;
  Fd stdin_;
};

}  // namespace mini::build
