#include "src/sqlite.h"

#include <sqlite3.h>

namespace tracing {

Connection::Connection(const std::string& path) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &db_, flags, nullptr) != SQLITE_OK) {
    std::string why = db_ ? sqlite3_errmsg(db_) : "out of memory";
    sqlite3_close(db_);
    throw SqliteError(path + ": " + why);
  }
  sqlite3_busy_timeout(db_, 2000);
}

Connection::~Connection() { sqlite3_close(db_); }

void Connection::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw SqliteError(sqlite3_errmsg(db_));
}

int64_t Connection::number(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.number(0) : 0;
}

Statement::Statement(Connection& connection, const char* sql) {
  if (sqlite3_prepare_v3(connection.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) != SQLITE_OK) {
    throw SqliteError(sqlite3_errmsg(connection.get()));
  }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::fail() const { throw SqliteError(sqlite3_errmsg(sqlite3_db_handle(statement_))); }

Statement& Statement::bind(int index, std::string_view text) {
  int code = text.empty() ? sqlite3_bind_null(statement_, index)
                          : sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) fail();
  return *this;
}

Statement& Statement::bind(int index, int64_t value) {
  if (sqlite3_bind_int64(statement_, index, value) != SQLITE_OK) fail();
  return *this;
}

bool Statement::step() {
  int code = sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail();
  return code == SQLITE_ROW;
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::string_view Statement::text(int column) const {
  auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (!data) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_, column); }

Transaction::~Transaction() {
  if (!done_) sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  connection_.run("COMMIT");
  done_ = true;
}

}  // namespace tracing
