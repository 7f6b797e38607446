// A directory that is gone when the test ends, and short ways to fill it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/files/view.h"

namespace mini {

class ScratchTree {
 public:
  ScratchTree() {
    char name[] = "/tmp/mini-unit.XXXXXX";
    path_ = mkdtemp(name);
  }
  ~ScratchTree() { remove_tree(path_); }
  ScratchTree(const ScratchTree&) = delete;
  ScratchTree& operator=(const ScratchTree&) = delete;

  const std::string& path() const { return path_; }
  std::string at(const std::string& name) const { return path_ + "/" + name; }

  void directory(const std::string& name, unsigned mode = 0755) const {
    make_directories(at(name), 0755);
    EXPECT_EQ(chmod(at(name).c_str(), mode), 0);
  }
  void file(const std::string& name, const std::string& content = "x", unsigned mode = 0644) const {
    const size_t slash = name.rfind('/');
    if (slash != std::string::npos) make_directories(at(name.substr(0, slash)), 0755);
    replace_file(at(name), content, false, mode);
    EXPECT_EQ(chmod(at(name).c_str(), mode), 0);
  }
  void link(const std::string& name, const std::string& target) const {
    const size_t slash = name.rfind('/');
    if (slash != std::string::npos) make_directories(at(name.substr(0, slash)), 0755);
    EXPECT_EQ(symlink(target.c_str(), at(name).c_str()), 0);
  }
  void whiteout(const std::string& name) const {
    EXPECT_EQ(mknod(at(name).c_str(), S_IFCHR, 0), 0);
  }
  files::View view() const {
    return files::View::of_directory(open_file(path_, O_RDONLY | O_DIRECTORY), "the context");
  }

 private:
  std::string path_;
};

}  // namespace mini
