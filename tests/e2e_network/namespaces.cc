#include "namespaces.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/network/link/in_namespace.h"
#include "runtime/network/link/links.h"

namespace mini::network {
namespace {

ino_t home;

ino_t inode(const Fd& fd) {
  struct stat status {};
  return fstat(fd.get(), &status) == 0 ? status.st_ino : 0;
}

void enter_new() {
  if (unshare(CLONE_NEWNET) != 0) throw SysError("network namespace of the test");
  Links().configure("lo", {}, {});
}

}  // namespace

void PrivateNamespaces::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  outside_ = own_network_namespace();
  enter_new();
  home = inode(own_network_namespace());
}

void PrivateNamespaces::TearDown() {
  if (!outside_) return;
  EXPECT_TRUE(at_home()) << "left in another namespace";
  ASSERT_EQ(setns(outside_.get(), CLONE_NEWNET), 0);
}

Fd PrivateNamespaces::make_namespace() {
  const Fd back = own_network_namespace();
  const InNamespace returns(back.get());
  enter_new();
  return own_network_namespace();
}

bool PrivateNamespaces::at_home() {
  return inode(own_network_namespace()) == home;
}

}  // namespace mini::network
