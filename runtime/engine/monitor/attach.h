// A person's (or script's) connection to a running container: standard streams, terminal, signals,
// detach keys. Talks to the container's monitor over <run>/containers/<id>/attach.sock in frames
// (attach_protocol.h).
#pragma once

#include <optional>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/engine/record/container_store.h"

namespace mini::engine {

struct AttachOptions {
  bool stdin_open = false;   // forward our standard input
  bool output = true;        // show the container's standard output
  bool error_output = true;  // and its standard error
  bool sig_proxy = true;  // forward SIGINT, SIGTERM, SIGHUP, … (not with a terminal: it sends keys)
  std::string detach_keys = "ctrl-p,ctrl-q";  // empty: none
};

struct AttachResult {
  bool detached = false;
  int exit_code = 0;  // the container's; after the detach keys 0, after a signal that is not
                      // forwarded 128 and its number, after three that ended nothing 1
};

// Returns when the container exits or the detach keys are typed. With a terminal on both sides,
// ours is raw meanwhile and its size is forwarded.
AttachResult attach(const ContainerStore& store, const Record& record,
                    const AttachOptions& options);
// The same over a connection on which hello has been said already (by greet).
AttachResult attach_over(Fd connection, const ContainerStore& store, const Record& record,
                         const AttachOptions& options);
void greet(int connection, bool tty, const AttachOptions& options);
// Waits for the end of the container: a connection that becomes readable, or closed, then. Nothing
// when it has no monitor.
std::optional<Fd> connect_to_monitor(const ContainerStore& store, const std::string& id);

// "ctrl-p,ctrl-q", "ctrl-@", "a,b" -> bytes; throws Error (usage).
std::string parse_detach_keys(const std::string& text);

}  // namespace mini::engine
