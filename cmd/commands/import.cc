// import: a root file system's tar becomes an image of one layer.
#include "runtime/image/store/import.h"

#include <fcntl.h>
#include <unistd.h>

#include "cmd/commands/commands.h"
#include "cmd/flags/config_changes.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

image::ImageConfig changed_config(const std::vector<std::string>& changes,
                                  const std::string& message) {
  image::ImageConfig config;
  config.created = rfc3339_nano(source_date_epoch() * 1'000'000'000);
  config.architecture = image::host_architecture();
  config.os = "linux";
  apply_changes(config, changes);
  // The one layer is the whole history. The file name is not part of it: same tar, same image.
  if (!message.empty()) config.history.push_back({config.created, "", "", message, false});
  return config;
}

Fd open_source(const std::string& file) {
  if (file == "-") {
    if (isatty(STDIN_FILENO) == 1)
      throw Error("import: standard input is a terminal", "give a tar archive, or pipe one in",
                  ErrorKind::usage);
    return Fd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  }
  if (file.starts_with("http://") || file.starts_with("https://"))
    throw Error(cat("import ", quoted(file), ": URLs are not fetched"),
                "download it first, and import the file", ErrorKind::usage);
  return open_file(file, O_RDONLY);
}

}  // namespace

int import(const Session& session, const Args& args) {
  Flags flags("import [flags] FILE|- [NAME[:TAG]]",
              "Creates an image from a root file system archive.");
  std::vector<std::string> changes;
  std::string message, platform, file, name;
  flags.values("-c,--change INSTRUCTION", changes,
               "apply a Dockerfile instruction to the config: 'CMD [\"sh\"]'");
  flags.value("-m,--message TEXT", message, "comment for the image history");
  flags.value("--platform PLATFORM", platform, "platform of the image; must be this machine's");
  flags.argument("FILE", file, true, "tar archive, plain or compressed; - for standard input");
  flags.argument("NAME[:TAG]", name, false);
  if (!flags.parse(args)) return 0;
  require_host_platform(platform);
  std::vector<image::Reference> tags;
  if (!name.empty()) tags.push_back(image::Reference::parse(name));
  image::ImageConfig config = changed_config(changes, message);
  const Fd source = open_source(file);
  if (!source) throw SysError("standard input");
  image::ImageStore store(session.paths);
  const std::string shown = file == "-" ? "standard input" : file;
  const image::ImageEntry entry =
      image::import_image(store, source.get(), shown, std::move(config), tags);
  put(entry.id.str() + "\n");
  return 0;
}

}  // namespace mini::cmd
