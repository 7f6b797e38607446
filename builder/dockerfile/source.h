// Where text came from, and what is wrong with it. A Range points into a Source and is 1-based and
// inclusive; columns count bytes. DockerfileError is the one exception of this folder: what() is
// "file:line:column: problem", excerpt() the lines in question with a caret line below, hint() the
// cure. A Warning is the same for what is allowed but unwise. Texts are printable: the Source may
// hold hostile bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace mini::dockerfile {

struct Source {
  std::string name;  // as the user wrote it: "Dockerfile", "-"
  std::string text;
};

struct Position {
  int line = 1;
  int column = 1;
  bool operator==(const Position&) const = default;
};

struct Range {
  Position first, last;
  bool operator==(const Range&) const = default;
};

// A piece of an instruction, not expanded yet, and where it stands.
struct Word {
  std::string text;
  Range range;
};

std::vector<std::string> texts(const std::vector<Word>& words);

struct Warning {
  std::string rule;  // "StageNameCasing"
  Range range;
  std::string message;
  std::string hint;
};

// The first line of the range (and up to `context` lines around it), numbered, and carets below the
// range; each line ends in '\n'. Long lines are cut around the range.
std::string excerpt(const Source& source, const Range& range, int context = 0);

// "Dockerfile:3:7"
std::string location(const Source& source, const Range& range);

class DockerfileError : public Error {
 public:
  DockerfileError(const Source& source, const Range& range, const std::string& problem,
                  std::string hint = {});

  const Range& range() const { return range_; }
  const std::string& problem() const { return problem_; }  // without the location
  const std::string& excerpt() const { return excerpt_; }

 private:
  Range range_;
  std::string problem_;
  std::string excerpt_;
};

}  // namespace mini::dockerfile
