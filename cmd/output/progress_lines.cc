#include "cmd/output/progress_lines.h"

#include "runtime/base/text.h"

namespace mini::cmd {
namespace {
constexpr size_t kKept = 1 << 20;
constexpr size_t kLine = 4096;
}  // namespace

void OutputLines::end_line(std::vector<std::string>& out) {
  std::string line = printable(open_);
  open_.clear();
  bytes_ += line.size();
  kept_.push_back(line);
  while (bytes_ > kKept) {
    bytes_ -= kept_.front().size();
    kept_.pop_front();
    ++dropped_;
  }
  out.push_back(std::move(line));
}

std::vector<std::string> OutputLines::add(std::string_view piece) {
  std::vector<std::string> out;
  for (const char c : piece) {
    if (c == '\n' || (c == '\r' && !open_.empty()) || open_.size() >= kLine) end_line(out);
    if (c != '\n' && c != '\r') open_ += c;
  }
  return out;
}

std::vector<std::string> OutputLines::flush() {
  std::vector<std::string> out;
  if (!open_.empty()) end_line(out);
  return out;
}

}  // namespace mini::cmd
