// A root file system with the probe in it, and containers run from it: for tests of the launcher as
// root.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/container/launch/launch.h"

namespace mini::container {

struct Outcome {
  int code = -1;  // -1: was not started, see `error`
  std::string output, error;
  ErrorKind kind = ErrorKind::failed;
};

class Sandbox : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Full namespaces, no mounts but /proc and /dev.
  Spec spec(std::vector<std::string> args) const;
  Outcome run(const Spec& spec, LaunchOptions options = {});
  // A container that stays; its first line was read.
  Launched start(const Spec& spec, LaunchOptions options = {});
  Outcome exec(const Launched& container, std::vector<std::string> args, const Spec& like,
               LaunchOptions options = {});
  void stop(Launched& container);
  std::string path(const std::string& inside) const { return root_ + inside; }

  std::string scratch_, root_;
  std::string name_;
};

std::string line_of(const std::string& text, const std::string& start);

}  // namespace mini::container
