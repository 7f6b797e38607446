// A layer's tar -> gzip or zstd, for a push. The tar is cut into blocks of one size, each
// compressed by itself (a gzip member, a zstd frame: together they are what both formats call one
// file), so that all processors work at it and the result does not depend on their number: the same
// tar gives the same bytes each time. Memory is bounded by a few blocks for each processor.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "runtime/base/digest.h"

namespace mini::registry {

enum class PushFormat { gzip, zstd };

struct Compressed {
  Digest digest;
  uint64_t size = 0;
};

// `write_tar` writes the tar to the given descriptor, in its own thread; what it throws, this
// throws. The result goes to `out_fd`. `on_bytes` receives how much of the tar is done.
Compressed compress_layer(PushFormat format, const std::function<void(int fd)>& write_tar,
                          int out_fd, const std::function<void(uint64_t)>& on_bytes = {});

}  // namespace mini::registry
