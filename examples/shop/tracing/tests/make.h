// Short ways for tests to say what spans they mean.
#pragma once

#include <filesystem>
#include <string>

#include "src/archive.h"

namespace tracing {

inline std::string id(int n) {
  char text[17];
  std::snprintf(text, sizeof text, "%016x", static_cast<unsigned>(n));
  return text;
}

// A span of trace 1; what is not said is as little as possible.
struct Of {
  int trace = 1, id = 1, parent = 0;
  Kind kind = Kind::none;
  std::string service{}, remote{}, name{};
  int64_t timestamp = 0, duration = 0;
  std::map<std::string, std::string> tags{};
  bool shared = false;
};

inline Span make(const Of& of) {
  Span span;
  span.trace_id = id(of.trace);
  span.id = id(of.id);
  if (of.parent) span.parent_id = id(of.parent);
  span.kind = of.kind;
  span.local.service = of.service;
  span.remote.service = of.remote;
  span.name = of.name;
  span.timestamp = of.timestamp;
  span.duration = of.duration;
  span.tags = of.tags;
  span.shared = of.shared;
  return span;
}

inline StoredSpan stored(Span span) {
  std::string json = to_json(span);
  return {std::move(span), std::move(json)};
}

// A folder that is gone after the test.
struct Folder {
  Folder() {
    char name[] = "/tmp/tracing-test.XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const char* name = "traces.db") const { return path + '/' + name; }
  std::string path;
};

}  // namespace tracing
