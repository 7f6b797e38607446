// Every command's function, for the table in command_table.cc, and what several of them share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cmd/commands/command.h"

namespace mini::cmd {

// Does `act` for each name and prints what it returns; an error is printed and the others still
// have their turn. 1 when any failed.
int for_each_name(const std::vector<std::string>& names,
                  const std::function<std::string(const std::string&)>& act);

#define MINI_COMMAND(name) int name(const Session& session, const Args& args)
// command.cc
MINI_COMMAND(help);
// run.cc
MINI_COMMAND(run);
MINI_COMMAND(create);
MINI_COMMAND(start);
MINI_COMMAND(monitor);
// lifecycle.cc
MINI_COMMAND(stop);
MINI_COMMAND(restart);
MINI_COMMAND(kill);
MINI_COMMAND(pause);
MINI_COMMAND(unpause);
MINI_COMMAND(wait);
MINI_COMMAND(rename);
MINI_COMMAND(rm);
// exec.cc
MINI_COMMAND(exec);
MINI_COMMAND(attach);
// logs.cc
MINI_COMMAND(logs);
// ps.cc
MINI_COMMAND(ps);
// top.cc
MINI_COMMAND(top);
MINI_COMMAND(stats);
// inspect.cc, with volume_inspect
MINI_COMMAND(inspect);
MINI_COMMAND(inspect_container);
MINI_COMMAND(inspect_image);
// images.cc: images, rmi, tag; history.cc; import.cc
MINI_COMMAND(images);
MINI_COMMAND(rmi);
MINI_COMMAND(tag);
MINI_COMMAND(history);
MINI_COMMAND(import);
// pull.cc
MINI_COMMAND(pull);
MINI_COMMAND(push);
MINI_COMMAND(manifest_inspect);
// login.cc
MINI_COMMAND(login);
MINI_COMMAND(logout);
// save.cc
MINI_COMMAND(save);
MINI_COMMAND(load);
// commit.cc: commit, diff, export
MINI_COMMAND(commit);
MINI_COMMAND(diff);
MINI_COMMAND(export_);
// copy.cc
MINI_COMMAND(cp);
// build.cc
MINI_COMMAND(build);
// builder_prune.cc
MINI_COMMAND(builder_prune);
// volume.cc
MINI_COMMAND(volume_create);
MINI_COMMAND(volume_ls);
MINI_COMMAND(volume_rm);
MINI_COMMAND(volume_inspect);
// port.cc
MINI_COMMAND(port);
// network.cc; network_ls.cc; network_inspect is in inspect.cc, network_prune in prune.cc
MINI_COMMAND(network_create);
MINI_COMMAND(network_ls);
MINI_COMMAND(network_rm);
MINI_COMMAND(network_inspect);
MINI_COMMAND(network_prune);
MINI_COMMAND(network_connect);
MINI_COMMAND(network_disconnect);
MINI_COMMAND(network_explain);
// prune.cc
MINI_COMMAND(container_prune);
MINI_COMMAND(image_prune);
MINI_COMMAND(volume_prune);
MINI_COMMAND(system_prune);
// system.cc; system_df.cc
MINI_COMMAND(system_df);
MINI_COMMAND(info);
MINI_COMMAND(version);
MINI_COMMAND(fsck);
// oci.cc
MINI_COMMAND(oci);
#undef MINI_COMMAND

}  // namespace mini::cmd
