#include <gmock/gmock.h>
#include <unistd.h>

#include "cmd/flags/flag_values.h"
#include "runtime/base/error.h"

namespace mini::cmd {
namespace {

using engine::MountRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;
using Type = MountRequest::Type;

template <class Parse>
std::string mount_refusal(Parse parse) {
  try {
    parse();
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::usage || error.kind() == ErrorKind::bad_flag);
    return std::string(error.what()) + " / " + error.hint();
  }
  return "accepted";
}

TEST(VolumeFlag, AbsoluteSourceIsABindMount) {
  const MountRequest mount = volume_flag("/host//a/../b:/data/:ro,rslave");
  EXPECT_EQ(mount.type, Type::bind);
  EXPECT_EQ(mount.source, "/host/b");
  EXPECT_EQ(mount.destination, "/data");
  EXPECT_TRUE(mount.read_only);
  EXPECT_TRUE(mount.create_host_path);
  EXPECT_EQ(mount.propagation, "rslave");
}

TEST(VolumeFlag, RelativeSourceIsBelowTheWorkingDirectory) {
  char here[4096];
  ASSERT_TRUE(getcwd(here, sizeof here));
  EXPECT_EQ(volume_flag("./x:/data").source, std::string(here) + "/x");
  EXPECT_EQ(volume_flag(".:/data").source, here);
}

TEST(VolumeFlag, NamesAreVolumes) {
  const MountRequest named = volume_flag("db:/data:nocopy");
  EXPECT_EQ(named.type, Type::volume);
  EXPECT_EQ(named.source, "db");
  EXPECT_TRUE(named.no_copy);
  EXPECT_FALSE(named.anonymous || named.create_host_path || named.read_only);
  const MountRequest anonymous = volume_flag("/data");
  EXPECT_EQ(anonymous.type, Type::volume);
  EXPECT_TRUE(anonymous.anonymous);
  EXPECT_EQ(anonymous.source, "");
  EXPECT_EQ(anonymous.destination, "/data");
}

TEST(VolumeFlag, RefusesWhatItDoesNotDo) {
  const auto refused = [](const char* text) { return mount_refusal([&] { volume_flag(text); }); };
  EXPECT_THAT(refused("a:b"), HasSubstr("not absolute"));
  EXPECT_THAT(refused("data"), HasSubstr("not absolute"));
  EXPECT_THAT(refused("/a:/"), HasSubstr("root"));
  EXPECT_THAT(refused("/a:/.."), HasSubstr("root"));
  EXPECT_THAT(refused(":/a"), HasSubstr("source is empty"));
  EXPECT_THAT(refused("/a:/b:ro:x"), HasSubstr("too many colons"));
  // Where there is SELinux, a label would have to be set.
  const bool labels = access("/sys/fs/selinux/enforce", F_OK) == 0;
  EXPECT_THAT(refused("/a:/b:z"), HasSubstr(labels ? "SELinux" : "accepted"));
  EXPECT_THAT(refused("/a:/b:readonly"), HasSubstr("unknown option \"readonly\""));
}

TEST(MountFlag, ReadsEachType) {
  const MountRequest bind =
      mount_flag("type=bind,source=/a/./b,target=/c,readonly,bind-propagation=shared");
  EXPECT_EQ(bind.type, Type::bind);
  EXPECT_EQ(bind.source, "/a/b");
  EXPECT_EQ(bind.destination, "/c");
  EXPECT_TRUE(bind.read_only);
  EXPECT_FALSE(bind.create_host_path);
  EXPECT_EQ(bind.propagation, "shared");
  EXPECT_TRUE(bind.recursive);
  EXPECT_FALSE(mount_flag("type=bind,src=/a,dst=/b,bind-nonrecursive").recursive);
  EXPECT_FALSE(mount_flag("type=bind,src=/a,dst=/b,ro=false").read_only);

  const MountRequest volume = mount_flag("src=db,destination=/data,volume-nocopy=true");
  EXPECT_EQ(volume.type, Type::volume);
  EXPECT_EQ(volume.source, "db");
  EXPECT_TRUE(volume.no_copy);
  EXPECT_TRUE(mount_flag("type=volume,target=/data").anonymous);

  const MountRequest tmpfs = mount_flag("type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1770");
  EXPECT_EQ(tmpfs.type, Type::tmpfs);
  EXPECT_THAT(tmpfs.tmpfs_size, Optional(64 << 20));
  EXPECT_THAT(tmpfs.tmpfs_mode, Optional(01770u));
}

TEST(MountFlag, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const char* text) { return mount_refusal([&] { mount_flag(text); }); };
  EXPECT_THAT(refused("type=bind,source=/a"), HasSubstr("target is missing"));
  EXPECT_THAT(refused("type=bind,source=a,target=/b"), HasSubstr("absolute"));
  EXPECT_THAT(refused("type=bind,target=/b"), HasSubstr("absolute"));
  EXPECT_THAT(refused("type=bnd,target=/b"), HasSubstr("did you mean bind?"));
  EXPECT_THAT(refused("type=npipe,target=/b"), HasSubstr("unknown type \"npipe\""));
  EXPECT_THAT(refused("type=bind,source=/a,targt=/b"), HasSubstr("did you mean target?"));
  EXPECT_THAT(refused("type=bind,source=/a,target=/b,readonly=perhaps"),
              HasSubstr("not a boolean"));
  EXPECT_THAT(refused("type=bind,source=/a,target=/b,bind-propagation=x"),
              HasSubstr("propagation"));
  EXPECT_THAT(refused("type=tmpfs,source=/a,target=/b"), HasSubstr("no source"));
  EXPECT_THAT(refused("type=tmpfs,target=/b,tmpfs-size=big"), HasSubstr("the size is invalid"));
  EXPECT_THAT(refused("type=tmpfs,target=/b,tmpfs-mode=99"), HasSubstr("not an octal number"));
  EXPECT_THAT(refused("type=tmpfs,target=/"), HasSubstr("root"));
  EXPECT_THAT(refused("type=volume,target=relative"), HasSubstr("not absolute"));
}

TEST(TmpfsFlag, TakesMountOptions) {
  const MountRequest mount = tmpfs_flag("/run:size=64k,mode=0700,noexec,uid=5");
  EXPECT_EQ(mount.type, Type::tmpfs);
  EXPECT_EQ(mount.destination, "/run");
  EXPECT_THAT(mount.tmpfs_size, Optional(64 << 10));
  EXPECT_THAT(mount.tmpfs_mode, Optional(0700u));
  EXPECT_THAT(mount.tmpfs_options, ElementsAre("noexec", "uid=5"));
  EXPECT_EQ(tmpfs_flag("/tmp").destination, "/tmp");
  const auto refused = [](const char* text) { return mount_refusal([&] { tmpfs_flag(text); }); };
  EXPECT_THAT(refused("tmp"), HasSubstr("not absolute"));
  EXPECT_THAT(refused("/tmp:huge=yes"), HasSubstr("unknown option \"huge=yes\""));
  EXPECT_THAT(refused("/tmp:size="), HasSubstr("the size is invalid"));
}

}  // namespace
}  // namespace mini::cmd
