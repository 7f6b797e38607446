// A store of its own for each test, and small ways to fill and look at trees.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/image/layer/layer_store.h"
#include "runtime/image/layer/layer_writer.h"

namespace mini::image {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char path[] = "/tmp/mini-image-XXXXXX";
    if (!mkdtemp(path)) throw SysError(path);
    path_ = path;
  }
  ~TemporaryDirectory() { remove_tree(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class StoreTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  StatePaths paths_{directory_.path() + "/root", directory_.path() + "/run"};
};

inline bool is_root() {
  return geteuid() == 0;
}

inline files::EntryMeta meta(uint32_t mode, int64_t mtime = 0) {
  files::EntryMeta result;
  result.mode = mode;
  result.mtime = mtime;
  // So that everything but devices and owners is tested without root, too.
  result.uid = geteuid();
  result.gid = getegid();
  return result;
}

inline void write_file(const std::string& path, std::string_view content, unsigned mode = 0644) {
  Fd fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  write_all(fd.get(), content, path);
  if (fchmod(fd.get(), mode) < 0) throw SysError(path);
}

inline struct stat status(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) < 0) throw SysError(path);
  return info;
}

inline bool is_whiteout(const std::string& path) {
  const struct stat info = status(path);
  return S_ISCHR(info.st_mode) && info.st_rdev == 0;
}

template <class Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// The canonical tar of a stored layer.
inline std::string tar_of(const LayerStore& store, const Digest& diff_id) {
  TemporaryDirectory directory;
  Fd fd = open_file(directory.path() + "/tar", O_RDWR | O_CREAT, 0600);
  store.write_tar(diff_id, fd.get());
  return read_file(directory.path() + "/tar");
}

inline Layer publish_one(const LayerStore& store, Draft draft) {
  std::vector<Draft> drafts;
  drafts.push_back(std::move(draft));
  return store.publish(std::move(drafts)).at(0);
}

}  // namespace mini::image
