#include "cmd/flags/transfer_progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using registry::TransferSink;
using State = TransferSink::State;

constexpr int64_t kBetweenPictures = 100'000'000;

const char* words(Direction direction, State state) {
  const bool pull = direction == Direction::pull;
  switch (state) {
    case State::waiting:
      return pull ? "Pulling fs layer" : "Waiting";
    case State::exists:
      return pull ? "Already exists" : "Layer already exists";
    case State::mounted:
      return "Mounted from another repository";
    case State::preparing:
      return "Preparing";
    case State::moving:
      return pull ? "Downloading" : "Pushing";
    case State::done:
      return pull ? "Pull complete" : "Pushed";
    case State::failed:
      return "Failed";
  }
  return "";
}

class QuietTransfer : public TransferSink {
 public:
  void on_layer(const Digest&, State, uint64_t, uint64_t) override {}
  void on_note(const std::string&) override {}
};

class PlainTransfer : public TransferSink {
 public:
  explicit PlainTransfer(Direction direction) : direction_(direction) {}

  void on_layer(const Digest& blob, State state, uint64_t, uint64_t) override {
    const std::lock_guard guard(mutex_);
    const auto [known, added] = states_.try_emplace(blob, state);
    if (!added && known->second == state) return;
    known->second = state;
    std::fprintf(stderr, "%s: %s\n", blob.short_id().c_str(), words(direction_, state));
  }
  void on_note(const std::string& text) override {
    const std::lock_guard guard(mutex_);
    std::fprintf(stderr, "%s\n", printable(text).c_str());
  }

 private:
  const Direction direction_;
  std::mutex mutex_;
  std::map<Digest, State> states_;
};

class BarTransfer : public TransferSink {
 public:
  explicit BarTransfer(Direction direction) : direction_(direction) {}
  ~BarTransfer() override { draw(); }

  void on_layer(const Digest& blob, State state, uint64_t done, uint64_t total) override {
    const std::lock_guard guard(mutex_);
    const auto known =
        std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.blob == blob; });
    const bool news = known == rows_.end() || known->state != state;
    if (known == rows_.end()) {
      rows_.push_back({blob, state, done, total});
    } else {
      *known = {blob, state, done, total};
    }
    const int64_t now = monotonic_ns();
    if (!news && now - drawn_at_ < kBetweenPictures) return;
    drawn_at_ = now;
    draw();
  }
  void on_note(const std::string& text) override {
    const std::lock_guard guard(mutex_);
    notes_.push_back(printable(text));
    draw();
  }

 private:
  struct Row {
    Digest blob;
    State state;
    uint64_t done, total;
  };

  std::string line_of(const Row& row, size_t columns) const {
    std::string text = cat(row.blob.short_id(), ": ", words(direction_, row.state));
    if (row.state != State::moving || row.total == 0) return text;
    const std::string amount = cat(human_size(row.done), "/", human_size(row.total));
    constexpr size_t kWidest = 50;
    const size_t used = text.size() + amount.size() + 5;
    if (columns < used + 10) return cat(text, " ", amount);
    const size_t width = std::min(kWidest, columns - used);
    const auto filled = static_cast<size_t>(static_cast<double>(width) *
                                            static_cast<double>(std::min(row.done, row.total)) /
                                            static_cast<double>(row.total));
    std::string bar(filled, '=');
    if (filled < width) bar += '>';
    bar.resize(width, ' ');
    return cat(text, " [", bar, "] ", amount);
  }

  void draw() {
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
      size.ws_col = 80, size.ws_row = 24;
    const size_t columns = size.ws_col - 1u;
    std::string out;
    if (drawn_ > 0) out += cat("\033[", drawn_, "F\033[J");
    for (std::string& note : notes_) out += note + "\n";
    notes_.clear();
    // What does not fit is what has ended already.
    const size_t room = size.ws_row > 2 ? size.ws_row - 2u : 1u;
    std::vector<const Row*> shown;
    for (const Row& row : rows_) shown.push_back(&row);
    if (shown.size() > room) {
      std::stable_partition(shown.begin(), shown.end(), [](const Row* row) {
        return row->state == State::moving || row->state == State::preparing;
      });
      shown.resize(room);
    }
    for (const Row* row : shown) out += line_of(*row, columns).substr(0, columns) + "\n";
    drawn_ = shown.size();
    std::fputs(out.c_str(), stderr);
  }

  const Direction direction_;
  std::mutex mutex_;
  std::vector<Row> rows_;
  std::vector<std::string> notes_;
  size_t drawn_ = 0;
  int64_t drawn_at_ = 0;
};

}  // namespace

std::unique_ptr<TransferSink> make_transfer_progress(Direction direction, bool quiet) {
  if (quiet) return std::make_unique<QuietTransfer>();
  if (isatty(STDERR_FILENO) != 1) return std::make_unique<PlainTransfer>(direction);
  return std::make_unique<BarTransfer>(direction);
}

}  // namespace mini::cmd
