#include "runtime/base/lock.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini {
namespace {

using ::testing::HasSubstr;

// A child that has taken the lock when the constructor returns, and holds it until it is killed.
class Holder {
 public:
  Holder(const std::string& path, LockMode mode) {
    Pipe ready = make_pipe();
    pid_ = fork();
    if (pid_ == 0) {
      const FileLock lock = FileLock::acquire(path, mode, "holder");
      write_all(ready.write.get(), "x", "ready");
      for (;;) pause();
    }
    ready.write.reset();
    char byte;
    EXPECT_EQ(read_full(ready.read.get(), &byte, 1, "ready"), 1u) << "the child ended";
  }
  ~Holder() { end(); }

  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    wait_child(pid_);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

class LockTest : public ::testing::Test {
 protected:
  const TemporaryDirectory tmp_;
  const std::string path_ = tmp_ / "lock";
};

TEST_F(LockTest, ExclusiveExcludesAndSharedShares) {
  auto shared = FileLock::try_acquire(path_, LockMode::shared);
  ASSERT_TRUE(shared);
  EXPECT_TRUE(FileLock::try_acquire(path_, LockMode::shared));
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::exclusive));
  shared->release();
  const auto exclusive = FileLock::try_acquire(path_, LockMode::exclusive);
  ASSERT_TRUE(exclusive);
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::shared));
}

TEST_F(LockTest, AWaitIsBoundedAndNamesTheHolder) {
  const Holder holder(path_, LockMode::exclusive);
  const int64_t start = monotonic_ns();
  try {
    FileLock::acquire(path_, LockMode::shared, "the store", 60);
    FAIL() << "acquired";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), cat("the store: locked by process ", holder.pid(), ", waited 60ms"));
    EXPECT_THAT(error.hint(), HasSubstr(path_));
    EXPECT_EQ(error.kind(), ErrorKind::conflict);
  }
  EXPECT_GE(monotonic_ns() - start, 60'000'000);
}

TEST_F(LockTest, ADeadHoldersLockIsFree) {
  Holder holder(path_, LockMode::exclusive);
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::exclusive));
  holder.end();
  EXPECT_NO_THROW(FileLock::acquire(path_, LockMode::exclusive, "x", 0));
}

TEST_F(LockTest, AWaiterGetsItWhenItIsReleased) {
  Holder holder(path_, LockMode::exclusive);
  const pid_t killer = fork();
  if (killer == 0) {
    usleep(50'000);
    kill(holder.pid(), SIGKILL);
    _exit(0);
  }
  EXPECT_NO_THROW(FileLock::acquire(path_, LockMode::exclusive, "x"));
  wait_child(killer);
}

TEST_F(LockTest, AReplacedFileIsNotTheLock) {
  Holder holder(path_, LockMode::exclusive);
  // Someone replaces the file: a new lock is taken on the new file, not on the old one.
  replace_file(path_, "", false, 0600);
  const FileLock lock = FileLock::acquire(path_, LockMode::exclusive, "x", 1000);
  struct stat held, named;
  ASSERT_EQ(fstat(lock.fd(), &held), 0);
  ASSERT_EQ(stat(path_.c_str(), &named), 0);
  EXPECT_EQ(held.st_ino, named.st_ino);
}

TEST_F(LockTest, AWaiterMovesToTheReplacingFile) {
  Holder holder(path_, LockMode::exclusive);
  const pid_t replacer = fork();
  if (replacer == 0) {
    usleep(30'000);
    replace_file(path_, "", false, 0600);
    kill(holder.pid(), SIGKILL);
    _exit(0);
  }
  const FileLock lock = FileLock::acquire(path_, LockMode::exclusive, "x", 5000);
  wait_child(replacer);
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::exclusive));
}

TEST_F(LockTest, TheFileIsPrivate) {
  FileLock::acquire(path_, LockMode::exclusive, "x");
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(LockTest, ADirectoryCanBeLockedItself) {
  make_directories(tmp_ / "layer");
  const FileLock lock = FileLock::acquire(tmp_ / "layer", LockMode::shared, "x");
  EXPECT_TRUE(FileLock::try_acquire(tmp_ / "layer", LockMode::shared));
  EXPECT_FALSE(FileLock::try_acquire(tmp_ / "layer", LockMode::exclusive));
}

TEST_F(LockTest, AnAdoptedDescriptorKeepsTheLock) {
  std::optional<FileLock> lock = FileLock::acquire(path_, LockMode::exclusive, "x");
  FileLock adopted = FileLock::adopt(Fd(dup(lock->fd())));
  lock.reset();
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::exclusive));
  adopted.release();
  EXPECT_TRUE(FileLock::try_acquire(path_, LockMode::exclusive));
}

TEST_F(LockTest, AnUnusableDirectoryIsAnError) {
  EXPECT_THROW(FileLock::acquire(tmp_ / "none/lock", LockMode::shared, "x", 10), SysError);
  EXPECT_THROW(FileLock::try_acquire(tmp_ / "none/lock", LockMode::shared), SysError);
}

}  // namespace
}  // namespace mini
