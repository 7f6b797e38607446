#include <algorithm>

#include "src/archive.h"
#include "src/sqlite.h"

namespace tracing {
namespace {

constexpr int64_t kFormat = 1;  // PRAGMA user_version: what the tables below are

// `low` is the right half of the trace id, which both forms of an id share; `ms` the span's start; `digest` tells
// repeated spans.
constexpr char kTables[] = R"(
CREATE TABLE spans(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, low TEXT NOT NULL, trace TEXT NOT NULL, ms INTEGER NOT NULL,
  service TEXT, name TEXT, remote TEXT, digest INTEGER NOT NULL, json TEXT NOT NULL);
CREATE UNIQUE INDEX spans_trace ON spans(low, digest);
CREATE INDEX spans_time ON spans(ms, low);
CREATE INDEX spans_service ON spans(service, name);
CREATE INDEX spans_remote ON spans(service, remote) WHERE remote IS NOT NULL;
CREATE TABLE traces(low TEXT PRIMARY KEY, spans INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tags(key TEXT NOT NULL, value TEXT NOT NULL, low TEXT NOT NULL, PRIMARY KEY(key, value, low)) WITHOUT ROWID;
CREATE INDEX tags_trace ON tags(low);
)";

int64_t digest_of(std::string_view text) {
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
  return static_cast<int64_t>(hash);
}

void prepare(Connection& db, const std::string& path) {
  db.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-2048;"
         "PRAGMA journal_size_limit=8388608; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF");
  Transaction transaction(db);
  int64_t format = db.number("PRAGMA user_version");
  if (format == 0 && db.number("SELECT count(*) FROM sqlite_schema") == 0) {
    db.run(kTables);
    db.run(("PRAGMA user_version=" + std::to_string(kFormat)).c_str());
  } else if (format != kFormat) {
    throw SqliteError(path + ": not a trace archive of this version; move it away or set DB_PATH");
  }
  transaction.commit();
}

struct Size {
  int64_t spans = 0, bytes = 0;
};

}  // namespace

struct ArchiveWriter::State {
  State(const std::string& path, Bounds b, std::vector<std::string> keys)
      : db(path), ready((prepare(db, path), true)), bounds(b), tag_keys(std::move(keys)) {
    total.spans = db.number("SELECT coalesce(sum(spans), 0) FROM traces");
    total.bytes = db.number("SELECT coalesce(sum(bytes), 0) FROM traces");
  }

  Size trace_size(std::string_view low) {
    Use query(find_trace);
    query->bind(1, low);
    if (!query->step()) return {};
    return {query->number(0), query->number(1)};
  }

  void grow_trace(std::string_view low, int64_t bytes) {
    Use insert(add_to_trace);
    insert->bind(1, low).bind(2, bytes);
    insert->step();
    ++total.spans;
    total.bytes += bytes;
  }

  // False: it was there already.
  bool insert(const StoredSpan& stored, std::string_view low) {
    const Span& span = stored.span;
    Use add(insert_span);
    add->bind(1, low).bind(2, span.trace_id).bind(3, span.timestamp / 1000);
    add->bind(4, span.local.service).bind(5, span.name).bind(6, span.remote.service);
    add->bind(7, digest_of(stored.json)).bind(8, stored.json);
    return add->step();  // RETURNING gives a row only for what was inserted
  }

  void add_tags(const Span& span, std::string_view low) {
    for (const std::string& key : tag_keys) {
      auto tag = span.tags.find(key);
      if (tag == span.tags.end() || tag->second.empty()) continue;
      Use add(insert_tag);
      add->bind(1, key).bind(2, tag->second).bind(3, low);
      add->step();
    }
  }

  // False: the trace is full.
  bool add(const StoredSpan& stored) {
    std::string_view low = low_trace_id(stored.span.trace_id);
    auto bytes = static_cast<int64_t>(stored.json.size());
    Size size = trace_size(low);
    if (size.spans >= bounds.trace_spans || size.bytes + bytes > bounds.trace_bytes) return false;
    if (insert(stored, low)) {
      grow_trace(low, bytes);
      add_tags(stored.span, low);
    }
    return true;
  }

  void drop_trace(const std::string& low) {
    Size size = trace_size(low);
    for (Statement* statement : {&drop_spans, &drop_tags, &drop_size}) {
      Use drop(*statement);
      drop->bind(1, low);
      drop->step();
    }
    total.spans -= size.spans;
    total.bytes -= size.bytes;
  }

  void keep_bounds() {
    while (total.spans > bounds.spans || total.bytes > bounds.bytes) {
      std::string low;
      {
        Use query(oldest);
        if (!query->step()) return;
        low = query->text(0);
      }
      drop_trace(low);
    }
  }

  Connection db;
  bool ready;  // the tables are there before statements are prepared
  Bounds bounds;
  std::vector<std::string> tag_keys;
  Size total;
  Statement find_trace{db, "SELECT spans, bytes FROM traces WHERE low = ?"};
  Statement add_to_trace{db, "INSERT INTO traces VALUES(?1, 1, ?2) "
                             "ON CONFLICT(low) DO UPDATE SET spans = spans + 1, bytes = bytes + ?2"};
  Statement insert_span{db, "INSERT INTO spans(low, trace, ms, service, name, remote, digest, json) "
                            "VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"};
  Statement insert_tag{db, "INSERT OR IGNORE INTO tags VALUES(?, ?, ?)"};
  Statement oldest{db, "SELECT low FROM spans ORDER BY seq LIMIT 1"};
  Statement drop_spans{db, "DELETE FROM spans WHERE low = ?"};
  Statement drop_tags{db, "DELETE FROM tags WHERE low = ?"};
  Statement drop_size{db, "DELETE FROM traces WHERE low = ?"};
};

ArchiveWriter::ArchiveWriter(const std::string& path, Bounds bounds, std::vector<std::string> tag_keys)
    : state_(std::make_unique<State>(path, bounds, std::move(tag_keys))) {}

ArchiveWriter::~ArchiveWriter() = default;

size_t ArchiveWriter::write(const std::vector<StoredSpan>& batch) {
  Size before = state_->total;
  try {
    Transaction transaction(state_->db);
    size_t refused = 0;
    for (const StoredSpan& stored : batch) {
      if (!state_->add(stored)) ++refused;
    }
    state_->keep_bounds();
    transaction.commit();
    return refused;
  } catch (...) {
    state_->total = before;
    throw;
  }
}

int64_t ArchiveWriter::spans() const { return state_->total.spans; }
int64_t ArchiveWriter::bytes() const { return state_->total.bytes; }

}  // namespace tracing
