// Images that come from outside, from a registry or an archive (SECURITY: P1-P3). A layer is read
// once: its bytes are hashed for the blob digest while they arrive, decompressed, hashed for the
// diff id and unpacked into a draft; the compressed bytes are kept, so that a push or a save gives
// the same back. Nothing is in the store before `record`, which stores all of it or nothing: one
// sync, renames, the index last. What was received and not recorded is gone with the Intake; a file
// that the caller named for the compressed bytes stays, so that a pull goes on where it stopped.
//
// A registry: for each layer that the manifest and the config name and `has` does not know,
// `receive` with what the descriptor says, a source that blocks on the network, and a file below
// <root> whose bytes, if there are any, are the beginning of the blob. An archive: the same without
// the file, and with as much of the offer as is known; what a layer turned out to be is in the
// answer. `has` and `receive` may be called from several threads. Everything throws Error /
// SysError.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/early_sync.h"
#include "runtime/files/decompressor.h"
#include "runtime/image/store/image_store.h"
#include "runtime/image/store/lease.h"

namespace mini::image {

// What is said of a layer before its bytes are there; everything that is said is verified.
struct LayerOffer {
  std::string media_type;
  std::optional<Digest> digest;  // of the bytes as they come
  std::optional<uint64_t> size;
  std::optional<Digest> diff_id;
};

struct ReceivedLayer {
  Descriptor blob;  // as it came; of what is not kept compressed, as an uncompressed layer
  Digest diff_id;
};

struct ImageFromOutside {
  std::string config_json;
  std::string manifest_json;  // its bytes stay as they are; empty: one is made
  std::vector<Reference> tags;
  std::vector<std::string> repo_digests;  // IndexRow::repo_digests
};

class Intake {
 public:
  explicit Intake(ImageStore& store);

  // Whether the store can give this blob and has what it unpacks to. Then it stays so for `record`.
  bool has(const Descriptor& blob, const Digest& diff_id);
  // Whether the store has the layer, in whatever form. Then it stays so for `record`.
  bool hold(const Digest& diff_id);

  // Reads a layer to its end. `partial` names a file for the compressed bytes; what it holds
  // already is taken as the beginning, and `source` gives what follows. It is removed when the
  // digest or the size is wrong, and moved away by `record`. Throws what `source` throws.
  ReceivedLayer receive(const LayerOffer& offer, const files::ByteSource& source,
                        const std::string& partial = {});

  // Stores the layers that were received, without an image and without their compressed bytes;
  // durable on return. A living lease must name them (layer_store.h, `publish`).
  void record_layers();

  // Stores images whose every layer was received or is in the store; durable on return. The
  // manifest's own digest is the caller's to verify; what it names is verified here.
  std::vector<ImageEntry> record(const std::vector<ImageFromOutside>& images);

 private:
  struct Unpacked {
    Draft draft;
    Layer layer;
  };
  struct Pending;  // an image that is about to be recorded

  bool matches(const Descriptor& blob, const Layer& layer);
  void check_layers(const Manifest& manifest, const ImageConfig& config) const;
  uint64_t size_of(const Digest& diff_id) const;
  void publish_layers();
  Pending prepare(const ImageFromOutside& image) const;

  ImageStore& store_;
  Lease lease_;
  const files::Scratch scratch_;
  EarlySync sync_;
  std::mutex mutex_;
  std::map<Digest, Unpacked> unpacked_;       // by diff id
  std::map<Digest, ReceivedLayer> received_;  // by blob
  std::map<Digest, std::string> files_;       // of blobs that are to be kept
  std::vector<std::string> useless_;          // files of layers that came uncompressed
  size_t count_ = 0;
};

}  // namespace mini::image
