#include "runtime/engine/sandbox/container_network.h"

#include <gmock/gmock.h>

namespace mini::engine {
namespace {

using testing::ElementsAre;

TEST(ContainerNetworkTest, NamesAreLowerCaseAndOnceEach) {
  Record record;
  record.name = "Web";
  record.id = std::string(64, 'a');
  record.config.hostname = "Front.example";
  EXPECT_THAT(names_in(record, {"bridge", {"WWW", "web"}, "", "", ""}),
              ElementsAre("web", "www", "aaaaaaaaaaaa", "front.example"));
}

// It would end up in a line of the leases file, which blanks, commas and line feeds structure.
TEST(ContainerNetworkTest, HostNameThatIsNoNameIsLeftOut) {
  Record record;
  record.name = "web";
  record.id = std::string(64, 'a');
  for (const char* odd : {"a b", "a,b", "a\nx y 10.0.0.1 - - - -", "\xc3\xa4", "a/b", ""}) {
    record.config.hostname = odd;
    EXPECT_THAT(names_in(record, {}), ElementsAre("web", "aaaaaaaaaaaa")) << odd;
  }
}

}  // namespace
}  // namespace mini::engine
