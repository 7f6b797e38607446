#include "builder/build/event/event.h"

#include "runtime/base/text.h"

namespace mini::build {

std::string StepInfo::label() const {
  if (total == 0) return text;
  const std::string name = only_stage && !named ? "" : stage + " ";
  return cat('[', name, position, '/', total, "] ", text);
}

const char* to_string(EventKind kind) {
  switch (kind) {
    case EventKind::known:
      return "known";
    case EventKind::started:
      return "started";
    case EventKind::why:
      return "why";
    case EventKind::output:
      return "output";
    case EventKind::done:
      return "done";
    case EventKind::cached:
      return "cached";
    case EventKind::skipped:
      return "skipped";
    case EventKind::failed:
      return "failed";
    case EventKind::cancelled:
      return "cancelled";
    case EventKind::warning:
      return "warning";
    case EventKind::fetching:
      return "fetching";
    case EventKind::fetched:
      return "fetched";
    case EventKind::storing:
      return "storing";
    case EventKind::stored:
      return "stored";
  }
  return "";
}

}  // namespace mini::build
