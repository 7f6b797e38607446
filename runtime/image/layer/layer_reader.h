// Unpacks a layer that came from outside: every byte of it is hostile (SECURITY: Layers). Formats:
// tar (ustar, PAX, GNU), plain or gzip, zstd, xz, bzip2. Everything is made below the draft's tree
// through directory fds. Names are taken as peers take them (entry_name.h), a link that the archive
// made is followed below the root and never outside it, the last entry of a name wins, and an end
// mark may be missing; whiteouts (.wh.NAME, .wh..wh..opq) become overlay's. Refused, naming the
// entry: ".." that leaves the root, hard links to what is not there, devices when `allow_devices`
// is false, bombs (limits below), input that is cut within an entry. Kept: owners, modes with
// set-id, times, security.capability and user.* attributes. Dropped: trusted.overlay.*,
// user.overlay.*. Memory is bounded whatever the input.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/digest.h"
#include "runtime/files/decompressor.h"
#include "runtime/files/tar_recipe.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::image {

struct ReadLimits {
  uint64_t bytes = uint64_t{256} << 30;  // unpacked, in all
  uint64_t entries = 10'000'000;
  bool allow_devices = true;
  // For archives that are no layers.
  bool whiteouts = true;      // false: names that begin with .wh. are refused
  bool mark_implied = false;  // attributes.h: directories that no entry names
};

struct ReadResult {
  Digest diff_id;  // of the uncompressed tar as it was read
  Digest blob;     // of the bytes as they came
  uint64_t blob_size = 0;
  files::Compression compression = files::Compression::none;
  uint64_t size = 0;  // unpacked
  uint64_t files = 0;
};

// Reads `fd` to its end into `draft`. `name` is for errors.
ReadResult read_layer(int fd, const std::string& name, Draft& draft, const ReadLimits& limits = {});
// The same from any source; everything but the files' contents goes to `recipe`.
ReadResult read_layer(const files::ByteSource& source, const std::string& name, Draft& draft,
                      files::TarRecipe& recipe, const ReadLimits& limits = {});
// Digests and sizes only; nothing is unpacked, and `files` stays 0.
ReadResult digest_layer(const files::ByteSource& source, const std::string& name,
                        const ReadLimits& limits = {});

// The same safe reader for ADD's local archives and `mini import`: is this file a tar archive,
// plain or compressed? (by content)
bool looks_like_archive(int fd);

}  // namespace mini::image
