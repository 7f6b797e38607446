#include "runtime/container/spec/mount_options.h"

#include <gmock/gmock.h>
#include <linux/mount.h>

#include "runtime/base/error.h"

namespace mini::container {
namespace {

Mount with(std::vector<std::string> options, std::string type = "tmpfs") {
  Mount mount;
  mount.destination = "/data";
  mount.type = std::move(type);
  mount.options = std::move(options);
  return mount;
}

TEST(MountOptions, TheLastOneWins) {
  EXPECT_EQ(parse_mount_options(with({"ro", "rw"})).set, 0u);
  const auto again = parse_mount_options(with({"ro", "rw", "ro"}));
  EXPECT_EQ(again.set, static_cast<uint64_t>(MOUNT_ATTR_RDONLY));
  EXPECT_EQ(again.clear, 0u);
}

TEST(MountOptions, AccessTimesExcludeOneAnother) {
  const auto options = parse_mount_options(with({"noatime", "strictatime"}));
  EXPECT_EQ(options.set & MOUNT_ATTR__ATIME, static_cast<uint64_t>(MOUNT_ATTR_STRICTATIME));
  EXPECT_EQ(options.clear & MOUNT_ATTR__ATIME, static_cast<uint64_t>(MOUNT_ATTR__ATIME));
}

TEST(MountOptions, RecursiveAttributesAreSeparate) {
  const auto options = parse_mount_options(with({"rro", "nosuid"}, "bind"));
  EXPECT_EQ(options.set_below, static_cast<uint64_t>(MOUNT_ATTR_RDONLY));
  EXPECT_EQ(options.set, static_cast<uint64_t>(MOUNT_ATTR_NOSUID));
}

TEST(MountOptions, PropagationAndBinding) {
  const auto options = parse_mount_options(with({"rbind", "rslave"}, "none"));
  EXPECT_TRUE(options.bind);
  EXPECT_TRUE(options.recursive);
  EXPECT_EQ(options.propagation, 1u << 19);
  EXPECT_TRUE(options.propagate_below);
  EXPECT_FALSE(parse_mount_options(with({"bind", "slave"})).propagate_below);
}

TEST(MountOptions, TheRestIsForTheFileSystem) {
  const auto options =
      parse_mount_options(with({"size=64k", "mode=1777", "nr_inodes=", "noswap", "nosuid"}));
  using testing::Pair;
  EXPECT_THAT(options.data, testing::ElementsAre(Pair("size", "64k"), Pair("mode", "1777"),
                                                 Pair("nr_inodes", ""), Pair("noswap", "")));
}

TEST(MountOptions, WhatCannotWorkIsRefused) {
  EXPECT_THROW(parse_mount_options(with({"bind", "size=1m"})), Error);
  EXPECT_THROW(parse_mount_options(with({"tmpcopyup"}, "proc")), Error);
  EXPECT_THROW(parse_mount_options(with({"idmap"}, "bind")), Error);
}

TEST(MountOptions, Names) {
  EXPECT_EQ(mount_attr_names(0), "rw");
  EXPECT_EQ(mount_attr_names(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME),
            "ro,nosuid,noatime");
}

}  // namespace
}  // namespace mini::container
