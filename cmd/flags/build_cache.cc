#include "cmd/flags/build_cache.h"

#include <map>

#include "builder/build/cache/cache_image.h"
#include "cmd/flags/layout_cache.h"
#include "cmd/flags/transfer_progress.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/image/transfer/intake.h"
#include "runtime/registry/distribution/blob_source.h"

namespace mini::cmd {
namespace {

[[noreturn]] void refuse_cache(const char* flag, const std::string& why, const std::string& cure) {
  throw Error(cat("flag ", flag, ": ", why), cure, ErrorKind::bad_flag);
}

using CacheOptions = std::map<std::string, std::string>;

// "type=local,src=DIR", or a bare image name.
CacheOptions cache_options(const char* flag, const std::string& text) {
  if (text.find('=') == std::string::npos && !text.empty())
    return {{"type", "registry"}, {"ref", text}};
  CacheOptions options;
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0)
      refuse_cache(flag, cat(quoted(part), ": not KEY=VALUE"), "type=registry,ref=NAME");
    options[lower(part.substr(0, equals))] = part.substr(equals + 1);
  }
  const std::string type = options["type"];
  if (type == "registry" || type == "local") return options;
  if (type == "inline")
    refuse_cache(flag, "type=inline: mini keeps no cache in images that are run",
                 "type=registry,ref=NAME, with a name for the cache alone");
  if (type == "gha" || type == "s3" || type == "azblob")
    refuse_cache(flag, cat("type=", type, ": mini has no client for this service"),
                 "type=registry,ref=NAME or type=local");
  refuse_cache(flag,
               type.empty() ? cat(quoted(text), ": the type is missing")
                            : cat("type ", quoted(type), ": unknown"),
               "registry or local");
}

image::Reference reference_of(const char* flag, const CacheOptions& options) {
  const auto ref = options.find("ref");
  if (ref == options.end() || ref->second.empty())
    refuse_cache(flag, "type=registry needs a name", "add ref=NAME");
  try {
    return image::Reference::parse(ref->second);
  } catch (const Error& error) {
    refuse_cache(flag, error.what(), error.hint());
  }
}

class RegistrySource : public build::CacheSource {
 public:
  RegistrySource(const Session& session, image::ImageStore& store, image::Reference reference)
      : session_(session), store_(store), reference_(std::move(reference)) {}

  std::string name() const override { return reference_.familiar(); }

  build::CacheOffer open() override {
    repository_ = std::make_unique<registry::Repository>(reference_,
                                                         registry::Settings::load(session_.config),
                                                         registry::CredentialFile::standard());
    const registry::Document document =
        repository_->image_manifest(repository_->manifest(), registry::Platform::host());
    const auto manifest = image::Manifest::parse(document.bytes, name());
    std::string config = registry::BlobSource(*repository_, manifest.config, 0).rest();
    if (Digest::of(config) != manifest.config.digest)
      throw Error("the config does not have the digest that the manifest gives");
    return {std::move(config), manifest.layers};
  }

  void fetch(const image::Descriptor& blob, const Digest& diff_id,
             const std::function<void()>& check) override {
    registry::BlobSource source(*repository_, blob, 0);
    image::Intake intake(store_);
    intake.receive({blob.media_type, blob.digest, blob.size, diff_id}, [&](char* to, size_t size) {
      check();
      return source.read(to, size);
    });
    intake.record_layers();
  }

 private:
  const Session& session_;
  image::ImageStore& store_;
  const image::Reference reference_;
  std::unique_ptr<registry::Repository> repository_;
};

// Options of BuildKit's that only say in which form the same cache is written; mini has one form.
bool only_form(const std::string& key) {
  return key == "compression-level" || key == "force-compression" || key == "oci-mediatypes" ||
         key == "image-manifest";
}

}  // namespace

std::shared_ptr<build::CacheSource> cache_from_flag(const Session& session,
                                                    image::ImageStore& store,
                                                    const std::string& text) {
  const char* const flag = "--cache-from";
  const CacheOptions options = cache_options(flag, text);
  const bool local = options.at("type") == "local";
  for (const auto& [key, value] : options)
    if (key != "type" && key != (local ? "src" : "ref") && !(local && key == "tag"))
      refuse_cache(flag, cat("option ", quoted(cat(key, '=', value)), ": unknown"),
                   local ? "type=local, src and tag" : "type=registry and ref");
  if (!local) return std::make_shared<RegistrySource>(session, store, reference_of(flag, options));
  const auto src = options.find("src");
  if (src == options.end() || src->second.empty())
    refuse_cache(flag, "type=local needs a directory", "add src=DIR");
  const auto tag = options.find("tag");
  return layout_cache_source(store, src->second, tag == options.end() ? "latest" : tag->second);
}

CacheTarget::CacheTarget(const std::string& text) : text_(text) {
  const char* const flag = "--cache-to";
  const CacheOptions options = cache_options(flag, text);
  for (const auto& [key, value] : options) option(key, value);
  if (options.at("type") == "registry") {
    if (!directory_.empty()) refuse_cache(flag, "dest is for type=local", "type=registry,ref=NAME");
    reference_ = reference_of(flag, options);
    if (reference_->digest) refuse_cache(flag, "ref has a digest", "name a tag");
  } else if (directory_.empty() || options.contains("ref")) {
    refuse_cache(flag, "type=local needs a directory", "type=local,dest=DIR");
  }
}

void CacheTarget::option(const std::string& key, const std::string& value) {
  if (key == "dest") {
    directory_ = value;
  } else if (key == "tag") {
    tag_ = value;
  } else if (key == "mode" && (value == "min" || value == "max")) {
    max_ = value == "max";
  } else if (key == "compression" && (value == "gzip" || value == "zstd")) {
    format_ = value == "zstd" ? registry::PushFormat::zstd : registry::PushFormat::gzip;
  } else if (key == "ignore-error" && (value == "true" || value == "false")) {
    ignore_error_ = value == "true";
  } else if (key != "type" && key != "ref" && !only_form(key)) {
    refuse_cache("--cache-to", cat("option ", quoted(cat(key, '=', value)), ": unknown"),
                 "ref or dest, mode=min|max, compression=gzip|zstd, ignore-error");
  }
}

void CacheTarget::write(const Session& session, image::ImageStore& store,
                        const build::BuildResult& result, bool quiet) const {
  std::vector<build::StepRecord> records;
  const std::set<Digest> layers(result.diff_ids.begin(), result.diff_ids.end());
  for (const build::StepRecord& record : result.records)
    if (max_ || layers.contains(record.layer)) records.push_back(record);
  try {
    with_context(cat("build cache ", text_), [&] {
      const image::Image image = build::cache_image(store, std::move(records));
      if (!reference_) return write_layout_cache(store, image, format_, directory_, tag_);
      const auto progress = make_transfer_progress(Direction::push, quiet);
      registry::push_image(store, image, *reference_, registry::Settings::load(session.config),
                           registry::CredentialFile::standard(), *progress, {format_});
    });
  } catch (const Error& error) {
    if (!ignore_error_) throw;
    warn_once(error.what());
  }
}

}  // namespace mini::cmd
