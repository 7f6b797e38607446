#include "runtime/registry/http/credentials.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini::registry {
namespace {

class Credentials : public ::testing::Test {
 protected:
  CredentialFile file(const std::string& text) {
    replace_file(path_, text, false, 0600);
    return CredentialFile(path_);
  }
  std::string text() const { return read_file(path_); }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/docker/config.json";
  void SetUp() override { make_directories(directory_.path() + "/docker"); }
};

TEST_F(Credentials, AreFoundUnderWhateverKeyDockerWrote) {
  const auto config = file(R"({"auths": {
      "https://index.docker.io/v1/": {"auth": "dTpw"},
      "https://old.example/v1/": {"auth": "YTpiOmM="},
      "localhost:5000": {"username": "x", "password": "y"},
      "token.example": {"auth": "dTo=", "identitytoken": "t"}}})");
  EXPECT_EQ(config.find("docker.io").user, "u");
  EXPECT_EQ(config.find("docker.io").password, "p");
  EXPECT_EQ(config.find("old.example").password, "b:c");
  EXPECT_EQ(config.find("localhost:5000").password, "y");
  EXPECT_EQ(config.find("token.example").identity_token, "t");
  EXPECT_TRUE(config.find("localhost:5001").empty());
  EXPECT_TRUE(config.find("example").empty());
  EXPECT_TRUE(CredentialFile(directory_.path() + "/none").find("docker.io").empty());
}

TEST_F(Credentials, AreWrittenForTheOwnerAloneAndKeepTheRest) {
  const auto config = file(R"({"HttpHeaders": {"X": "y"}, "auths": {"other": {"auth": "dTpw"}}})");
  config.store("docker.io", {"me", "secret", ""});
  EXPECT_EQ(config.find("docker.io").password, "secret");
  EXPECT_EQ(config.find("other").password, "p");
  EXPECT_NE(text().find("HttpHeaders"), std::string::npos);
  EXPECT_EQ(text().find("secret"), std::string::npos) << "not in the clear";
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_TRUE(config.erase("docker.io"));
  EXPECT_FALSE(config.erase("docker.io"));
  EXPECT_TRUE(config.find("docker.io").empty());
  EXPECT_EQ(config.find("other").password, "p");
}

TEST_F(Credentials, ThatAreDamagedAreAnError) {
  for (const char* json : {"{", "[]", R"({"auths": {"x": {"auth": "%%%%"}}})",
                           R"({"auths": {"x": {"auth": "YQ=="}}})", R"({"auths": []})"})
    EXPECT_THROW(file(json).find("x"), Error) << json;
}

TEST_F(Credentials, OfAHelper) {
  const std::string helper = directory_.path() + "/docker-credential-test";
  replace_file(
      helper,
      "#!/bin/sh\n"
      "read server\n"
      "case \"$1 $server\" in\n"
      "  'get x:1') echo '{\"ServerURL\":\"x:1\",\"Username\":\"u\",\"Secret\":\"s\"}' ;;\n"
      "  'get y') echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}' ;;\n"
      "  store*) echo \"$server\" >" +
          directory_.path() +
          "/stored ;;\n"
          "  *) echo 'credentials not found in native keychain'; exit 1 ;;\n"
          "esac\n",
      false, 0755);
  const std::string before = getenv("PATH");
  setenv("PATH", cat("relative:", directory_.path(), ":", before).c_str(), 1);
  const auto config = file(R"({"credHelpers": {"x:1": "test", "y": "test", "z": "test"}})");
  EXPECT_EQ(config.find("x:1").password, "s");
  EXPECT_EQ(config.find("y").identity_token, "t");
  EXPECT_TRUE(config.find("z").empty());
  EXPECT_TRUE(config.find("unrelated").empty());
  config.store("z", {"me", "secret", ""});
  EXPECT_EQ(read_file(directory_.path() + "/stored"),
            "{\"Secret\":\"secret\",\"ServerURL\":\"z\",\"Username\":\"me\"}\n");
  EXPECT_EQ(text().find(base64_encode("me:secret")), std::string::npos) << "only the helper has it";
  EXPECT_THROW(file(R"({"credsStore": "../../evil"})").find("x"), Error);
  EXPECT_THROW(file(R"({"credsStore": "none-such"})").find("x"), Error);
  setenv("PATH", before.c_str(), 1);
}

TEST(Base64, IsStrict) {
  EXPECT_EQ(base64_encode("u:p"), "dTpw");
  EXPECT_EQ(base64_decode("dTpw"), "u:p");
  EXPECT_EQ(base64_decode("YQ=="), "a");
  for (const char* text : {"", "a", "dTp", "d!pw"}) EXPECT_FALSE(base64_decode(text)) << text;
}

}  // namespace
}  // namespace mini::registry
