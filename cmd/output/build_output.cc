#include "cmd/output/build_output.h"

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/files/image_files.h"
#include "runtime/image/transfer/archive_sink.h"
#include "runtime/image/transfer/save.h"

namespace mini::cmd {
namespace {

[[noreturn]] void refuse(const std::string& why, const std::string& cure) {
  throw Error(cat("flag --output: ", why), cure, ErrorKind::usage);
}

}  // namespace

BuildOutput::BuildOutput(const std::string& text) {
  parse(text);
  if (type_ == "registry")
    refuse("type=registry: build does not push", "push the image with `mini push`");
  if (type_ != "oci" && type_ != "docker" && type_ != "tar" && type_ != "local" && type_ != "image")
    refuse(cat("type ", quoted(type_), ": unknown"), "oci, docker, tar, local or image");
  if (type_ == "local" && dest_.empty()) refuse("type=local needs a directory", "add dest=DIR");
  if (type_ == "local" && dest_ == "-")
    refuse("type=local writes a directory", "type=tar writes to standard output");
  if (!tar_ && (type_ != "oci" || dest_.empty() || dest_ == "-"))
    refuse("tar=false is for type=oci with a directory as dest", "type=oci,tar=false,dest=DIR");
  // Without a place, these two name mini's own store, where every result is.
  const bool only_store = type_ == "image" || (type_ == "docker" && dest_.empty());
  if (type_ == "image" && !dest_.empty()) refuse("type=image takes no dest", "type=oci or docker");
  if (only_store || type_ == "local" || !tar_) return;
  if (dest_.empty()) dest_ = "-";
  file_ = std::make_unique<OutputFile>(dest_, "build");
}

void BuildOutput::parse(const std::string& text) {
  if (text.empty()) refuse("empty", "type=oci,dest=FILE, or a directory");
  if (text.find('=') == std::string::npos) {
    type_ = text == "-" ? "tar" : "local";
    dest_ = text;
    return;
  }
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    if (equals == std::string::npos) refuse(cat(quoted(part), ": not KEY=VALUE"), "type=…,dest=…");
    option(lower(part.substr(0, equals)), part.substr(equals + 1));
  }
  if (type_.empty()) refuse(cat(quoted(text), ": the type is missing"), "type=…,dest=…");
}

void BuildOutput::option(const std::string& key, const std::string& value) {
  if (key == "type") {
    type_ = value;
  } else if (key == "dest") {
    dest_ = value;
  } else if (key == "name") {
    names_.push_back(image::Reference::parse(value));
  } else if (key == "tar" && (value == "true" || value == "false")) {
    tar_ = value == "true";
  } else if (key == "push" && value == "true") {
    refuse("push=true: build does not push", "push the image with `mini push`");
  } else if (key != "push") {
    refuse(cat("option ", quoted(cat(key, '=', value)), ": unknown"), "type, dest, name, tar");
  }
}

void BuildOutput::write(const image::ImageStore& store, const build::BuildResult& result) {
  const std::string id = result.id.str();
  if (type_ == "local") return engine::write_image_files(store.load(id), dest_);
  const auto format = type_ == "oci" ? image::ArchiveFormat::oci : image::ArchiveFormat::docker;
  const std::vector<std::string> names =
      result.tags.empty() ? std::vector<std::string>{id} : result.tags;
  if (!tar_) {
    image::DirectorySink sink(dest_);
    return image::save_images(store, names, format, sink);
  }
  if (!file_) return;
  if (type_ == "tar") {
    engine::write_image_tar(store.load(id), file_->fd());
  } else {
    image::TarSink sink(file_->fd());
    image::save_images(store, names, format, sink);
  }
  file_->commit();
}

}  // namespace mini::cmd
