// The bytes of a blob from a repository, from an offset on, as a stream that hides what networks
// do: a connection that breaks, stalls or ends early is opened again where it stopped (a Range
// request), as long as the plan of retries allows, at the next endpoint when one gives up. More
// bytes than the descriptor says are an Error. Verifying is the reader's. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/image/document/manifest.h"
#include "runtime/registry/distribution/repository.h"

namespace mini::registry {

class BlobSource {
 public:
  // `on_bytes` receives how many of the blob's bytes are here, whenever some arrive. `first_client`
  // is an index into repository.clients(): those before it are not asked.
  BlobSource(Repository& repository, const image::Descriptor& blob, uint64_t offset,
             std::function<void(uint64_t position)> on_bytes = {}, size_t first_client = 0);

  // Up to `size` bytes, fewer only at the end.
  size_t read(char* to, size_t size);
  // The whole rest, for a config.
  std::string rest();
  // Where the last bytes came from.
  size_t client() const { return client_; }

 private:
  std::string_view next_piece();
  std::string_view open();
  std::string_view skip(uint64_t bytes);
  void recover(const Error& error);

  Repository& repository_;
  const image::Descriptor blob_;
  const std::string shown_;
  uint64_t position_;
  const std::function<void(uint64_t)> on_bytes_;
  size_t client_ = 0;  // of repository_.clients()
  RetryPlan plan_;
  uint64_t gained_ = 0;  // since the last failure
  std::optional<Response> response_;
  std::string_view piece_;
};

}  // namespace mini::registry
