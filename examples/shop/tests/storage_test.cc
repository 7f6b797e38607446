#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "lib/database.h"
#include "lib/outbox.h"

namespace shop {
namespace {

using namespace std::chrono_literals;

class Storage : public ::testing::Test {
 protected:
  Storage() {
    std::string pattern = ::testing::TempDir() + "shop.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    ::setenv("DATA_DIR", directory_.c_str(), 1);
    ::unsetenv("DB_URL");
  }
  ~Storage() override { std::filesystem::remove_all(directory_); }
  std::unique_ptr<Database> open() {
    return open_database("t.db", {"CREATE TABLE IF NOT EXISTS t (k VARCHAR(64) PRIMARY KEY, n BIGINT NOT NULL)"});
  }
  static void insert(Connection& connection, const std::string& key, int64_t n) {
    connection.run("INSERT INTO t (k, n) VALUES (?, ?)", {key, n});
  }
  static int64_t sum(Database& database) { return number(database.read("SELECT COALESCE(SUM(n), 0) FROM t")[0], 0); }
  std::string directory_;
};

TEST_F(Storage, TransactionIsAllOrNothing) {
  auto database = open();
  EXPECT_THROW(database->transaction([](Connection& connection) {
    insert(connection, "a", 1);
    throw std::runtime_error("no");
  }), std::runtime_error);
  EXPECT_EQ(sum(*database), 0);
  database->transaction([](Connection& connection) {
    insert(connection, "a", 1);
    EXPECT_THROW(insert(connection, "a", 5), DuplicateKey);
    insert(connection, "b'; DROP TABLE t; --", 2);
  });
  EXPECT_EQ(sum(*database), 3);
  EXPECT_EQ(text(database->read("SELECT k FROM t WHERE n = ?", {int64_t{2}})[0], 0), "b'; DROP TABLE t; --");
  EXPECT_THROW(database->read("SELECT nonsense"), DatabaseError);
}

TEST_F(Storage, WhatIsCommittedOutlivesAKill) {
  pid_t child = ::fork();
  if (child == 0) {
    auto database = open();
    database->transaction([](Connection& connection) { insert(connection, "kept", 1); });
    database->transaction([](Connection& connection) {
      insert(connection, "lost", 10);
      ::kill(::getpid(), SIGKILL);
    });
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(sum(*open()), 1);
}

TEST_F(Storage, WritersWaitForEachOther) {
  auto database = open();
  database->transaction([](Connection& connection) { insert(connection, "n", 0); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) {
        database->transaction([](Connection& connection) {
          int64_t n = number(connection.run("SELECT n FROM t WHERE k = ?", {"n"})[0], 0);
          connection.run("UPDATE t SET n = ? WHERE k = ?", {n + 1, "n"});
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum(*database), 100);
}

// The consumer is down, takes a batch but its answer is lost, and then is well: every event arrives, in order, and none is left.
TEST_F(Storage, OutboxDeliversAllAtLeastOnceInOrderAndOverARestart) {
  auto database = open_database("o.db", Outbox::schema());
  std::vector<std::string> taken;
  std::atomic<int> calls = 0;
  {
    Outbox outbox(*database, [&](const std::vector<Event>&) { ++calls; return false; });
    database->transaction([&](Connection& connection) {
      for (int i = 100; i < 300; ++i) outbox.add(connection, {std::to_string(i), "{}"});
    });
    outbox.wake();
    while (calls < 2) std::this_thread::sleep_for(1ms);
  }
  std::atomic<size_t> done = 0;
  {
    Outbox outbox(*database, [&](const std::vector<Event>& batch) {
      for (const Event& event : batch) taken.push_back(event.id);
      done = taken.size();
      return taken.size() > 64;
    });
    while (done < 264) std::this_thread::sleep_for(1ms);
    while (!database->read("SELECT event_id FROM outbox LIMIT 1").empty()) std::this_thread::sleep_for(1ms);
  }
  ASSERT_EQ(taken.size(), 264u);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(taken[static_cast<size_t>(i + 64)], std::to_string(100 + i));
}

}  // namespace
}  // namespace shop
