#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <mariadb/mysqld_error.h>

#include <cstring>
#include <unordered_map>

#include "lib/database.h"
#include "lib/names.h"

namespace shop {
namespace {

constexpr unsigned kSeconds = 3;

struct Target {
  std::string user, password, host, database;
  unsigned port = 3306;
};

Target parse_target(const std::string& url) {
  constexpr std::string_view kScheme = "mariadb://";
  size_t at = url.rfind('@'), slash = url.find('/', at == std::string::npos ? url.size() : at);
  if (url.compare(0, kScheme.size(), kScheme) != 0 || at == std::string::npos || slash == std::string::npos) {
    throw std::invalid_argument("DB_URL: not of the form mariadb://user:password@host:port/database");
  }
  std::string who = url.substr(kScheme.size(), at - kScheme.size()), where = url.substr(at + 1, slash - at - 1);
  Target target;
  size_t colon = who.find(':');
  target.user = who.substr(0, colon);
  if (colon != std::string::npos) target.password = who.substr(colon + 1);
  colon = where.find(':');
  target.host = where.substr(0, colon);
  if (colon != std::string::npos) target.port = static_cast<unsigned>(std::stoul(where.substr(colon + 1)));
  target.database = url.substr(slash + 1);
  return target;
}

// One column of a result: as long as it may be in our tables.
struct Column {
  bool is_number = false;
  long long integer = 0;
  std::string bytes;
  unsigned long length = 0;
  my_bool null = 0;
};

class MariaDb : public Connection {
 public:
  explicit MariaDb(const std::string& url) : db_(::mysql_init(nullptr)) {
    if (!db_) throw std::bad_alloc();
    Target target = parse_target(url);
    unsigned seconds = kSeconds;
    for (auto option : {MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT}) {
      ::mysql_options(db_, option, &seconds);
    }
    ::mysql_options(db_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    try {
      // libmariadb would ask getaddrinfo, which knows no deadline; see names.h.
      std::string host = resolve(target.host, Clock::now() + std::chrono::seconds(kSeconds));
      if (!::mysql_real_connect(db_, host.c_str(), target.user.c_str(), target.password.c_str(),
                                target.database.c_str(), target.port, nullptr, CLIENT_FOUND_ROWS)) {
        throw DatabaseError(std::string("mariadb: ") + ::mysql_error(db_));
      }
    } catch (const NameError& error) {
      ::mysql_close(db_);
      throw DatabaseError(std::string("mariadb: ") + error.what());
    } catch (...) {
      ::mysql_close(db_);
      throw;
    }
  }
  ~MariaDb() override {
    for (auto& [sql, statement] : statements_) ::mysql_stmt_close(statement);
    ::mysql_close(db_);
  }
  MariaDb(const MariaDb&) = delete;
  MariaDb& operator=(const MariaDb&) = delete;

  std::vector<Row> run(const std::string& sql, const Row& values) override {
    if (values.empty() && sql.compare(0, 6, "SELECT") != 0) return command(sql);
    MYSQL_STMT* statement = prepare(sql);
    std::vector<MYSQL_BIND> binds(values.size());
    for (size_t i = 0; i < values.size(); ++i) bind(binds[i], values[i]);
    if ((!binds.empty() && ::mysql_stmt_bind_param(statement, binds.data())) || ::mysql_stmt_execute(statement)) {
      fail(::mysql_stmt_errno(statement), ::mysql_stmt_error(statement));
    }
    std::vector<Row> rows = rows_of(statement);
    ::mysql_stmt_free_result(statement);
    return rows;
  }

  bool alive() const override { return alive_; }

 private:
  std::vector<Row> command(const std::string& sql) {
    if (::mysql_real_query(db_, sql.data(), sql.size())) fail(::mysql_errno(db_), ::mysql_error(db_));
    return {};
  }

  MYSQL_STMT* prepare(const std::string& sql) {
    MYSQL_STMT*& statement = statements_[sql];
    if (statement) return statement;
    MYSQL_STMT* fresh = ::mysql_stmt_init(db_);
    if (!fresh) throw std::bad_alloc();
    if (::mysql_stmt_prepare(fresh, sql.data(), sql.size())) {
      unsigned code = ::mysql_stmt_errno(fresh);
      std::string why = std::string(::mysql_stmt_error(fresh)) + ": " + sql;
      ::mysql_stmt_close(fresh);
      fail(code, why);
    }
    return statement = fresh;
  }

  static void bind(MYSQL_BIND& bind, const Value& value) {
    std::memset(&bind, 0, sizeof bind);
    if (auto* integer = std::get_if<int64_t>(&value)) {
      bind.buffer_type = MYSQL_TYPE_LONGLONG;
      bind.buffer = const_cast<int64_t*>(integer);
    } else {
      const std::string& bytes = std::get<std::string>(value);
      bind.buffer_type = MYSQL_TYPE_STRING;
      bind.buffer = const_cast<char*>(bytes.data());
      bind.buffer_length = bytes.size();
    }
  }

  std::vector<Row> rows_of(MYSQL_STMT* statement) {
    MYSQL_RES* meta = ::mysql_stmt_result_metadata(statement);
    if (!meta) return {};
    std::vector<Column> columns(::mysql_num_fields(meta));
    std::vector<MYSQL_BIND> binds(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      std::memset(&binds[i], 0, sizeof binds[i]);
      Column& column = columns[i];
      auto type = ::mysql_fetch_field_direct(meta, static_cast<unsigned>(i))->type;
      column.is_number = type == MYSQL_TYPE_LONGLONG || type == MYSQL_TYPE_LONG || type == MYSQL_TYPE_NEWDECIMAL;
      column.bytes.resize(column.is_number ? 0 : 64 << 10);
      binds[i].buffer_type = column.is_number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
      binds[i].buffer = column.is_number ? static_cast<void*>(&column.integer) : column.bytes.data();
      binds[i].buffer_length = column.is_number ? sizeof column.integer : column.bytes.size();
      binds[i].length = &column.length;
      binds[i].is_null = &column.null;
    }
    ::mysql_free_result(meta);
    if (::mysql_stmt_bind_result(statement, binds.data())) fail(::mysql_stmt_errno(statement), ::mysql_stmt_error(statement));
    std::vector<Row> rows;
    int status;
    while ((status = ::mysql_stmt_fetch(statement)) == 0) rows.push_back(row_of(columns));
    if (status == MYSQL_DATA_TRUNCATED) throw DatabaseError("mariadb: a value is longer than 64 KiB");
    if (status != MYSQL_NO_DATA) fail(::mysql_stmt_errno(statement), ::mysql_stmt_error(statement));
    return rows;
  }

  static Row row_of(const std::vector<Column>& columns) {
    Row row;
    for (const Column& column : columns) {
      if (column.is_number) {
        row.emplace_back(static_cast<int64_t>(column.null ? 0 : column.integer));
      } else {
        row.emplace_back(column.null ? std::string() : column.bytes.substr(0, column.length));
      }
    }
    return row;
  }

  [[noreturn]] void fail(unsigned code, const std::string& why) {
    if (code == ER_DUP_ENTRY) throw DuplicateKey(why);
    if (code >= CR_MIN_ERROR && code <= CR_MAX_ERROR) alive_ = false;
    throw DatabaseError("mariadb: " + why);
  }

  MYSQL* db_;
  bool alive_ = true;
  std::unordered_map<std::string, MYSQL_STMT*> statements_;
};

}  // namespace

std::unique_ptr<Connection> open_mariadb(const std::string& url) { return std::make_unique<MariaDb>(url); }

}  // namespace shop
