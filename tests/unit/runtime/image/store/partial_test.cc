#include "runtime/image/store/partial.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini::image {
namespace {

class Partial : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  const StatePaths paths_{directory_.path(), directory_.path()};
  const Digest digest_ = Digest::of("blob");
};

TEST_F(Partial, StaysForTheNextOneAndIsGoneWhenItIsDone) {
  std::string path;
  {
    const PartialBlob blob(paths_, digest_);
    path = blob.path();
    EXPECT_EQ(blob.size(), 0u);
    replace_file(path, "begin", false);
    EXPECT_EQ(blob.size(), 5u);
  }
  EXPECT_TRUE(exists(path));
  {
    const PartialBlob blob(paths_, digest_);
    EXPECT_EQ(blob.size(), 5u);
    blob.remove();
  }
  EXPECT_TRUE(list_directory(directory_.path() + "/partial").empty()) << "nor a lock";
}

TEST_F(Partial, OldOnesGoUnlessTheyAreInUse) {
  const Digest other = Digest::of("other");
  const PartialBlob used(paths_, digest_);
  replace_file(used.path(), "used", false);
  std::string left;
  {
    const PartialBlob blob(paths_, other);
    left = blob.path();
    replace_file(left, "left", false);
  }
  EXPECT_EQ(PartialBlob::remove_old(paths_, kPartialAge), 0u);
  EXPECT_TRUE(exists(left)) << "it is young";
  const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
  for (const std::string& path : {left, used.path()})
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), long_ago, 0), 0);
  EXPECT_GT(PartialBlob::remove_old(paths_, kPartialAge), 0u);
  EXPECT_FALSE(exists(left));
  EXPECT_FALSE(exists(left + ".lock"));
  EXPECT_TRUE(exists(used.path())) << "somebody is fetching it";
}

TEST_F(Partial, ALockWithoutABlobGoesToo) {
  make_directories(directory_.path() + "/partial");
  const std::string lock = cat(directory_.path(), "/partial/", digest_.hex(), ".lock");
  replace_file(lock, "", false);
  PartialBlob::remove_old(paths_, 0);
  EXPECT_FALSE(exists(lock));
}

}  // namespace
}  // namespace mini::image
