// Where mini keeps things: one value made in cmd/ from --root, --run-root, MINI_ROOT,
// MINI_RUN_ROOT, and the defaults (/var/lib/mini and /run/mini as root; $XDG_DATA_HOME/mini and
// $XDG_RUNTIME_DIR/mini otherwise). Both are absolute. Two different roots never touch.
#pragma once

#include <string>

namespace mini {

struct StatePaths {
  std::string root;  // durable: images, layers, containers, volumes, cache, tmp
  std::string run;   // gone at reboot: state of live containers, locks, sockets
};

}  // namespace mini
