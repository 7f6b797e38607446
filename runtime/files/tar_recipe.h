// How to make a tar from outside again, byte for byte, from the tree that it was unpacked to: a
// layer's digest is that of its tar, and another tool's tar is not our canonical one. A recipe is
// everything of the tar but the contents of its files, and which file comes where. On disk: one
// zstd frame of records, each a letter, a number (8 bytes, the least first) and bytes:
//   'R' n, n bytes           these bytes
//   'F' n, 'P' m, m bytes    n bytes of content, which the file with this path in the tree holds
// Throws SysError / Error; what it gave is worth nothing then.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/files/hash_stream.h"

namespace mini::image {

class TarRecipe {
 public:
  explicit TarRecipe(const std::string& path);  // a file to make
  ~TarRecipe();

  // All bytes of the tar, in order.
  void pass(std::string_view bytes);
  // The next `size` bytes are the content of the file `path`.
  void content(const std::string& path, uint64_t size);
  void finish();

 private:
  struct Frame;
  void record(char kind, uint64_t number, std::string_view bytes);
  void flush();

  std::unique_ptr<Frame> frame_;
  std::string raw_;
  uint64_t content_left_ = 0;
};

// The tar, from the recipe at `path` and the tree. A file that is shorter now than the recipe says
// is an Error; what else has changed shows in the digest.
void write_recipe_tar(const std::string& path, Fd tree, HashStream& out, const std::string& shown);

}  // namespace mini::image
