// Hands events to the sink: stamps them and lets one thread at a time through.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "builder/build/event/event.h"

namespace mini::build {

class Reporter {
 public:
  explicit Reporter(EventSink& sink);

  void step(EventKind kind, const StepInfo& info, std::string text = {}, int64_t duration_ns = 0);
  void output(const StepInfo& info, bool is_stderr, std::string_view data);
  void warning(const dockerfile::Source& source, const dockerfile::Warning& warning);
  void warning(const std::string& text, const std::string& hint = {});
  void whole(EventKind kind, std::string text = {});  // fetching, fetched, storing, stored

 private:
  void send(Event event);

  EventSink& sink_;
  std::mutex mutex_;
  int64_t start_ns_;
};

}  // namespace mini::build
