// The progress of a build: a stream of small events, in order, from one caller at a time
// (the build serialises its threads). Nothing in builder/ prints: the renderers are in cmd/. Steps
// are announced (`known`) before the first of them starts; each ends in exactly one of done,
// cached, skipped, failed, cancelled. Texts may hold hostile bytes (command output, file names):
// code that shows them uses printable().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "builder/dockerfile/source.h"

namespace mini::build {

// One instruction of one stage. `number` is unique in the build, from 1, in the order of the file.
struct StepInfo {
  int number = 0;
  std::string stage;            // its name, or "stage-2"
  bool named = false;           // the stage has a name in the Dockerfile
  bool only_stage = false;      // the build needs no other stage: BuildKit then leaves the name out
  int position = 0, total = 0;  // "[2/5]" among the stage's steps that give layers; 0: metadata
  std::string text;             // "RUN make", one line
  dockerfile::Range range;      // in the Dockerfile

  std::string label() const;  // "[build 2/5] RUN make", "[2/5] RUN make", "LABEL a=b"
};

enum class EventKind {
  known,      // step: will be looked at
  started,    // step: being executed
  why,        // step: text says why it runs, or why it is cached
  output,     // step: a piece of the command's output, as it came (not cut at lines)
  done,       // step: executed, duration_ns
  cached,     // step: taken from the cache
  skipped,    // step: not needed; text says by what
  failed,     // step: text is the problem
  cancelled,  // step: was running or waiting when another failed or the user stopped the build
  warning,    // text, hint, and a place in the Dockerfile when range is set
  fetching,   // an image: text is its name and how far it is
  fetched,    // text is its name
  storing,    // the layers are made durable and the image is put into the store
  stored,     // the end: text is the image's id, duration_ns since the start
};
const char* to_string(EventKind kind);

struct Event {
  EventKind kind = EventKind::known;
  int64_t time_ns = 0;  // since the start of the build
  int64_t duration_ns = 0;
  const StepInfo* step = nullptr;  // null for warning, fetching, fetched, storing, stored
  bool is_stderr = false;          // output
  std::string text;
  // warning:
  std::string rule, hint, excerpt;
  dockerfile::Range range;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const Event& event) = 0;
};

}  // namespace mini::build
