#include "lib/database.h"

#include <chrono>
#include <cstdio>
#include <thread>

#include "lib/environment.h"
#include "lib/text.h"
#include "lib/trace.h"

namespace shop {

// A connection out of a pool, opened if there is none; a broken one does not go back.
class Database::Lease {
 public:
  Lease(Pool& pool, const Open& open) : pool_(pool) {
    std::unique_lock lock(pool_.mutex);
    bool free = pool_.freed.wait_for(lock, std::chrono::seconds(5), [&] { return pool_.left > 0; });
    if (!free) throw DatabaseError("the database is too busy");
    --pool_.left;
    if (!pool_.idle.empty()) {
      connection_ = std::move(pool_.idle.back());
      pool_.idle.pop_back();
      return;
    }
    lock.unlock();
    try {
      connection_ = open();
    } catch (...) {
      give_back();
      throw;
    }
  }
  ~Lease() { give_back(); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Connection& operator*() { return *connection_; }
  void drop() { connection_.reset(); }

 private:
  void give_back() {
    std::lock_guard lock(pool_.mutex);
    ++pool_.left;
    if (connection_ && connection_->alive()) pool_.idle.push_back(std::move(connection_));
    pool_.freed.notify_one();
  }

  Pool& pool_;
  std::unique_ptr<Connection> connection_;
};

Database::Database(std::string product, Open open, size_t readers, size_t writers)
    : product_(std::move(product)), open_(std::move(open)),
      begin_(product_ == "sqlite" ? "BEGIN IMMEDIATE" : "START TRANSACTION") {
  readers_.left = readers;
  writers_.left = writers;
}

std::vector<Row> Database::run(Connection& connection, const std::string& sql, const Row& values) {
  ScopedSpan span(SpanKind::client, lower(sql.substr(0, sql.find(' '))), product_);
  span.tag("sql.query", sql);
  try {
    return connection.run(sql, values);
  } catch (const DuplicateKey&) {
    throw;
  } catch (const DatabaseError& error) {
    span.tag("error", error.what());
    throw;
  }
}

std::vector<Row> Database::read(const std::string& sql, const Row& values) {
  Lease lease(readers_, open_);
  return run(*lease, sql, values);
}

void Database::transaction(const std::function<void(Connection&)>& work) {
  Lease lease(writers_, open_);
  (*lease).run(begin_, {});
  try {
    work(*lease);
    run(*lease, "COMMIT");
  } catch (...) {
    try {
      (*lease).run("ROLLBACK", {});
    } catch (const DatabaseError&) {
      lease.drop();
    }
    throw;
  }
}

std::unique_ptr<Database> open_database(const std::string& file, const std::vector<std::string>& schema) {
  std::string url = env_text("DB_URL", ""), path = env_text("DATA_DIR", ".") + "/" + file;
  auto database = url.empty()
      ? std::make_unique<Database>("sqlite", [path] { return open_sqlite(path); }, 2, 1)
      : std::make_unique<Database>("mariadb", [url] { return open_mariadb(url); }, 4, 4);
  for (int attempt = 1;; ++attempt) {
    try {
      for (const std::string& statement : schema) {
        database->transaction([&](Connection& connection) { connection.run(statement, {}); });
      }
      return database;
    } catch (const DatabaseError& error) {
      if (url.empty() || attempt == 60) throw;
      if (attempt == 1) std::fprintf(stderr, "waiting for the database: %s\n", error.what());
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }
}

}  // namespace shop
