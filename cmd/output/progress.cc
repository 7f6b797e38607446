#include "cmd/output/progress.h"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "cmd/output/progress_lines.h"
#include "cmd/output/progress_tty.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using build::Event;
using build::EventKind;

std::string seconds(int64_t ns, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, static_cast<double>(ns) / 1e9);
  return text;
}

class PlainProgress : public build::EventSink {
 public:
  void on_event(const Event& event) override {
    if (!event.step) return show_whole(event);
    const int number = event.step->number;
    if (event.kind == EventKind::output) {
      for (const std::string& text : lines_[number].add(event.text))
        output(number, event.time_ns, text);
      return;
    }
    for (const std::string& text : lines_[number].flush()) output(number, event.time_ns, text);
    show_step(event, number);
  }

 private:
  void show_step(const Event& event, int number) {
    // What only changes the image's config is not worth a line, unless it fails.
    if (event.kind == EventKind::known ||
        (event.step->position == 0 && event.kind != EventKind::failed))
      return;
    title(event);
    switch (event.kind) {
      case EventKind::started:
        started_[number] = event.time_ns;
        break;
      case EventKind::why:
        line(cat("#", number, " why: ", printable(event.text)));
        break;
      case EventKind::done:
        line(cat("#", number, " DONE ", seconds(event.duration_ns, "%.1fs")), true);
        break;
      case EventKind::cached:
        line(cat("#", number, " CACHED"), true);
        break;
      case EventKind::skipped:
        line(cat("#", number, " SKIPPED", event.text.empty() ? "" : ": ", printable(event.text)),
             true);
        break;
      case EventKind::failed:
        line(cat("#", number, " ERROR: ", printable(event.text)), true);
        break;
      case EventKind::cancelled:
        line(cat("#", number, " CANCELED"), true);
        break;
      default:
        break;
    }
  }

  void show_whole(const Event& event) {
    if (event.kind == EventKind::warning) {
      line(cat("warning: ", printable(event.text),
               event.rule.empty() ? "" : cat(" [", event.rule, "]")));
      if (!event.excerpt.empty()) std::fputs(event.excerpt.c_str(), stderr);
      if (!event.hint.empty()) line(cat("  ", printable(event.hint)));
    } else if (event.kind == EventKind::fetching) {
      const std::string& name = event.text;
      // Here only that it has begun; the rest is for pictures.
      if (name.find(' ') == std::string::npos) line(cat("pull ", printable(name)));
    } else if (event.kind == EventKind::fetched) {
      line(cat("pull ", printable(event.text), " DONE"), true);
    } else if (event.kind == EventKind::stored) {
      line(cat("image ", event.text, " in ", seconds(event.duration_ns, "%.2fs")));
    }
  }

  // The text of a step stands before the first thing that is said of it, and only once.
  void title(const Event& event) {
    bool& shown = titled_[event.step->number];
    if (!shown) line(cat("#", event.step->number, " ", printable(event.step->label())));
    shown = true;
  }
  void output(int number, int64_t now, const std::string& text) {
    line(cat("#", number, " ", seconds(now - started_[number], "%.3f"), " ", text));
  }
  static void line(const std::string& text, bool last = false) {
    std::fprintf(stderr, last ? "%s\n\n" : "%s\n", text.c_str());
  }

  std::map<int, OutputLines> lines_;
  std::map<int, int64_t> started_;
  std::map<int, bool> titled_;
};

class JsonProgress : public build::EventSink {
 public:
  void on_event(const Event& event) override {
    nlohmann::ordered_json out{{"event", build::to_string(event.kind)},
                               {"time", static_cast<double>(event.time_ns) / 1e9}};
    if (event.step) {
      out["step"] = event.step->number;
      out["stage"] = event.step->stage;
      out["instruction"] = event.step->text;
      out["line"] = event.step->range.first.line;
    }
    if (event.duration_ns) out["duration"] = static_cast<double>(event.duration_ns) / 1e9;
    if (event.kind == EventKind::output) out["stream"] = event.is_stderr ? "stderr" : "stdout";
    if (!event.text.empty()) out["text"] = event.text;
    if (!event.rule.empty()) out["rule"] = event.rule;
    if (!event.hint.empty()) out["hint"] = event.hint;
    std::fprintf(stderr, "%s\n",
                 out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace).c_str());
  }
};

class QuietProgress : public build::EventSink {
 public:
  void on_event(const Event& event) override {
    if (!event.step) return;
    OutputLines& lines = lines_[event.step->number];
    if (event.kind == EventKind::output) lines.add(event.text);
    if (event.kind != EventKind::failed) return;
    lines.flush();
    for (const std::string& text : lines.kept()) std::fprintf(stderr, "%s\n", text.c_str());
  }

 private:
  std::map<int, OutputLines> lines_;
};

}  // namespace

std::unique_ptr<build::EventSink> make_progress(const std::string& mode, bool explain) {
  if (mode == "plain" || (mode == "auto" && !isatty(STDERR_FILENO)))
    return std::make_unique<PlainProgress>();
  if (mode == "auto" || mode == "tty") return make_tty_progress(explain);
  if (mode == "json" || mode == "rawjson") return std::make_unique<JsonProgress>();
  if (mode == "quiet") return std::make_unique<QuietProgress>();
  constexpr std::string_view known[] = {"auto", "plain", "tty", "json", "quiet"};
  auto near = did_you_mean(mode, known);
  throw Error(cat("flag --progress ", quoted(mode), ": unknown progress mode"),
              near ? cat("did you mean ", *near, "?") : "auto, plain, tty, json or quiet",
              ErrorKind::usage);
}

}  // namespace mini::cmd
