// How to make a tar from outside again, byte for byte, from the tree that it was unpacked to: a
// layer's digest is that of its tar, and another tool's tar is not our canonical one. A recipe is
// everything of the tar but the contents of its files, and which file comes where. On disk: one
// zstd frame of records, each a letter, a number (8 bytes, the least first) and bytes:
//   'R' n, n bytes           these bytes
//   'F' n, 'P' m, m bytes    n bytes of content, which the file with this path in the tree holds
// What a later entry of the tar replaced is kept beside the tree (Replaced), for the contents that
// came before. Throws SysError / Error; what it gave is worth nothing then.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/files/hash_stream.h"

namespace mini::files {

class TarRecipe {
 public:
  explicit TarRecipe(const std::string& path);  // a file to make
  ~TarRecipe();

  // All bytes of the tar, in order.
  void pass(std::string_view bytes);
  // The next `size` bytes are the content of the file `path`.
  void content(const std::string& path, uint64_t size);
  uint64_t contents() const { return contents_; }  // how many so far
  void finish();

 private:
  struct Frame;
  void record(char kind, uint64_t number, std::string_view bytes);
  void flush();

  std::unique_ptr<Frame> frame_;
  std::string raw_;
  uint64_t content_left_ = 0, contents_ = 0;
};

// What later entries of a tar replaced in its tree: <folder>/<SHA-256 of the path>/<contents>.<n>,
// with how many contents came before, and the replacement's number. No name of the tar is used as a
// path. The folder is made when something is replaced.
class Replaced {
 public:
  explicit Replaced(std::string folder) : folder_(std::move(folder)) {}

  // Moves what has the name in `directory`, and has `path` in the tree, there.
  void take(int directory, const std::string& name, const std::string& path, uint64_t contents);
  // What the file `path` was when so many contents had come before its own; nothing when it has not
  // been replaced since.
  std::optional<Fd> find(const std::string& path, uint64_t contents);

 private:
  using Mark = std::pair<uint64_t, uint64_t>;  // contents, number
  const std::vector<Mark>& marks_of(const std::string& path);

  const std::string folder_;
  uint64_t number_ = 0;
  std::map<std::string, std::vector<Mark>> marks_;  // by path, sorted; read once
};

// The tar, from the recipe at `path`, the tree and what was replaced in it (`replaced` need not
// exist). A file that is shorter now than the recipe says
// is an Error; what else has changed shows in the digest.
void write_recipe_tar(const std::string& path, Fd tree, const std::string& replaced,
                      HashStream& out, const std::string& shown);

}  // namespace mini::files
