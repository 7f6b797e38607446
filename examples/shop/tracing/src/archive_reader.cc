#include <algorithm>
#include <unordered_set>

#include "src/archive.h"
#include "src/sqlite.h"

namespace tracing {
namespace {

// The distinct values of the first columns of an index, each found by one seek.
#define NEXT_VALUE(column, where) \
  "WITH RECURSIVE v(x) AS (SELECT min(" column ") FROM spans " where " UNION ALL " \
  "SELECT (SELECT min(" column ") FROM spans " where " AND " column " > x) FROM v WHERE x IS NOT NULL) " \
  "SELECT x FROM v WHERE x IS NOT NULL"

std::vector<std::string> column(Statement& statement, const std::string* parameter = nullptr) {
  Use query(statement);
  if (parameter) query->bind(1, *parameter);
  std::vector<std::string> values;
  while (query->step()) values.emplace_back(query->text(0));
  return values;
}

void append(std::string& list, std::string_view item) {
  if (!list.empty()) list.push_back(',');
  list.append(item);
}

// The spans of one id, in the order of arrival, as they are answered.
struct Group {
  std::string trace_id;
  Trace spans;
  std::string json;
};

}  // namespace

struct ArchiveReader::State {
  explicit State(const std::string& path) : db(path), ready((db.run("PRAGMA query_only=ON; PRAGMA cache_size=-1024"), true)) {}

  // All with the same right half; one group for each full id.
  std::vector<Group> groups(const std::string& low) {
    std::vector<Group> result;
    Use query(spans_of_low);
    query->bind(1, low);
    while (query->step()) {
      std::string_view json = query->text(1);
      Span span = parse_span(json);
      auto group = std::find_if(result.begin(), result.end(), [&](const Group& g) { return g.trace_id == span.trace_id; });
      if (group == result.end()) group = result.insert(group, Group{span.trace_id, {}, {}});
      append(group->json, json);
      group->spans.push_back(std::move(span));
    }
    return result;
  }

  bool has_service(const std::string& low, const std::string& service) {
    Use query(trace_has_service);
    query->bind(1, low).bind(2, service);
    return query->step();
  }

  // Calls `visit` with the right half of each trace that has a span in the window, the newest first, until it says false.
  void newest_first(Window window, const std::function<bool(const std::string&)>& visit) {
    std::unordered_set<std::string> seen;
    Use query(in_window);
    query->bind(1, window.begin_ms()).bind(2, window.end_ms);
    while (query->step()) {
      auto [low, fresh] = seen.emplace(query->text(0));
      if (fresh && !visit(*low)) return;
    }
  }

  Connection db;
  bool ready;
  Statement all_services{db, NEXT_VALUE("service", "WHERE service IS NOT NULL")};
  Statement names_of{db, NEXT_VALUE("name", "WHERE service = ?1 AND name IS NOT NULL")};
  Statement remotes_of{db, NEXT_VALUE("remote", "WHERE service = ?1 AND remote IS NOT NULL")};
  Statement values_of{db, "SELECT DISTINCT value FROM tags WHERE key = ?"};
  Statement spans_of_id{db, "SELECT json FROM spans WHERE low = ? AND trace = ? ORDER BY seq"};
  Statement spans_of_low{db, "SELECT trace, json FROM spans WHERE low = ? ORDER BY seq"};
  Statement trace_has_service{db, "SELECT 1 FROM spans WHERE low = ? AND service = ? LIMIT 1"};
  Statement in_window{db, "SELECT low FROM spans WHERE ms BETWEEN ? AND ? ORDER BY ms DESC, low DESC"};
};

ArchiveReader::ArchiveReader(const std::string& path) : state_(std::make_unique<State>(path)) {}
ArchiveReader::~ArchiveReader() = default;

std::vector<std::string> ArchiveReader::services() { return column(state_->all_services); }

std::vector<std::string> ArchiveReader::span_names(const std::string& service) {
  return column(state_->names_of, &service);
}

std::vector<std::string> ArchiveReader::remote_services(const std::string& service) {
  return column(state_->remotes_of, &service);
}

std::vector<std::string> ArchiveReader::tag_values(const std::string& key) { return column(state_->values_of, &key); }

std::string ArchiveReader::trace(const std::string& normal_trace_id) {
  Use query(state_->spans_of_id);
  query->bind(1, low_trace_id(normal_trace_id)).bind(2, normal_trace_id);
  std::string list;
  while (query->step()) append(list, query->text(0));
  return list;
}

std::string ArchiveReader::traces(const Query& query, size_t max_bytes, bool& cut) {
  std::string list;
  int found = 0;
  cut = false;
  state_->newest_first(query.window, [&](const std::string& low) {
    if (!query.service.empty() && !state_->has_service(low, query.service)) return true;
    for (const Group& group : state_->groups(low)) {
      if (!query.matches(group.spans)) continue;
      if (list.size() + group.json.size() > max_bytes) {
        cut = true;
        return false;
      }
      append(list, '[' + group.json + ']');
      ++found;
    }
    return found < query.limit;
  });
  return list;
}

Dependencies ArchiveReader::dependencies(Window window) {
  Dependencies links;
  state_->newest_first(window, [&](const std::string& low) {
    // Both forms of the id are one trace here, else its calls would count twice.
    Trace spans;
    for (Group& group : state_->groups(low)) std::move(group.spans.begin(), group.spans.end(), std::back_inserter(spans));
    links.add(std::move(spans));
    return true;
  });
  return links;
}

}  // namespace tracing
