#include "builder/dockerfile/heredoc.h"

#include <string>

#include "builder/dockerfile/expand.h"
#include "builder/dockerfile/words.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

std::optional<std::string> no_variables(std::string_view) {
  return std::nullopt;
}

// Words with their quotes as written (`raw`) or taken off; none when the quotes do not match.
std::vector<std::string> shell_words(std::string_view text, bool raw) {
  ExpandOptions options;
  options.raw_quotes = options.raw_escapes = raw;
  options.keep_unset = true;
  try {
    return expand_words(text, no_variables, options);
  } catch (const ExpandError&) {
    return {};
  }
}

// How far `word` is a mark, `3<<` or `<<-`; 0: it is none.
size_t mark_length(std::string_view word) {
  size_t at = 0;
  while (at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
  if (word.substr(at, 2) != "<<") return 0;
  at += 2;
  return at + (word.substr(at, 1) == "-" ? 1 : 0);
}

// Whether `text` has opened an arithmetic expression that it does not close: there << is a shift.
bool in_arithmetic(std::string_view text) {
  const size_t open = text.rfind("((");
  return open != text.npos && text.find("))", open) == text.npos;
}

}  // namespace

bool is_heredoc_mark(std::string_view word) {
  const size_t length = mark_length(word);
  return length > 0 && length == word.size();
}

std::optional<Heredoc> parse_heredoc_word(std::string_view word) {
  const size_t length = mark_length(word);
  if (length == 0) return std::nullopt;
  Heredoc out;
  out.strip_tabs = word[length - 1] == '-';
  const std::string_view rest = word.substr(skip_blanks(word, length));
  if (rest.empty() || rest.find('<') != std::string_view::npos) return std::nullopt;

  const std::vector<std::string> plain = shell_words(rest, false);
  const std::vector<std::string> raw = shell_words(rest, true);
  if (plain.size() != 1 || raw.size() != 1) return std::nullopt;
  out.name = plain[0];
  out.expand = plain[0] == raw[0];
  return out;
}

std::vector<Heredoc> announced_heredocs(std::string_view text) {
  if (text.find("<<") == std::string_view::npos) return {};
  size_t begin = skip_blanks(text, 0);
  size_t end = skip_word(text, begin);
  if (upper(text.substr(begin, end - begin)) == "ONBUILD") {
    begin = skip_blanks(text, end);
    end = skip_word(text, begin);
  }
  const std::string keyword = upper(text.substr(begin, end - begin));
  if (keyword != "RUN" && keyword != "COPY" && keyword != "ADD") return {};
  if (parse_json_array(text, take_flags(text, end).rest).form == JsonForm::strings) return {};

  std::vector<Heredoc> out;
  std::string mark, before;
  for (const std::string& word : shell_words(text, true)) {
    const bool marks = mark.empty() && is_heredoc_mark(word) && !in_arithmetic(before);
    before += word;
    if (marks) {
      mark = word;
      continue;
    }
    // A blank between keeps `<< -EOF` apart from `<<-EOF`.
    const std::string whole = mark.empty() ? word : cat(mark, ' ', word);
    mark.clear();
    if (auto heredoc = parse_heredoc_word(whole)) out.push_back(std::move(*heredoc));
  }
  return out;
}

}  // namespace mini::dockerfile
