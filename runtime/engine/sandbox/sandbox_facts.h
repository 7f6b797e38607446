// What a start has to look up on this machine, and the few files it has to make: layers, the user,
// devices, /etc files, volumes. Everything that make_spec needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/engine/record/engine.h"
#include "runtime/engine/sandbox/sandbox.h"

namespace mini::engine {

// Writes hosts, hostname and resolv.conf into the container's directory, makes missing host
// directories of -v, fills new volumes.
SandboxFacts gather_facts(const Engine& engine, const Record& record);

// The container's files as an overlay: its layers and its upper directory.
container::Spec::Overlay overlay_of(const Engine& engine, const Record& record);
// Makes the host directories of -v and the volumes that are missing, and fills new volumes with
// what the image has at their place.
void prepare_mounts(const Engine& engine, const Record& record,
                    const container::Spec::Overlay& overlay);
// Where things are mounted in the container.
std::vector<std::string> mount_targets(const Record& record);

// The user of `config`, looked up in the merged tree of `overlay`.
container::ResolvedUser find_user(const container::Spec::Overlay& overlay, const std::string& user,
                                  const std::vector<std::string>& groups);

// What --memory and --security-opt need: whether swap is counted, the seccomp profile.
void add_limit_facts(const Record& record, SandboxFacts& facts);

// A profile's file of the host, in Docker's form or the runtime specification's; throws naming it.
container::Seccomp load_seccomp_profile(const std::string& path,
                                        const std::vector<std::string>& capabilities);

// Contents of the files. Pure.
std::string hosts_file(const std::vector<std::string>& extra_hosts);
std::string resolv_conf(std::string_view host_file, const HostConfig& host);

}  // namespace mini::engine
