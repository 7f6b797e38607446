// The first phase: bytes to logical lines. Takes off a byte order mark, reads the parser directives
// at the top (`# syntax=`, `# escape=`, `# check=`), joins continued lines, drops comments and
// reads here-documents (of RUN, COPY and ADD only). Every character of a logical line can be traced
// to its Position. Throws DockerfileError; linear in the size of the text. Rules as BuildKit's
// Dockerfile front end has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builder/dockerfile/source.h"

namespace mini::dockerfile {

struct Directives {
  char escape = '\\';  // or '`'
  std::string syntax;  // tolerated, not obeyed
  std::string check;   // "skip=RuleA,RuleB;error=true"
  Range check_range;
};

struct Heredoc {
  std::string name;         // the delimiter, without quotes
  std::string content;      // tabs at the start of lines already taken off for <<-
  bool expand = true;       // false when a part of the delimiter was quoted
  bool strip_tabs = false;  // written <<-
  Range range;              // of the content's lines
};

struct LogicalLine {
  struct Piece {
    size_t offset;  // in `text`, where this piece begins
    Position position;
  };

  std::string text;           // joined, without continuation characters and leading blanks
  std::vector<Piece> pieces;  // ascending; the first has offset 0
  std::vector<Heredoc> heredocs;
  Range range;  // with continuations, without the here-documents

  Position position(size_t offset) const;
  Range range_of(size_t begin, size_t end) const;  // of text[begin, end)
};

struct Lines {
  Directives directives;
  std::vector<LogicalLine> lines;  // none is empty
  std::vector<Warning> warnings;   // NoEmptyContinuation
};

Lines split_lines(const Source& source);

}  // namespace mini::dockerfile
