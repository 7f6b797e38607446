// Layers as directories, without privilege: whiteouts may be made by anybody, and userxattr
// overlays mark with "user.". Two layers and an upper directory, gone with the fixture.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/files/view.h"

namespace mini::files {

class OverlayLayers : public testing::Test {
 protected:
  OverlayLayers() : directory_(testing::TempDir() + "/mini-layers-" + random_hex(8)) {
    overlay_.userxattr = true;
    for (const char* layer : {"one", "two", "upper"}) make_directories(cat(directory_, '/', layer));
    overlay_.lower = {directory_ + "/one", directory_ + "/two"};
    overlay_.upper = directory_ + "/upper";
  }
  ~OverlayLayers() override { remove_tree(directory_); }

  void file(const std::string& path, const std::string& content) {
    const std::string full = cat(directory_, '/', path);
    make_directories(full.substr(0, full.find_last_of('/')));
    replace_file(full, content, false);
  }
  void link(const std::string& path, const std::string& target) {
    ASSERT_EQ(symlink(target.c_str(), cat(directory_, '/', path).c_str()), 0);
  }

  std::string directory_;
  Overlay overlay_;
};

}  // namespace mini::files
