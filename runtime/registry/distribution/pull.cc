#include "runtime/registry/distribution/pull.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>

#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"
#include "runtime/image/store/partial.h"
#include "runtime/image/transfer/intake.h"
#include "runtime/registry/distribution/blob_source.h"
#include "runtime/registry/distribution/workers.h"

namespace mini::registry {
namespace {

using State = TransferSink::State;

// A layer that the store may lack.
struct Wanted {
  image::Descriptor blob;
  Digest diff_id;
  std::unique_ptr<image::PartialBlob> partial = {};
};

class Pull {
 public:
  Pull(image::ImageStore& store, const image::Reference& reference, const Settings& settings,
       const CredentialFile& credentials, TransferSink& sink, const PullOptions& options)
      : store_(store),
        reference_(reference),
        repository_(reference, settings, credentials),
        sink_(sink),
        options_(options) {}

  PullResult run() {
    PullResult result;
    Document document = repository_.manifest();
    result.digest = document.digest;
    document = repository_.image_manifest(std::move(document), options_.platform);
    const std::string place =
        cat(reference_.registry, '/', reference_.repository, '@', result.digest.str());
    if (auto known = in_store(document.digest, place)) {
      result.entry = *std::move(known);
      return result;
    }
    const std::string name = cat("image ", reference_.familiar());
    const auto manifest = image::Manifest::parse(document.bytes, cat(name, ": manifest"));
    image::ImageFromOutside image;
    image.config_json = config(manifest.config, name);
    image.manifest_json = document.bytes;
    image.repo_digests = {place};
    if (!reference_.tag.empty() && !reference_.digest) image.tags = {reference_};
    std::vector<Wanted> layers = layers_of(manifest, image.config_json, name);
    image::Intake intake(store_);
    fetch(intake, layers);
    result.entry = intake.record({image}).at(0);
    result.fresh = true;
    return result;
  }

 private:
  // The very same image under the very same name.
  std::optional<image::ImageEntry> in_store(const Digest& manifest, const std::string& place) {
    auto entry = store_.find(reference_.full());
    if (!entry || entry->manifest != manifest) return {};
    const auto& places = entry->repo_digests;
    if (std::find(places.begin(), places.end(), place) == places.end())
      store_.add_repo_digest(*entry, place);
    return entry;
  }

  std::string config(const image::Descriptor& descriptor, const std::string& name) {
    for (size_t from = 0;; ++from) {
      BlobSource source(repository_, descriptor, 0, {}, from);
      std::string bytes = source.rest();
      if (Digest::of(bytes) == descriptor.digest) return bytes;
      const Error error(
          cat(name, ": its config does not have the digest ", descriptor.digest.str()));
      from = source.client();
      if (!passed_over(from, error)) throw error;
    }
  }

  std::vector<Wanted> layers_of(const image::Manifest& manifest, const std::string& config_json,
                                const std::string& name) {
    const auto config = image::ImageConfig::parse(config_json, cat(name, ": config"));
    if (config.diff_ids.size() != manifest.layers.size())
      throw Error(cat(name, ": ", config.diff_ids.size(), " diff ids for ", manifest.layers.size(),
                      " layers"));
    const Platform& wanted = options_.platform;
    if (config.os != wanted.os || config.architecture != wanted.architecture)
      warn_once(cat(name, ": is for ", printable(config.os), '/', printable(config.architecture),
                    ", not for ", wanted.str()));
    // By digest: a process that waits for several of them waits in this order.
    std::map<Digest, Wanted> layers;
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
      const auto [place, added] = layers.try_emplace(
          manifest.layers[i].digest, Wanted{manifest.layers[i], config.diff_ids[i], {}});
      if (!added && place->second.diff_id != config.diff_ids[i])
        throw Error(cat(name, ": one layer has two diff ids"));
    }
    std::vector<Wanted> list;
    for (auto& [digest, layer] : layers) list.push_back(std::move(layer));
    return list;
  }

  // The locks are held until the image is recorded, so that a waiting process finds the layers in
  // the store.
  void fetch(image::Intake& intake, std::vector<Wanted>& layers) {
    for (Wanted& layer : layers) {
      if (intake.has(layer.blob, layer.diff_id)) continue;
      sink_.on_layer(layer.blob.digest, State::waiting, 0, layer.blob.size);
      layer.partial = std::make_unique<image::PartialBlob>(store_.paths(), layer.blob.digest);
    }
    for (Wanted& layer : layers) {
      if (layer.partial && intake.has(layer.blob, layer.diff_id)) layer.partial.reset();
      if (!layer.partial)
        sink_.on_layer(layer.blob.digest, State::exists, layer.blob.size, layer.blob.size);
    }
    check_space(layers);
    // The largest first: the last one to end is then not the longest.
    std::stable_sort(layers.begin(), layers.end(),
                     [](const Wanted& a, const Wanted& b) { return a.blob.size > b.blob.size; });
    for_each_parallel(layers.size(), repository_.settings().parallel,
                      [&](size_t i, const std::atomic<bool>& stop) {
                        if (layers[i].partial) receive(intake, layers[i], stop);
                      });
  }

  // What cannot fit is not begun.
  void check_space(const std::vector<Wanted>& layers) const {
    const std::string& root = store_.paths().root;
    struct statvfs disk {};
    if (statvfs(root.c_str(), &disk) < 0) throw SysError(root);
    uint64_t left = disk.f_bavail * disk.f_frsize;
    for (const Wanted& layer : layers) {
      if (!layer.partial) continue;
      const uint64_t kept = std::min(layer.partial->size(), layer.blob.size);
      if (layer.blob.size - kept > left)
        throw Error(cat("layer ", layer.blob.digest.str(), ": takes ", human_size(layer.blob.size),
                        ", more than the free space in ", root),
                    "free space with `mini system prune`");
      left -= layer.blob.size - kept;
    }
  }

  // A mirror that gave wrong bytes is not asked again for the same thing.
  bool passed_over(size_t client, const Error& error) const {
    if (client + 1 >= repository_.clients().size()) return false;
    warn_once(cat(repository_.clients()[client]->name(), ": skipped: ", error.what()));
    return true;
  }

  void receive(image::Intake& intake, const Wanted& layer, const std::atomic<bool>& stop) {
    const image::Descriptor& blob = layer.blob;
    if (layer.partial->size() > blob.size) layer.partial->remove();
    uint64_t kept = layer.partial->size();
    for (size_t client = 0;; ++client) {
      try {
        receive_from(intake, layer, kept, client, stop);
        break;
      } catch (const SysError& error) {
        // What has filled the disk must not keep it full.
        if (error.code() == ENOSPC) layer.partial->remove();
        throw;
      } catch (const Error& error) {
        const bool bad = layer.partial->size() == 0;  // as opposed to: not all of it came
        if (bad && kept > 0) {
          // What a killed pull left may have been torn by a power cut, which only this shows.
          sink_.on_note(
              cat(blob.digest.short_id(), ": the partial download is damaged; starting over"));
          kept = 0;
          client = static_cast<size_t>(-1);
        } else if (!bad || !passed_over(client, error)) {
          sink_.on_layer(blob.digest, State::failed, 0, blob.size);
          throw;
        }
      }
    }
    sink_.on_layer(blob.digest, State::done, blob.size, blob.size);
  }

  // `client`: the first to ask; becomes the one that was asked at last.
  void receive_from(image::Intake& intake, const Wanted& layer, uint64_t kept, size_t& client,
                    const std::atomic<bool>& stop) {
    const image::Descriptor& blob = layer.blob;
    if (kept > 0)
      sink_.on_note(
          cat(blob.digest.short_id(), ": resuming after ", kept, " of ", blob.size, " bytes"));
    sink_.on_layer(blob.digest, State::moving, kept, blob.size);
    const auto show = [&](uint64_t position) {
      sink_.on_layer(blob.digest, State::moving, position, blob.size);
    };
    BlobSource source(repository_, blob, kept, show, client);
    const files::ByteSource bytes = [&](char* to, size_t size) {
      if (stop) throw Stopped();
      const size_t got = source.read(to, size);
      client = source.client();
      return got;
    };
    intake.receive({blob.media_type, blob.digest, blob.size, layer.diff_id}, bytes,
                   layer.partial->path());
  }

  image::ImageStore& store_;
  const image::Reference reference_;
  Repository repository_;
  TransferSink& sink_;
  const PullOptions options_;
};

}  // namespace

PullResult pull(image::ImageStore& store, const image::Reference& reference,
                const Settings& settings, const CredentialFile& credentials, TransferSink& sink,
                const PullOptions& options) {
  return with_context(cat("pull ", reference.familiar()), [&] {
    return Pull(store, reference, settings, credentials, sink, options).run();
  });
}

}  // namespace mini::registry
