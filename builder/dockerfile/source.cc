#include "builder/dockerfile/source.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

constexpr int kExcerptWidth = 160;
constexpr int kLeadBeforeCaret = 60;
constexpr int kExcerptLines = 8;

// Line `number` (1-based) without its end; nothing behind the last one.
std::string_view line_of(std::string_view text, int number) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (int line = 1; line < number; ++line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  std::string_view found = text.substr(0, text.find('\n'));
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

// How many columns a terminal gives to printable text: one per UTF-8 character.
size_t width(std::string_view shown) {
  return std::ranges::count_if(shown, [](char c) { return (c & 0xC0) != 0x80; });
}

void add_line(std::string& out, const Source& source, int number, const Range& range) {
  const std::string_view line = line_of(source.text, number);
  const bool marked = number >= range.first.line && number <= range.last.line;
  size_t from = number == range.first.line ? std::max(range.first.column - 1, 0) : 0;
  from = std::min(from, line.size());
  size_t to = number == range.last.line ? std::max(range.last.column, 1) : line.size();
  to = std::clamp(to, from, line.size());
  const size_t cut = marked && from > kLeadBeforeCaret ? from - kLeadBeforeCaret : 0;
  const size_t end = std::min(line.size(), cut + kExcerptWidth);

  std::string label = std::to_string(number);
  label.insert(0, label.size() < 5 ? 5 - label.size() : 0, ' ');
  out += cat(label, " | ", cut ? "…" : "", printable(line.substr(cut, end - cut)),
             end < line.size() ? "…" : "", '\n');
  if (!marked || (line.empty() && range.first.line != range.last.line)) return;

  std::string blanks(width(printable(line.substr(cut, from - cut))) + (cut ? 1 : 0), ' ');
  // A tab is as wide as the terminal likes; repeating it keeps the caret below its character.
  for (size_t i = cut; i < from && i - cut < blanks.size(); ++i) {
    if (line[i] == '\t' && width(line.substr(cut, i - cut)) == i - cut) blanks[i - cut] = '\t';
  }
  const size_t shown_to = std::min(std::max(to, from), end);
  const size_t carets = std::max<size_t>(
      width(printable(line.substr(from, shown_to > from ? shown_to - from : 0))), 1);
  out += cat(std::string(label.size(), ' '), " | ", blanks, std::string(carets, '^'), '\n');
}

}  // namespace

std::vector<std::string> texts(const std::vector<Word>& words) {
  std::vector<std::string> result;
  for (const Word& word : words) result.push_back(word.text);
  return result;
}

std::string location(const Source& source, const Range& range) {
  return cat(printable(source.name), ":", range.first.line, ":", range.first.column);
}

std::string excerpt(const Source& source, const Range& range, int context) {
  const int first = std::max(range.first.line - context, 1);
  const int last = std::min(range.last.line, range.first.line + kExcerptLines - 1) + context;
  const int lines = 1 + static_cast<int>(std::ranges::count(source.text, '\n'));
  std::string out;
  for (int number = first; number <= std::min(last, lines); ++number)
    add_line(out, source, number, range);
  return out;
}

DockerfileError::DockerfileError(const Source& source, const Range& range,
                                 const std::string& problem, std::string hint)
    : Error(cat(location(source, range), ": ", problem), std::move(hint)),
      range_(range),
      problem_(problem),
      excerpt_(dockerfile::excerpt(source, range)) {}

}  // namespace mini::dockerfile
