// --cache-from and --cache-to of `mini build`, in BuildKit's syntax: type=registry,ref=NAME (or
// just NAME) and type=local,src=DIR or dest=DIR, an OCI image layout. Throws Error (bad_flag) for
// what is malformed or a kind of cache that mini does not have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "builder/build/cache/cache_source.h"
#include "builder/build/stage/build.h"
#include "cmd/flags/session.h"
#include "runtime/image/document/reference.h"
#include "runtime/registry/distribution/push.h"

namespace mini::cmd {

std::shared_ptr<build::CacheSource> cache_from_flag(const Session& session,
                                                    image::ImageStore& store,
                                                    const std::string& text);

class CacheTarget {
 public:
  explicit CacheTarget(const std::string& text);

  // Writes the records of the build and their layers. With ignore-error=true a failure is a
  // warning.
  void write(const Session& session, image::ImageStore& store, const build::BuildResult& result,
             bool quiet) const;

 private:
  void option(const std::string& key, const std::string& value);

  std::string text_, directory_, tag_ = "latest";
  std::optional<image::Reference> reference_;
  bool max_ = false;           // mode=max: the records of all stages, not only the image's
  bool ignore_error_ = false;  // ignore-error=true
  registry::PushFormat format_ = registry::PushFormat::gzip;
};

}  // namespace mini::cmd
