// Which here-documents a line announces: `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF`, and each with
// blanks behind the mark: `<< EOF`. Their contents are read by split_lines.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "builder/dockerfile/lines.h"

namespace mini::dockerfile {

// `<<` or `<<-` alone: the next word belongs to it.
bool is_heredoc_mark(std::string_view word);

// The document that one word announces, or a mark and a word with blanks between; contents and
// range are empty.
std::optional<Heredoc> parse_heredoc_word(std::string_view word);

// Those of an instruction's text: only RUN, COPY and ADD (also behind ONBUILD) in shell form have
// any.
std::vector<Heredoc> announced_heredocs(std::string_view text);

}  // namespace mini::dockerfile
