#include "cmd/output/progress_tty.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "cmd/output/progress_lines.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using build::Event;
using build::EventKind;

constexpr size_t kTail = 6;

struct Step {
  int number = 0;
  std::string label, why;
  enum class Phase {
    waiting,
    running,
    done,
    cached,
    skipped,
    failed,
    cancelled
  } phase = Phase::waiting;
  int64_t started_ns = 0, duration_ns = 0;
  OutputLines output;
};

class TtyProgress : public build::EventSink {
 public:
  explicit TtyProgress(bool explain)
      : explain_(explain),
        color_(!getenv("NO_COLOR")),
        start_ns_(monotonic_ns()),
        ticker_([this] { tick(); }) {}

  ~TtyProgress() override {
    {
      std::lock_guard guard(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    ticker_.join();
    draw();
    for (const Step& step : steps_)
      if (step.phase == Step::Phase::failed) show_whole_output(step);
  }

  void on_event(const Event& event) override {
    std::lock_guard guard(mutex_);
    if (event.step) {
      if (event.step->position > 0 || event.kind == EventKind::failed) update(event);
    } else if (event.kind == EventKind::warning) {
      warnings_.push_back(cat("warning: ", printable(event.text),
                              event.rule.empty() ? "" : cat(" [", event.rule, "]")));
    } else if (event.kind == EventKind::fetching) {
      fetching_ = printable(event.text);
    } else if (event.kind == EventKind::fetched) {
      fetching_.clear();
      fetched_.push_back(printable(event.text));
    } else if (event.kind == EventKind::stored) {
      stored_ = event.text;
    }
    dirty_ = true;
  }

 private:
  Step& find(const Event& event) {
    auto known = std::find_if(steps_.begin(), steps_.end(),
                              [&](const Step& step) { return step.number == event.step->number; });
    if (known != steps_.end()) return *known;
    steps_.emplace_back();
    steps_.back().number = event.step->number;
    steps_.back().label = printable(event.step->label());
    return steps_.back();
  }

  void update(const Event& event) {
    Step& step = find(event);
    switch (event.kind) {
      case EventKind::started:
        step.phase = Step::Phase::running;
        step.started_ns = monotonic_ns();
        break;
      case EventKind::output:
        step.output.add(event.text);
        break;
      case EventKind::why:
        step.why = printable(event.text);
        break;
      case EventKind::done:
        step.phase = Step::Phase::done;
        step.duration_ns = event.duration_ns;
        break;
      case EventKind::cached:
        step.phase = Step::Phase::cached;
        break;
      case EventKind::skipped:
        step.phase = Step::Phase::skipped;
        break;
      case EventKind::failed:
        step.phase = Step::Phase::failed;
        step.output.flush();
        break;
      case EventKind::cancelled:
        step.phase = Step::Phase::cancelled;
        break;
      default:
        break;
    }
  }

  void tick() {
    std::unique_lock guard(mutex_);
    while (!ended_) {
      wake_.wait_for(guard, std::chrono::milliseconds(100));
      if (dirty_ || running()) draw();
      dirty_ = false;
    }
  }

  bool running() const {
    return std::any_of(steps_.begin(), steps_.end(),
                       [](const Step& step) { return step.phase == Step::Phase::running; });
  }

  static std::string seconds(int64_t ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1fs", static_cast<double>(ns) / 1e9);
    return text;
  }

  std::string paint(const char* code, const std::string& text) const {
    return color_ ? cat("\033[", code, "m", text, "\033[0m") : text;
  }

  // Cut by bytes at a code point's start: a picture line must never wrap, or the cursor would lose
  // its place.
  static std::string cut(std::string text, size_t columns) {
    if (text.size() <= columns) return text;
    size_t end = columns > 1 ? columns - 1 : 0;
    while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
    text.resize(end);
    return text + "…";
  }

  void draw() {
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
      size.ws_col = 80, size.ws_row = 24;
    std::vector<std::string> lines = picture(size.ws_col - 1u);
    const size_t room = size.ws_row > 2 ? size.ws_row - 1u : 1u;
    if (lines.size() > room && !ended_)
      lines.erase(lines.begin() + 1, lines.end() - static_cast<ptrdiff_t>(room - 1));
    std::string out;
    if (drawn_) out += cat("\033[", drawn_, "F");
    for (const std::string& text : lines) out += text + "\033[K\n";
    out += "\033[J";
    drawn_ = lines.size();
    std::fputs(out.c_str(), stderr);
  }

  std::vector<std::string> picture(size_t columns) const {
    const auto ended = std::count_if(steps_.begin(), steps_.end(), [](const Step& step) {
      return step.phase != Step::Phase::waiting && step.phase != Step::Phase::running;
    });
    std::vector<std::string> lines{
        paint("36", cut(cat("[+] Building ", seconds(monotonic_ns() - start_ns_), " (", ended, "/",
                            steps_.size(), ")"),
                        columns))};
    for (const std::string& name : fetched_)
      lines.push_back(paint("36", cut(cat(" => pull ", name), columns)));
    if (!fetching_.empty()) lines.push_back(cut(cat(" => pull ", fetching_), columns));
    for (const Step& step : steps_)
      if (step.phase != Step::Phase::waiting) add_step(lines, step, columns);
    for (const std::string& text : warnings_) lines.push_back(paint("33", cut(text, columns)));
    if (!stored_.empty()) lines.push_back(paint("36", cut(cat(" => image ", stored_), columns)));
    return lines;
  }

  void add_step(std::vector<std::string>& lines, const Step& step, size_t columns) const {
    std::string state, time;
    const char* color = "36";
    switch (step.phase) {
      case Step::Phase::running:
        time = seconds(monotonic_ns() - step.started_ns);
        color = "0";
        break;
      case Step::Phase::cached:
        state = "CACHED ";
        break;
      case Step::Phase::skipped:
        state = "SKIPPED ";
        break;
      case Step::Phase::failed:
        state = "ERROR ", color = "31";
        break;
      case Step::Phase::cancelled:
        state = "CANCELED ", color = "33";
        break;
      default:
        time = seconds(step.duration_ns);
    }
    const size_t room = columns > time.size() + 1 ? columns - time.size() - 1 : 0;
    std::string text = cut(cat(" => ", state, step.label), room);
    if (!time.empty() && text.size() < room) text.append(room - text.size(), ' ');
    lines.push_back(paint(color, time.empty() ? text : cat(text, " ", time)));
    if (explain_ && !step.why.empty())
      lines.push_back(paint("2", cut(cat("    why: ", step.why), columns)));
    if (step.phase != Step::Phase::running) return;
    const auto& kept = step.output.kept();
    for (size_t i = kept.size() > kTail ? kept.size() - kTail : 0; i < kept.size(); ++i)
      lines.push_back(paint("2", cut(cat("    ", kept[i]), columns)));
  }

  static void show_whole_output(const Step& step) {
    std::fprintf(stderr, "------\n > %s\n", step.label.c_str());
    if (step.output.dropped())
      std::fprintf(stderr, "(%zu earlier lines left out)\n", step.output.dropped());
    for (const std::string& text : step.output.kept()) std::fprintf(stderr, "%s\n", text.c_str());
    std::fprintf(stderr, "------\n");
  }

  const bool explain_, color_;
  const int64_t start_ns_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Step> steps_;
  std::vector<std::string> warnings_;
  std::vector<std::string> fetched_;
  std::string fetching_, stored_;
  size_t drawn_ = 0;
  bool dirty_ = false, ended_ = false;
  std::thread ticker_;
};

}  // namespace

std::unique_ptr<build::EventSink> make_tty_progress(bool explain) {
  return std::make_unique<TtyProgress>(explain);
}

}  // namespace mini::cmd
