#include "builder/dockerfile/lines.h"

#include <algorithm>
#include <optional>

#include "builder/dockerfile/heredoc.h"
#include "builder/dockerfile/words.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

struct PhysicalLine {
  std::string_view text;  // without its end
  std::string_view raw;   // with it
  int number = 0;
};

class LineReader {
 public:
  explicit LineReader(const Source& source) : source_(source), rest_(source.text) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  Lines read();

 private:
  std::optional<PhysicalLine> next();
  [[noreturn]] void fail(const Range& range, const std::string& problem, std::string hint = {}) {
    throw DockerfileError(source_, range, problem, std::move(hint));
  }
  void directive(const PhysicalLine& line);
  void set_directive(const std::string& key, std::string_view value, const Range& range);
  bool cut_continuation(std::string_view& text) const;
  void read_logical(const PhysicalLine& first, size_t indent);
  void read_heredocs(LogicalLine& line);

  const Source& source_;
  std::string_view rest_;
  int number_ = 0;
  bool directives_done_ = false;
  std::vector<std::string> seen_;
  Lines out_;
};

bool is_comment(std::string_view text) {
  const size_t first = skip_blanks(text, 0);
  return first < text.size() && text[first] == '#';
}

Range whole_line(const PhysicalLine& line) {
  return {{line.number, 1}, {line.number, std::max<int>(static_cast<int>(line.text.size()), 1)}};
}

std::optional<PhysicalLine> LineReader::next() {
  if (rest_.empty()) return std::nullopt;
  const size_t end = std::min(rest_.find('\n'), rest_.size());
  PhysicalLine line;
  line.raw = rest_.substr(0, std::min(end + 1, rest_.size()));
  line.text = rest_.substr(0, end);
  while (line.text.ends_with('\r')) line.text.remove_suffix(1);
  line.number = ++number_;
  rest_.remove_prefix(line.raw.size());
  if (const size_t zero = line.text.find('\0'); zero != std::string_view::npos) {
    const Position at{line.number, static_cast<int>(zero) + 1};
    fail({at, at}, "NUL byte in the text", "a Dockerfile is a UTF-8 text file");
  }
  return line;
}

void LineReader::set_directive(const std::string& key, std::string_view value, const Range& range) {
  if (std::ranges::find(seen_, key) != seen_.end())
    fail(range, cat("parser directive \"", key, "\" is given twice"), "keep one of them");
  seen_.push_back(key);
  if (key == "syntax") {
    out_.directives.syntax = value;
  } else if (key == "check") {
    out_.directives.check = value;
    out_.directives.check_range = range;
  } else if (value == "\\" || value == "`") {
    out_.directives.escape = value[0];
  } else {
    fail(range, cat("escape character ", quoted(value), " is neither a backslash nor a backtick"),
         "write `# escape=\\` or `# escape=``");
  }
}

// `# key = value` at the very top; anything else ends the directives.
void LineReader::directive(const PhysicalLine& line) {
  if (directives_done_) return;
  directives_done_ = true;
  std::string_view text = trim(line.text);
  if (!text.starts_with('#')) return;
  text = trim(text.substr(1));
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return;
  const std::string key = lower(trim(text.substr(0, equals)));
  const std::string_view value = trim(text.substr(equals + 1));
  if (value.empty() || (key != "syntax" && key != "escape" && key != "check")) return;
  directives_done_ = false;
  set_directive(key, value, whole_line(line));
}

// Takes off an escape character at the end and the blanks behind it; a doubled one is an escaped
// escape character.
bool LineReader::cut_continuation(std::string_view& text) const {
  size_t end = text.size();
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
  const char escape = out_.directives.escape;
  if (end == 0 || text[end - 1] != escape) return false;
  if (end > 1 && text[end - 2] == escape) return false;
  text = text.substr(0, end - 1);
  return true;
}

void LineReader::read_logical(const PhysicalLine& first, size_t indent) {
  LogicalLine line;
  std::optional<Range> empty_continuation;
  std::optional<PhysicalLine> physical = first;
  bool more = false;
  do {
    std::string_view text = physical->text.substr(indent);
    const bool is_first = physical->number == first.number;
    if (!is_first && is_comment(text)) {
      more = true;
    } else if (!is_first && skip_blanks(text, 0) == text.size()) {
      if (!empty_continuation) empty_continuation = whole_line(*physical);
      more = true;
    } else {
      more = cut_continuation(text);
      const Position start{physical->number, static_cast<int>(indent) + 1};
      line.pieces.push_back({line.text.size(), start});
      line.text += text;
    }
    indent = 0;
  } while (more && (physical = next()));

  while (!line.text.empty() && is_blank(line.text.back())) line.text.pop_back();
  if (line.text.empty()) return;
  line.range = line.range_of(0, line.text.size());
  if (empty_continuation) {
    out_.warnings.push_back({"NoEmptyContinuation", *empty_continuation,
                             "empty line inside a continued instruction",
                             "remove it, or write a comment there"});
  }
  read_heredocs(line);
  out_.lines.push_back(std::move(line));
}

void LineReader::read_heredocs(LogicalLine& line) {
  line.heredocs = announced_heredocs(line.text);
  for (Heredoc& heredoc : line.heredocs) {
    heredoc.range = {{number_ + 1, 1}, {number_ + 1, 1}};
    bool terminated = false;
    while (auto physical = next()) {
      std::string_view text = physical->text;
      std::string_view raw = physical->raw;
      if (heredoc.strip_tabs) {
        const size_t tabs = std::min(raw.find_first_not_of('\t'), raw.size());
        raw.remove_prefix(tabs);
        text.remove_prefix(std::min(tabs, text.size()));
      }
      if (text == heredoc.name) {
        terminated = true;
        break;
      }
      heredoc.content += raw;
      heredoc.range.last = whole_line(*physical).last;
    }
    if (!terminated) {
      const size_t mark = line.text.find("<<");
      fail(line.range_of(mark, skip_word(line.text, mark)),
           cat("here-document ", quoted(heredoc.name), " is not terminated"),
           cat("end it with a line that contains only ", printable(heredoc.name)));
    }
  }
}

Lines LineReader::read() {
  while (auto line = next()) {
    directive(*line);
    const size_t indent = skip_blanks(line->text, 0);
    if (indent == line->text.size() || line->text[indent] == '#') continue;
    read_logical(*line, indent);
  }
  return std::move(out_);
}

}  // namespace

Position LogicalLine::position(size_t offset) const {
  auto piece = std::ranges::upper_bound(pieces, offset, {}, &Piece::offset);
  if (piece == pieces.begin()) return {};
  --piece;
  return {piece->position.line, piece->position.column + static_cast<int>(offset - piece->offset)};
}

Range LogicalLine::range_of(size_t begin, size_t end) const {
  return {position(begin), position(end > begin ? end - 1 : begin)};
}

Lines split_lines(const Source& source) {
  return LineReader(source).read();
}

}  // namespace mini::dockerfile
