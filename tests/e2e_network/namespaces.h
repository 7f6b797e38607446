// Network namespaces that only the test knows: it plays "the host" in one of its own, so nothing it
// does is seen outside, and all of it goes away with the test. Needs root; skips without.
#pragma once

#include <gmock/gmock.h>

#include "runtime/base/fd.h"

namespace mini::network {

class PrivateNamespaces : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // A further one, its loopback up; the thread stays where it is.
  static Fd make_namespace();
  static bool at_home();  // the thread is in "the host"

 private:
  Fd outside_;
};

}  // namespace mini::network
