#include <sqlite3.h>

#include <unordered_map>

#include "lib/database.h"

namespace shop {
namespace {

class Sqlite : public Connection {
 public:
  explicit Sqlite(const std::string& file) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int status = ::sqlite3_open_v2(file.c_str(), &db_, flags, nullptr);
    if (status != SQLITE_OK) {
      std::string why = db_ ? ::sqlite3_errmsg(db_) : "no memory";
      ::sqlite3_close(db_);
      throw DatabaseError(file + ": " + why);
    }
    try {
      ::sqlite3_busy_timeout(db_, 5000);
      for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA cache_size=-512",
                                 "PRAGMA foreign_keys=ON"}) {
        run(pragma, {});
      }
    } catch (...) {
      close();
      throw;
    }
  }
  ~Sqlite() override { close(); }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  std::vector<Row> run(const std::string& sql, const Row& values) override {
    sqlite3_stmt* statement = prepare(sql);
    for (size_t i = 0; i < values.size(); ++i) bind(statement, static_cast<int>(i) + 1, values[i]);
    std::vector<Row> rows;
    int status;
    while ((status = ::sqlite3_step(statement)) == SQLITE_ROW) rows.push_back(row_of(statement));
    std::string why = status == SQLITE_DONE ? "" : ::sqlite3_errmsg(db_);
    int extended = ::sqlite3_extended_errcode(db_);
    ::sqlite3_reset(statement);
    ::sqlite3_clear_bindings(statement);
    if (status == SQLITE_DONE) return rows;
    if (extended == SQLITE_CONSTRAINT_PRIMARYKEY || extended == SQLITE_CONSTRAINT_UNIQUE) throw DuplicateKey(why);
    throw DatabaseError("sqlite: " + why);
  }

  bool alive() const override { return true; }

 private:
  sqlite3_stmt* prepare(const std::string& sql) {
    sqlite3_stmt*& statement = statements_[sql];
    if (!statement && ::sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      throw DatabaseError("sqlite: " + std::string(::sqlite3_errmsg(db_)) + ": " + sql);
    }
    return statement;
  }

  static void bind(sqlite3_stmt* statement, int at, const Value& value) {
    if (auto* integer = std::get_if<int64_t>(&value)) {
      ::sqlite3_bind_int64(statement, at, *integer);
    } else {
      const std::string& bytes = std::get<std::string>(value);
      ::sqlite3_bind_text(statement, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
    }
  }

  static Row row_of(sqlite3_stmt* statement) {
    Row row;
    for (int i = 0; i < ::sqlite3_column_count(statement); ++i) {
      if (::sqlite3_column_type(statement, i) == SQLITE_INTEGER) {
        row.emplace_back(static_cast<int64_t>(::sqlite3_column_int64(statement, i)));
      } else {
        auto* bytes = reinterpret_cast<const char*>(::sqlite3_column_text(statement, i));
        row.emplace_back(std::string(bytes ? bytes : "", static_cast<size_t>(::sqlite3_column_bytes(statement, i))));
      }
    }
    return row;
  }

  void close() {
    for (auto& [sql, statement] : statements_) ::sqlite3_finalize(statement);
    ::sqlite3_close(db_);
  }

  sqlite3* db_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace

std::unique_ptr<Connection> open_sqlite(const std::string& file) { return std::make_unique<Sqlite>(file); }

}  // namespace shop
