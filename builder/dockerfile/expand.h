// Variable expansion with the rules of BuildKit's shell lexer: $X ${X} ${X:-w} ${X-w} ${X:+w}
// ${X+w} ${X:?w} ${X?w} ${X#p} ${X##p} ${X%p} ${X%%p}
// ${X/p/r} ${X//p/r}, words nested, quotes and the escape character. Pure and bounded: the result
// is at most kExpansionLimit bytes and nesting at most kExpansionDepth; otherwise, and for a bad
// substitution, ExpandError with the offset into the text. expand_instruction knows which fields of
// which instruction are expanded and turns ExpandError into DockerfileError.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "builder/dockerfile/instruction.h"

namespace mini::dockerfile {

constexpr size_t kExpansionLimit = 16 << 20;
constexpr int kExpansionDepth = 100;

// The value of a variable; nothing when it is unset.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

// What was asked for, for cache keys and lints: name -> value seen (nothing: unset).
using UsedVariables = std::map<std::string, std::optional<std::string>>;

struct ExpandOptions {
  char escape = '\\';
  bool raw_quotes = false;    // quotes are obeyed and kept
  bool raw_escapes = false;   // escape characters are obeyed and kept
  bool plain_quotes = false;  // quotes are ordinary characters (here-documents)
  bool keep_unset = false;    // $X of an unset X stays as written
  std::set<std::string>* missing =
      nullptr;  // gets the unset variables that were read without a default, for lints
};

class ExpandError : public Error {
 public:
  ExpandError(size_t offset, const std::string& message, std::string hint = {})
      : Error(message, std::move(hint)), offset_(offset) {}
  size_t offset() const { return offset_; }

 private:
  size_t offset_;
};

// One string in, one string out; blanks stay.
std::string expand_word(std::string_view text, const Lookup& lookup,
                        const ExpandOptions& options = {}, UsedVariables* used = nullptr);
// Splits at blanks outside quotes, also those that come from a variable outside quotes.
std::vector<std::string> expand_words(std::string_view text, const Lookup& lookup,
                                      const ExpandOptions& options = {},
                                      UsedVariables* used = nullptr);

// A copy of `instruction` with every expandable field expanded; mounts are re-read with the
// variables. EXPOSE may get more ports. FROM expands image and platform (give a lookup of the
// global ARGs). RUN, CMD, ENTRYPOINT, SHELL, HEALTHCHECK, MAINTAINER and ONBUILD keep their text.
// All pairs of one ENV, LABEL or ARG see the same variables, those from before the instruction.
Instruction expand_instruction(const Source& source, const Instruction& instruction,
                               const Directives& directives, const Lookup& lookup,
                               UsedVariables* used = nullptr,
                               std::set<std::string>* missing = nullptr);

// One Word, errors located in the source.
std::string expand_at(const Source& source, const Word& word, const Directives& directives,
                      const Lookup& lookup, UsedVariables* used = nullptr);

}  // namespace mini::dockerfile
