// save and load: images to and from archives.
#include "runtime/image/transfer/save.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/commands/commands.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "cmd/output/output_file.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/image/transfer/load.h"

namespace mini::cmd {

int save(const Session& session, const Args& args) {
  Flags flags("save [flags] IMAGE [IMAGE...]",
              "Saves images to an archive that mini, docker, podman and skopeo can load.");
  std::string output, format = "docker-archive", platform;
  std::vector<std::string> names;
  flags.value("-o,--output FILE", output,
              "write to FILE, or the directory for oci-dir (default standard output)");
  flags.value("--format FORMAT", format,
              "docker-archive (default; also an OCI layout), oci-archive or oci-dir");
  flags.value("--platform PLATFORM", platform, "platform of the images; must be this machine's");
  flags.arguments("IMAGE", names, true);
  if (!flags.parse(args)) return 0;
  require_host_platform(platform);
  if (format != "docker-archive" && format != "oci-archive" && format != "oci-dir")
    throw Error(cat("flag --format ", quoted(format), ": unknown format"),
                "docker-archive, oci-archive or oci-dir", ErrorKind::usage);
  Stores stores(session);
  if (format == "oci-dir") {
    if (output.empty())
      throw Error("save: --format oci-dir needs a directory", "give it with -o", ErrorKind::usage);
    image::DirectorySink sink(output);
    image::save_images(stores.images(), names, image::ArchiveFormat::oci, sink);
    return 0;
  }
  OutputFile file(output, "save");
  image::TarSink sink(file.fd());
  image::save_images(
      stores.images(), names,
      format == "oci-archive" ? image::ArchiveFormat::oci : image::ArchiveFormat::docker, sink);
  file.commit();
  return 0;
}

namespace {

std::vector<image::LoadedImage> load_from(image::ImageStore& store, const std::string& input) {
  if (input.empty() || input == "-") {
    if (isatty(STDIN_FILENO) == 1)
      throw Error("load: standard input is a terminal", "give a file with -i, or pipe one in",
                  ErrorKind::usage);
    return image::load_images(store, STDIN_FILENO, "standard input");
  }
  const Fd fd = open_file(input, O_RDONLY);
  struct stat info;
  if (fstat(fd.get(), &info) == 0 && S_ISDIR(info.st_mode)) return image::load_layout(store, input);
  return image::load_images(store, fd.get(), input);
}

}  // namespace

int load(const Session& session, const Args& args) {
  Flags flags("load [flags]", "Loads images from an archive or an OCI layout directory.");
  std::string input, platform;
  bool quiet = false;
  flags.value("-i,--input FILE", input, "file or directory (default standard input)");
  flags.flag("-q,--quiet", quiet, "accepted for compatibility: there is no progress output");
  flags.value("--platform PLATFORM", platform, "platform of the images; must be this machine's");
  if (!flags.parse(args)) return 0;
  require_host_platform(platform);
  Stores stores(session);
  for (const image::LoadedImage& loaded : load_from(stores.images(), input)) {
    for (const image::Reference& name : loaded.names)
      put(cat("Loaded image: ", name.familiar(), "\n"));
    if (loaded.names.empty()) put(cat("Loaded image ID: ", loaded.id.str(), "\n"));
  }
  return 0;
}

}  // namespace mini::cmd
