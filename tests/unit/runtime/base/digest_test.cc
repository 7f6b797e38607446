#include "runtime/base/digest.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace mini {
namespace {

constexpr const char* kEmpty =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(Digest::of("").str(), kEmpty);
  EXPECT_EQ(Digest::of("abc").str(), kAbc);
  EXPECT_EQ(Digest::of(std::string(1'000'000, 'a')).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, PiecesAndDescriptorsGiveTheSame) {
  EXPECT_EQ(Sha256().update("a").update("").update("bc").finish().str(), kAbc);
  for (const size_t size : {0UL, 1UL, (256UL << 10) - 1, 256UL << 10, (256UL << 10) + 1}) {
    const std::string data(size, 'q');
    EXPECT_EQ(Digest::of_fd(sealed_memfd("x", data, false).get(), "x"), Digest::of(data)) << size;
  }
}

TEST(Digest, ParsesOnlyTheCanonicalForm) {
  EXPECT_EQ(Digest::parse(kAbc).str(), kAbc);
  const std::string hex = Digest::parse(kAbc).hex();
  const std::string wrong[] = {"",
                               "sha256:",
                               hex,
                               "sha512:" + hex,
                               "SHA256:" + hex,
                               "sha256:" + hex + "0",
                               "sha256:" + hex.substr(1),
                               "sha256:" + hex.substr(1) + "A",
                               "sha256:" + hex.substr(1) + "\n",
                               "sha256:" + hex.substr(1) + std::string(1, '\0'),
                               " sha256:" + hex,
                               "sha256:../../../../../../etc/passwd" + hex.substr(28)};
  for (const std::string& text : wrong) {
    EXPECT_FALSE(Digest::is_valid(text)) << text;
    EXPECT_THROW(Digest::parse(text), Error) << text;
  }
  EXPECT_THROW(Digest::from_hex("zz"), Error);
}

TEST(Digest, AnEmptyOneNamesNothing) {
  EXPECT_TRUE(Digest().empty());
  EXPECT_NE(Digest(), Digest::of(""));
  EXPECT_EQ(Digest::of("").short_id(), "e3b0c44298fc");
}

}  // namespace
}  // namespace mini
