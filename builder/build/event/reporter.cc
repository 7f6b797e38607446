#include "builder/build/event/reporter.h"

#include <utility>

#include "runtime/base/clock.h"

namespace mini::build {

Reporter::Reporter(EventSink& sink) : sink_(sink), start_ns_(monotonic_ns()) {}

void Reporter::send(Event event) {
  const std::lock_guard guard(mutex_);
  event.time_ns = monotonic_ns() - start_ns_;
  if (event.kind == EventKind::stored) event.duration_ns = event.time_ns;
  sink_.on_event(event);
}

void Reporter::step(EventKind kind, const StepInfo& info, std::string text, int64_t duration_ns) {
  Event event;
  event.kind = kind;
  event.step = &info;
  event.text = std::move(text);
  event.duration_ns = duration_ns;
  event.range = info.range;
  send(std::move(event));
}

void Reporter::output(const StepInfo& info, bool is_stderr, std::string_view data) {
  Event event;
  event.kind = EventKind::output;
  event.step = &info;
  event.is_stderr = is_stderr;
  event.text = data;
  send(std::move(event));
}

void Reporter::warning(const dockerfile::Source& source, const dockerfile::Warning& warning) {
  Event event;
  event.kind = EventKind::warning;
  event.text = warning.message;
  event.rule = warning.rule;
  event.hint = warning.hint;
  event.range = warning.range;
  event.excerpt = dockerfile::excerpt(source, warning.range);
  send(std::move(event));
}

void Reporter::warning(const std::string& text, const std::string& hint) {
  Event event;
  event.kind = EventKind::warning;
  event.text = text;
  event.hint = hint;
  send(std::move(event));
}

void Reporter::whole(EventKind kind, std::string text) {
  Event event;
  event.kind = kind;
  event.text = std::move(text);
  send(std::move(event));
}

}  // namespace mini::build
