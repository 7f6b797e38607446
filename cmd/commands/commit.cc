// commit, diff, export: what a container's files have become.
#include "runtime/engine/files/commit.h"
#include "cmd/commands/commands.h"
#include "cmd/flags/config_changes.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "cmd/output/output_file.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/files/changes.h"

namespace mini::cmd {

int commit(const Session& session, const Args& args) {
  Flags flags("commit [flags] CONTAINER [NAME[:TAG]]",
              "Creates an image from a container's image and its changed files.");
  engine::CommitRequest request;
  std::vector<std::string> changes;
  std::string name;
  flags.value("-a,--author AUTHOR", request.author, "author, such as \"Name <mail@example.org>\"");
  flags.values("-c,--change INSTRUCTION", changes,
               "apply a Dockerfile instruction to the config: 'CMD [\"sh\"]'");
  flags.value("-m,--message TEXT", request.message, "comment for the image history");
  flags.flag("-p,--pause", request.pause, "pause the container during the commit (default true)");
  flags.argument("CONTAINER", request.container, true);
  flags.argument("NAME[:TAG]", name, false);
  if (!flags.parse(args)) return 0;
  if (!name.empty()) request.tags.push_back(image::Reference::parse(name));
  request.change = [&](image::ImageConfig& config) { apply_changes(config, changes); };
  Stores stores(session);
  put(engine::commit_container(stores.engine(), request).id.str() + "\n");
  return 0;
}

int diff(const Session& session, const Args& args) {
  Flags flags("diff CONTAINER",
              "Shows which files a container added (A), changed (C) or deleted (D).");
  std::string name;
  flags.argument("CONTAINER", name, true);
  if (!flags.parse(args)) return 0;
  Stores stores(session);
  const engine::Record record = stores.containers().find(name);
  std::string text;
  for (const engine::Change& change : engine::container_changes(stores.engine(), record))
    text += cat(static_cast<char>(change.kind), ' ', printable(change.path), '\n');
  put(text);
  return 0;
}

int export_(const Session& session, const Args& args) {
  Flags flags("export [flags] CONTAINER",
              "Writes a container's files, without its volumes, as a tar archive.");
  std::string output, name;
  flags.value("-o,--output FILE", output, "write to FILE instead of standard output");
  flags.argument("CONTAINER", name, true);
  if (!flags.parse(args)) return 0;
  Stores stores(session);
  const engine::Record record = stores.containers().find(name);
  OutputFile file(output, "export");
  engine::export_container(stores.engine(), record, file.fd());
  file.commit();
  return 0;
}

}  // namespace mini::cmd
