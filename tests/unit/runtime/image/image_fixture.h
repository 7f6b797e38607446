// A store with one layer, and images on it that differ in a label.
#pragma once

#include "runtime/image/store/image_store.h"
#include "tests/unit/runtime/image/store_fixture.h"

namespace mini::image {

inline Layer add_layer(const ImageStore& store, const std::string& content) {
  Draft draft(store.paths());
  LayerWriter writer(draft, 0);
  writer.directory("", meta(0755));
  writer.file("f", meta(0644), content);
  const auto result = writer.finish();
  store.layers().seal_written(draft, result.diff_id, result.size, result.files, 0);
  return publish_one(store.layers(), std::move(draft));
}

inline ImageConfig config_of(const std::vector<Digest>& diff_ids, const std::string& label = "x") {
  ImageConfig config;
  config.architecture = "amd64";
  config.os = "linux";
  config.created = "1970-01-01T00:00:00Z";
  config.labels = {{"label", label}};
  config.diff_ids = diff_ids;
  return config;
}

class ImageStoreTest : public StoreTest {
 protected:
  ImageEntry put(const std::string& label, const std::vector<std::string>& tags) {
    std::vector<Reference> references;
    for (const std::string& tag : tags) references.push_back(Reference::parse(tag));
    return store_.put(config_of({layer_.diff_id}, label), references);
  }
  ImageStore store_{paths_};
  Layer layer_ = add_layer(store_, "content");
};

}  // namespace mini::image
