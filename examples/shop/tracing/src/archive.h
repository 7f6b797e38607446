// Where spans are kept: one SQLite file with a write-ahead log, so that a kill or a power cut at any moment leaves a
// sound file with whole batches in it.
//
// ArchiveWriter is the only one who writes; it keeps the archive below its bounds by dropping whole traces, the one whose
// first span arrived earliest first. A span that is there already (reporters repeat what they are not sure of) is kept
// once. ArchiveReader answers queries and never waits for the writer. Each belongs to one thread at a time.
// Both throw SqliteError.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/dependency.h"
#include "src/query.h"
#include "src/span.h"

namespace tracing {

struct Bounds {
  int64_t spans = 100'000;
  int64_t bytes = 64 * 1024 * 1024;  // of spans as JSON; the file takes about twice that
  // More than this of one trace is not taken: a trace is read as a whole.
  int64_t trace_spans = 10'000;
  int64_t trace_bytes = 4 * 1024 * 1024;
};

// A normal span and its text, measured once.
struct StoredSpan {
  Span span;
  std::string json;
};

class ArchiveWriter {
 public:
  // Makes the file and its tables if they are missing. `tag_keys`: tags whose values are listed for completion.
  ArchiveWriter(const std::string& path, Bounds bounds, std::vector<std::string> tag_keys);
  ~ArchiveWriter();

  // One transaction: all of them or, when it throws, none. Returns how many did not fit into their trace.
  size_t write(const std::vector<StoredSpan>& batch);
  int64_t spans() const;
  int64_t bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ArchiveReader {
 public:
  // The file must be there.
  explicit ArchiveReader(const std::string& path);
  ~ArchiveReader();

  std::vector<std::string> services();
  std::vector<std::string> span_names(const std::string& service);
  std::vector<std::string> remote_services(const std::string& service);
  std::vector<std::string> tag_values(const std::string& key);
  // The spans' texts, comma-separated, as they came; empty when there is no such trace.
  std::string trace(const std::string& normal_trace_id);
  // The newest traces that match, each as a JSON list, comma-separated. `cut` is set when not all that were asked for
  // fit into `max_bytes`.
  std::string traces(const Query& query, size_t max_bytes, bool& cut);
  Dependencies dependencies(Window window);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tracing
