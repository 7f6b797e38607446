// SQLite with owners: a connection and its prepared statements. Every failure throws SqliteError, which carries SQLite's
// words. A connection and its statements belong to one thread at a time. A Statement is used again after reset(), which
// Use does at the end of a scope, so that no read transaction stays open.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tracing {

struct SqliteError : std::runtime_error {
  using runtime_error::runtime_error;
};

class Connection {
 public:
  // Creates the file if it is not there.
  explicit Connection(const std::string& path);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run(const char* sql);  // any number of statements without results
  int64_t number(const char* sql);  // the first column of the first row
  sqlite3* get() const { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

class Statement {
 public:
  Statement(Connection& connection, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters count from 1. The text must stay until reset(). An empty text is NULL.
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, int64_t value);
  bool step();  // false after the last row
  void reset();

  // Columns count from 0; valid until the next step().
  std::string_view text(int column) const;
  int64_t number(int column) const;

 private:
  [[noreturn]] void fail() const;

  sqlite3_stmt* statement_ = nullptr;
};

class Use {
 public:
  explicit Use(Statement& statement) : statement_(statement) {}
  ~Use() { statement_.reset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Statement* operator->() { return &statement_; }

 private:
  Statement& statement_;
};

// BEGIN IMMEDIATE, and ROLLBACK unless commit() was reached.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) { connection_.run("BEGIN IMMEDIATE"); }
  ~Transaction();
  void commit();

 private:
  Connection& connection_;
  bool done_ = false;
};

}  // namespace tracing
