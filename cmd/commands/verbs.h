// Every verb's function, for the table in verbs.cc, and what several of them share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cmd/commands/verb.h"

namespace mini::cmd {

// Does `act` for each name and prints what it returns; an error is told and the others still have
// their turn. 1 when any failed.
int for_each_name(const std::vector<std::string>& names,
                  const std::function<std::string(const std::string&)>& act);

#define MINI_VERB(name) int name(const Session& session, const Args& args)
// run.cc
MINI_VERB(run);
MINI_VERB(create);
MINI_VERB(start);
MINI_VERB(monitor);
// lifecycle.cc
MINI_VERB(stop);
MINI_VERB(restart);
MINI_VERB(kill);
MINI_VERB(pause);
MINI_VERB(unpause);
MINI_VERB(wait);
MINI_VERB(rename);
MINI_VERB(rm);
// exec.cc
MINI_VERB(exec);
MINI_VERB(attach);
// logs.cc
MINI_VERB(logs);
// ps.cc
MINI_VERB(ps);
// top.cc
MINI_VERB(top);
MINI_VERB(stats);
// inspect.cc, with volume_inspect
MINI_VERB(inspect);
MINI_VERB(inspect_container);
MINI_VERB(inspect_image);
// images.cc: images, rmi, tag; history.cc; import.cc
MINI_VERB(images);
MINI_VERB(rmi);
MINI_VERB(tag);
MINI_VERB(history);
MINI_VERB(import);
// pull.cc
MINI_VERB(pull);
MINI_VERB(push);
MINI_VERB(manifest_inspect);
// login.cc
MINI_VERB(login);
MINI_VERB(logout);
// save.cc
MINI_VERB(save);
MINI_VERB(load);
// commit.cc: commit, diff, export
MINI_VERB(commit);
MINI_VERB(diff);
MINI_VERB(export_);
// copy.cc
MINI_VERB(cp);
// build.cc
MINI_VERB(build);
// builder_prune.cc
MINI_VERB(builder_prune);
// volume.cc
MINI_VERB(volume_create);
MINI_VERB(volume_ls);
MINI_VERB(volume_rm);
MINI_VERB(volume_inspect);
// port.cc
MINI_VERB(port);
// network.cc; network_ls.cc; network_inspect is in inspect.cc, network_prune in prune.cc
MINI_VERB(network_create);
MINI_VERB(network_ls);
MINI_VERB(network_rm);
MINI_VERB(network_inspect);
MINI_VERB(network_prune);
MINI_VERB(network_connect);
MINI_VERB(network_disconnect);
MINI_VERB(network_explain);
// prune.cc
MINI_VERB(container_prune);
MINI_VERB(image_prune);
MINI_VERB(volume_prune);
MINI_VERB(system_prune);
// system.cc; system_df.cc
MINI_VERB(system_df);
MINI_VERB(info);
MINI_VERB(version);
MINI_VERB(fsck);
// oci.cc
MINI_VERB(oci);
#undef MINI_VERB

}  // namespace mini::cmd
