// The services' storage: SQLite in a file, or MariaDB, behind one small interface. SQL is what both understand, with `?` for values; each statement is
// prepared once a connection, and each is a span of the trace. What transaction() has returned from is on disk and survives a kill and a power cut
// (SQLite: WAL with synchronous=FULL). All throw DatabaseError; a key that is there already throws DuplicateKey and leaves the transaction usable.
// Thread-safe. No statement waits longer than some seconds; a lost connection is opened anew at the next use.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace shop {

struct DatabaseError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct DuplicateKey : DatabaseError {
  using DatabaseError::DatabaseError;
};

using Value = std::variant<int64_t, std::string>;
using Row = std::vector<Value>;
inline const std::string& text(const Row& row, size_t at) { return std::get<std::string>(row.at(at)); }
inline int64_t number(const Row& row, size_t at) { return std::get<int64_t>(row.at(at)); }

// One connection, used by one thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual std::vector<Row> run(const std::string& sql, const Row& values) = 0;
  virtual bool alive() const = 0;
};

class Database {
 public:
  using Open = std::function<std::unique_ptr<Connection>()>;
  // `product` names the database in spans; "sqlite", "mariadb". `writers` connections may write at once.
  Database(std::string product, Open open, size_t readers, size_t writers);
  std::vector<Row> read(const std::string& sql, const Row& values = {});
  void transaction(const std::function<void(Connection&)>& work);
  // One statement as the service sees it: with its span.
  std::vector<Row> run(Connection& connection, const std::string& sql, const Row& values = {});

 private:
  struct Pool {
    std::vector<std::unique_ptr<Connection>> idle;
    size_t left;
    std::mutex mutex;
    std::condition_variable freed;
  };
  class Lease;

  const std::string product_;
  const Open open_;
  const std::string begin_;
  Pool readers_, writers_;
};

// By DB_URL: unset = SQLite in `file` of DATA_DIR; "mariadb://user:password@host:port/database" = MariaDB, in builds that have it. Runs `schema`
// (statements that may run again) and waits half a minute for a server that is not up yet.
std::unique_ptr<Database> open_database(const std::string& file, const std::vector<std::string>& schema);

std::unique_ptr<Connection> open_sqlite(const std::string& file);
std::unique_ptr<Connection> open_mariadb(const std::string& url);

}  // namespace shop
