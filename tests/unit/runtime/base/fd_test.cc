#include "runtime/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "runtime/base/error.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini {
namespace {

TEST(Fd, ClosesWhatItOwnsOnce) {
  Fd first = open_file("/dev/null", O_RDONLY);
  const int number = first.get();
  Fd second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
  second.reset();
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

TEST(Fd, EveryOneClosesOnExec) {
  const Pipe pipe = make_pipe();
  const auto sockets = make_socketpair();
  const Fd file = open_file("/dev/null", O_RDONLY);
  const Fd copy = file.duplicate();
  const Fd memory = sealed_memfd("x", "", false);
  for (const Fd* fd :
       {&pipe.read, &pipe.write, &sockets.first, &sockets.second, &file, &copy, &memory}) {
    EXPECT_EQ(fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
  }
}

TEST(OpenFile, NamesThePath) {
  try {
    open_file("/nowhere/at all", O_RDONLY);
    FAIL() << "opened";
  } catch (const SysError& error) {
    EXPECT_EQ(error.code(), ENOENT);
    EXPECT_STREQ(error.what(), "/nowhere/at all: No such file or directory");
  }
}

TEST(WriteAll, ReportsAFullDisk) {
  const Fd full = open_file("/dev/full", O_WRONLY);
  EXPECT_THROW(write_all(full.get(), "x", "full"), SysError);
}

TEST(WriteAll, WritesMoreThanAPipeHolds) {
  Pipe pipe = make_pipe();
  const std::string data(1 << 20, 'x');
  std::thread writer([&] {
    write_all(pipe.write.get(), data, "pipe");
    pipe.write.reset();
  });
  EXPECT_EQ(read_all(pipe.read.get(), "pipe"), data);
  writer.join();
}

TEST(ReadAll, StopsAtTheLimit) {
  for (const size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 70'000UL}) {
    const std::string data(size, 'x');
    EXPECT_EQ(read_all(sealed_memfd("x", data, false).get(), "x", size), data);
    if (size > 0) {
      EXPECT_THROW(read_all(sealed_memfd("x", data, false).get(), "x", size - 1), Error) << size;
    }
  }
  EXPECT_THROW(read_all(open_file("/dev/zero", O_RDONLY).get(), "zero", 1 << 20), Error);
}

TEST(ReadFull, IsShortOnlyAtTheEnd) {
  const Fd fd = sealed_memfd("x", "abcde", false);
  char buffer[4];
  EXPECT_EQ(read_full(fd.get(), buffer, 4, "x"), 4u);
  EXPECT_EQ(read_full(fd.get(), buffer, 4, "x"), 1u);
  EXPECT_EQ(read_full(fd.get(), buffer, 4, "x"), 0u);
}

TEST(SealedMemfd, CannotBeChanged) {
  for (const bool executable : {false, true}) {
    const Fd fd = sealed_memfd("x", "data", executable);
    EXPECT_EQ(pwrite(fd.get(), "X", 1, 0), -1);
    EXPECT_EQ(ftruncate(fd.get(), 0), -1);
    EXPECT_EQ(fcntl(fd.get(), F_ADD_SEALS, 0), -1);
    EXPECT_EQ(mmap(nullptr, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0), MAP_FAILED);
    EXPECT_EQ(read_all(fd.get(), "x"), "data");
  }
}

TEST(Close, ReportsNothingWhenAllIsWell) {
  const TemporaryDirectory tmp;
  Fd fd = open_file(tmp / "f", O_WRONLY | O_CREAT, 0600);
  write_all(fd.get(), "x", "f");
  fd.close("f");
  EXPECT_FALSE(fd);
}

}  // namespace
}  // namespace mini
