#include "runtime/network/bridge/network_store.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini::network {
namespace {

using testing::HasSubstr;

class NetworkStoreTest : public testing::Test {
 protected:
  std::string refusal(const std::string& json) {
    make_directories(root_ / "networks");
    replace_file(root_ / "networks/n.json", json, false);
    try {
      store_.find("n");
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  TemporaryDirectory root_;
  NetworkStore store_{StatePaths{root_.path(), root_.path()}};
};

TEST_F(NetworkStoreTest, TheFileSaysWhatTheNetworkIs) {
  NetworkOptions options;
  options.name = "n";
  options.subnet = Subnet::parse("198.51.100.0/24");
  options.subnet6 = Subnet::parse("2001:db8::/64");
  options.internal = true;
  options.labels = {{"k", "v"}};
  const Network made = store_.create(options);
  EXPECT_EQ(read_file(root_ / "networks/n.json"),
            cat(R"({"Bridge":")", made.bridge, R"(","Created":)", made.created_ns,
                R"(,"Gateway":"198.51.100.1","Gateway6":"2001:db8::1","Id":")", made.id,
                R"(","Internal":true,"Labels":{"k":"v"},"Name":"n",)",
                R"("Subnet":"198.51.100.0/24","Subnet6":"2001:db8::/64"})"));
  const Network found = store_.find("n");
  EXPECT_EQ(found.id, made.id);
  EXPECT_EQ(found.created_ns, made.created_ns);
  EXPECT_EQ(found.subnet6, options.subnet6);
  EXPECT_EQ(found.gateway6, made.gateway6);
  EXPECT_EQ(found.labels, made.labels);
  EXPECT_TRUE(found.internal);
}

TEST_F(NetworkStoreTest, TheFileOfAPlainNetwork) {
  const Network made = store_.ensure_default();
  EXPECT_EQ(read_file(root_ / "networks/bridge.json"),
            cat(R"({"Bridge":")", made.bridge, R"(","Created":)", made.created_ns,
                R"(,"Gateway":")", made.gateway.str(), R"(","Id":")", made.id,
                R"(","Internal":false,"Labels":{},"Name":"bridge","Subnet":")", made.subnet.str(),
                R"("})"));
}

TEST_F(NetworkStoreTest, ADamagedFileIsRefusedWithItsPlace) {
  EXPECT_THAT(refusal("{}"), HasSubstr("missing"));
  EXPECT_THAT(
      refusal(R"({"Id":"x","Name":"n","Bridge":"b","Subnet":"10.1.0.0/33","Gateway":"10.1.0.1"})"),
      HasSubstr("n.json: Subnet: "));
  EXPECT_THAT(
      refusal(R"({"Id":"x","Name":"n","Bridge":"b","Subnet":"10.1.0.0/16","Gateway":"here"})"),
      HasSubstr("n.json: Gateway: "));
  EXPECT_THAT(
      refusal(R"({"Id":"x","Name":"n","Bridge":"b","Subnet":"10.1.0.0/16","Gateway":"10.1.0.1",
                          "Subnet6":"2001:db8::/64"})"),
      HasSubstr("n.json: Gateway6: missing"));
}

}  // namespace
}  // namespace mini::network
