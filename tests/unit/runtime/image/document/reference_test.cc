#include "runtime/image/document/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace mini::image {
namespace {

using testing::HasSubstr;

constexpr const char* kDigest =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string reference_refusal(const std::string& text) {
  try {
    Reference::parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
    return error.what();
  }
  return "accepted";
}

TEST(Reference, ShortNamesAreCompleted) {
  const Reference name = Reference::parse("busybox");
  EXPECT_EQ(name.registry, "docker.io");
  EXPECT_EQ(name.repository, "library/busybox");
  EXPECT_EQ(name.tag, "latest");
  EXPECT_EQ(name.full(), "docker.io/library/busybox:latest");
  EXPECT_EQ(name.familiar(), "busybox:latest");
  EXPECT_EQ(name.familiar_name(), "busybox");
}

TEST(Reference, EveryFormKeepsItsMeaning) {
  const struct {
    const char *text, *full, *familiar;
  } cases[] = {
      {"node:14.17-alpine3.14", "docker.io/library/node:14.17-alpine3.14", "node:14.17-alpine3.14"},
      {"me/web", "docker.io/me/web:latest", "me/web:latest"},
      {"docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
      {"index.docker.io/a/b:c", "docker.io/a/b:c", "a/b:c"},
      {"docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
      {"localhost/web", "localhost/web:latest", "localhost/web:latest"},
      {"localhost:5000/web:1", "localhost:5000/web:1", "localhost:5000/web:1"},
      {"ghcr.io/o/r/deep", "ghcr.io/o/r/deep:latest", "ghcr.io/o/r/deep:latest"},
      {"[::1]:5000/web", "[::1]:5000/web:latest", "[::1]:5000/web:latest"},
      {"[::1]/web", "[::1]/web:latest", "[::1]/web:latest"},
      {"Host/web", "Host/web:latest", "Host/web:latest"},
      {"a__b/c-----d.e_f", "docker.io/a__b/c-----d.e_f:latest", "a__b/c-----d.e_f:latest"},
  };
  for (const auto& test : cases) {
    const Reference name = Reference::parse(test.text);
    EXPECT_EQ(name.full(), test.full);
    EXPECT_EQ(name.familiar(), test.familiar);
    EXPECT_EQ(Reference::parse(name.full()), name) << "the full form reads back as the same name";
    EXPECT_EQ(Reference::parse(name.familiar()), name);
  }
}

TEST(Reference, DigestsNeedNoTag) {
  const Reference name = Reference::parse(std::string("busybox@") + kDigest);
  EXPECT_EQ(name.tag, "");
  ASSERT_TRUE(name.digest);
  EXPECT_EQ(name.full(), std::string("docker.io/library/busybox@") + kDigest);
  EXPECT_EQ(Reference::parse(std::string("busybox:1@") + kDigest).full(),
            std::string("docker.io/library/busybox:1@") + kDigest);
}

TEST(Reference, RefusalsSayWhichPartIsWrong) {
  EXPECT_THAT(reference_refusal(""), HasSubstr("empty"));
  EXPECT_THAT(reference_refusal("Busybox"), HasSubstr("lower case"));
  EXPECT_THAT(reference_refusal("me/Web"), HasSubstr("lower case"));
  EXPECT_THAT(reference_refusal("web:"), HasSubstr("tag"));
  EXPECT_THAT(reference_refusal("web:-x"), HasSubstr("tag"));
  EXPECT_THAT(reference_refusal("web:" + std::string(129, 'a')), HasSubstr("tag"));
  EXPECT_THAT(reference_refusal("a//b"), HasSubstr("empty"));
  EXPECT_THAT(reference_refusal("/b"), HasSubstr("empty"));
  EXPECT_THAT(reference_refusal("a/"), HasSubstr("empty"));
  EXPECT_THAT(reference_refusal("a___b"), HasSubstr("a___b"));
  EXPECT_THAT(reference_refusal("a..b"), HasSubstr("a..b"));
  EXPECT_THAT(reference_refusal("-a"), HasSubstr("-a"));
  EXPECT_THAT(reference_refusal("../etc"), HasSubstr("registry"));
  EXPECT_THAT(reference_refusal("host:99999/web"), HasSubstr("registry"));
  EXPECT_THAT(reference_refusal("-host.x/web"), HasSubstr("registry"));
  EXPECT_THAT(reference_refusal("web@sha256:12"), HasSubstr("digest"));
  EXPECT_THAT(reference_refusal("web@sha512:" + std::string(128, 'a')), HasSubstr("digest"));
  EXPECT_THAT(reference_refusal(std::string(256, 'a')), HasSubstr("255"));
  EXPECT_THAT(reference_refusal(std::string(64, 'a')), HasSubstr("image id"));
  EXPECT_THAT(reference_refusal("a b"), HasSubstr("a b"));
  EXPECT_THAT(reference_refusal("a\x1b[31m"), HasSubstr("\\x1b"));
}

}  // namespace
}  // namespace mini::image
