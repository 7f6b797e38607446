#include "builder/build/source/owner.h"

#include "runtime/base/error.h"
#include "tests/unit/scratch_tree.h"

namespace mini::build {
namespace {

class OwnerTest : public ::testing::Test {
 protected:
  OwnerTest() {
    tree.file("etc/passwd", "root:x:0:0::/:\napp:x:1000:1001::/:\n1:x:77:77::/:\nbad:x:-1:0::/:\n");
    tree.file("etc/group", "root:x:0:\nstaff:x:50:app\n");
  }
  Owner resolve(const std::string& text) const {
    return resolve_owner(files::View::of_layers({tree.path()}), text);
  }
  ScratchTree tree;
};

TEST_F(OwnerTest, NamesAndNumbers) {
  EXPECT_EQ(resolve("app"), (Owner{1000, 1001}));
  EXPECT_EQ(resolve("app:staff"), (Owner{1000, 50}));
  EXPECT_EQ(resolve("app:7"), (Owner{1000, 7}));
  EXPECT_EQ(resolve("55"), (Owner{55, 55}));
  EXPECT_EQ(resolve("55:staff"), (Owner{55, 50}));
  EXPECT_EQ(resolve(":staff"), (Owner{0, 50}));
  EXPECT_EQ(resolve("0:0"), (Owner{0, 0}));
}

TEST_F(OwnerTest, ANumberIsNeverAName) {
  EXPECT_EQ(resolve("1"), (Owner{1, 1}));
}

TEST_F(OwnerTest, Refusals) {
  for (const char* bad : {"nosuch", "app:nosuch", "4294967295", "bad", "99999999999"}) {
    EXPECT_THROW(resolve(bad), Error) << bad;
  }
}

TEST_F(OwnerTest, TheTableIsReadFromTheImageOnly) {
  ScratchTree hostile;
  hostile.link("etc/passwd", "/../../../../etc/passwd");
  EXPECT_THROW(resolve_owner(files::View::of_layers({hostile.path()}), "root"), Error);
  ScratchTree fifo;
  fifo.directory("etc");
  ASSERT_EQ(mkfifo(fifo.at("etc/passwd").c_str(), 0644), 0);
  EXPECT_THROW(resolve_owner(files::View::of_layers({fifo.path()}), "root"), Error);
}

}  // namespace
}  // namespace mini::build
