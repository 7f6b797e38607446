// Images that a command needs and the store lacks are fetched first: --pull missing|always|never
// and
// --offline of run, create and build. Never, offline: what is missing is left to the command to
// report.
#pragma once

#include <string>

#include "builder/build/stage/build.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/session.h"
#include "runtime/image/store/image_store.h"

namespace mini::cmd {

struct Missing {
  std::string pull = "missing";
  bool offline = false, quiet = false;

  void declare(Flags& flags);  // --pull and --offline
  void check() const;          // throws Error (usage)
  // Fetches what `name` means when it must be; says so on standard error.
  void ensure(const Session& session, image::ImageStore& store, const std::string& name) const;
};

// For builds: the images that a Dockerfile names. None when what is missing stays missing.
build::Fetch build_fetch(const Session& session, image::ImageStore& store, build::Pull pull);

// For ADD of a URL. None with --offline.
build::FetchUrl build_fetch_url(const Session& session, bool offline);

}  // namespace mini::cmd
