#include "builder/dockerfile/mount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mini::dockerfile {
namespace {

using testing::HasSubstr;

const Source kSource{"f", "RUN --mount=x"};
Mount parse_mount_text(const std::string& text) {
  return parse_mount(kSource, {text, {{1, 5}, {1, 13}}});
}

std::string mount_problem(const std::string& text) {
  try {
    parse_mount_text(text);
  } catch (const DockerfileError& error) {
    return error.problem() + " | " + error.hint();
  }
  return "none";
}

TEST(Mounts, Bind) {
  const Mount mount = parse_mount_text("target=/a,source=b,from=stage,rw");
  EXPECT_EQ(mount.type, MountType::bind);
  EXPECT_EQ(mount.target, "/a");
  EXPECT_EQ(mount.source, "b");
  EXPECT_EQ(mount.from, "stage");
  EXPECT_FALSE(mount.read_only);
  EXPECT_TRUE(parse_mount_text("type=bind,dst=/a").read_only);
  EXPECT_FALSE(parse_mount_text("dst=/a,readonly=false").read_only);
}

TEST(Mounts, Cache) {
  const Mount mount =
      parse_mount_text("sharing=private,target=/c,type=cache,mode=0750,uid=1,gid=2,src=s");
  EXPECT_EQ(mount.type, MountType::cache) << "whatever the order";
  EXPECT_EQ(mount.sharing, MountSharing::exclusive);
  EXPECT_EQ(mount.id, "/c");
  EXPECT_EQ(mount.mode, 0750U);
  EXPECT_EQ(mount.uid, 1U);
  EXPECT_EQ(mount.gid, 2U);
  EXPECT_FALSE(mount.read_only);
}

TEST(Mounts, TmpfsSecretSsh) {
  EXPECT_EQ(parse_mount_text("type=tmpfs,target=/t,size=64m").size, 64U << 20);
  EXPECT_EQ(parse_mount_text("type=secret,target=/run/token").id, "token");
  const Mount secret = parse_mount_text("type=secret,id=t,env=TOKEN,required");
  EXPECT_EQ(secret.env, "TOKEN");
  EXPECT_TRUE(secret.required);
  EXPECT_EQ(parse_mount_text("type=secret,source=s").id, "s");
  EXPECT_EQ(parse_mount_text("type=ssh").id, "default");
}

TEST(Mounts, QuotedFields) {
  EXPECT_EQ(parse_mount_text("\"target=/a,b\"").target, "/a,b");
}

TEST(Mounts, Variables) {
  const Mount early = parse_mount_text("type=cache,target=$T");
  EXPECT_EQ(early.target, "");
  const auto expand = [](const std::string& value) {
    return value == "$T" ? std::string("/t") : value;
  };
  EXPECT_EQ(parse_mount(kSource, {"type=cache,target=$T", {}}, expand).target, "/t");
  EXPECT_THAT(mount_problem("target=/x,from=$S"), HasSubstr("cannot contain a variable"));
  EXPECT_THAT(mount_problem("type=$X,shoring=a"), HasSubstr("did you mean sharing?"));
}

TEST(Mounts, Problems) {
  EXPECT_EQ(mount_problem("type=cach,target=/a"),
            "unknown mount type \"cach\" | did you mean cache?");
  EXPECT_EQ(mount_problem("tagret=/a"), "unknown mount option \"tagret\" | did you mean target?");
  EXPECT_THAT(mount_problem("zzz=/a"), HasSubstr("one of type, source"));
  EXPECT_THAT(mount_problem("target"), HasSubstr("needs a value"));
  EXPECT_THAT(mount_problem("type=bind"), HasSubstr("needs a target"));
  EXPECT_THAT(mount_problem("target=/a,size=1"), HasSubstr("takes no option \"size\""));
  EXPECT_THAT(mount_problem("type=tmpfs,target=/a,size=x"), HasSubstr("is not a size"));
  EXPECT_THAT(mount_problem("type=cache,target=/a,mode=9"), HasSubstr("not an octal mode"));
  EXPECT_THAT(mount_problem("type=cache,target=/a,uid=root"), HasSubstr("not a number"));
  EXPECT_THAT(mount_problem("type=cache,target=/a,uid=4294967296"), HasSubstr("not a number"));
  EXPECT_THAT(mount_problem("type=cache,target=/a,sharing=lokced"),
              HasSubstr("did you mean locked?"));
  EXPECT_THAT(mount_problem("target=/a,ro=maybe"), HasSubstr("not a boolean"));
  EXPECT_THAT(mount_problem("type=secret"), HasSubstr("needs an id"));
  EXPECT_THAT(mount_problem("type=secret,id=a,source=b"), HasSubstr("not both"));
  EXPECT_THAT(mount_problem("\"target=/a"), HasSubstr("double quote"));
}

}  // namespace
}  // namespace mini::dockerfile
