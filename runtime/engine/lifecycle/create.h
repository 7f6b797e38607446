// A container from an image and flags: `create`, and the first half of `run`. Everything that can
// be refused is refused here, before anything exists: names, mounts, devices, capabilities, limits,
// security options, combinations that contradict each other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/base/lock.h"
#include "runtime/engine/record/engine.h"
#include "runtime/engine/record/record.h"

namespace mini::engine {

struct CreateRequest {
  std::string image;  // as the user wrote it: reference, id, or prefix
  std::string name;   // empty: a random one
  // Only what the flags say; what they leave out comes from the image. `env` entries without "="
  // take the variable away. An entrypoint of one empty string (--entrypoint "") is none.
  // `healthcheck.test` {"NONE"}: --no-healthcheck.
  Config config;
  HostConfig host;
};

// Writes the record; returns it.
Record create_container(Engine& engine, const CreateRequest& request);

// The same without the record being written yet: `run` writes it once, with the process in it.
struct PreparedContainer {
  Record record;
  FileLock lock, run_lock;  // as in ContainerStore::Claim
  FileLock images;  // shared: until the record is written, only this keeps the collector from
                    // taking the image's layers
};
PreparedContainer prepare_container(Engine& engine, const CreateRequest& request);

// Docker's rules for what an image's config and flags make together. Pure.
Config merge_config(const image::ImageConfig& image, const Config& flags);
// Entrypoint and cmd combined; throws when both are empty.
std::vector<std::string> command_of(const Config& config, const std::string& image);
// Image volumes and flags: one list, without duplicates, shallow destinations first. Pure.
std::vector<MountRequest> merge_mounts(const Config& config, const HostConfig& host);
// All that can be checked without an image; throws Error (usage) naming the flag.
void check_request(const CreateRequest& request);

}  // namespace mini::engine
