#include "runtime/base/early_sync.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "runtime/base/error.h"

namespace mini {
namespace {

constexpr uint64_t kMuch = 64 << 20;

TEST(EarlySync, LittleIsSyncedAtTheEndOnly) {
  std::atomic<int> syncs = 0;
  EarlySync sync([&] { ++syncs; });
  for (int i = 0; i < 100; ++i) sync.wrote(1000);
  EXPECT_EQ(syncs, 0);
  sync.finish();
  EXPECT_EQ(syncs, 1);
}

TEST(EarlySync, MuchIsSyncedBeforeTheEndAndOnceMoreThen) {
  std::promise<void> first;
  std::atomic<int> syncs = 0;
  EarlySync sync([&] {
    if (++syncs == 1) first.set_value();
  });
  sync.wrote(kMuch);
  first.get_future().wait();
  sync.finish();
  EXPECT_EQ(syncs, 2);
}

TEST(EarlySync, WhatFailedOnTheWayIsThrownAtTheEnd) {
  std::promise<void> first;
  std::atomic<int> syncs = 0;
  EarlySync sync([&] {
    if (++syncs > 1) return;
    first.set_value();
    throw Error("the disk is broken");
  });
  sync.wrote(kMuch);
  first.get_future().wait();
  sync.wrote(kMuch);
  EXPECT_THROW(sync.finish(), Error);
}

}  // namespace
}  // namespace mini
