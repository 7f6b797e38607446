// One logical line to one typed Instruction: cuts off the keyword and the flags, then lets the
// keyword's own function read the rest. Throws DockerfileError; warnings (rule MalformedJSONArray)
// go to the list it was given.
#pragma once

#include <string_view>
#include <vector>

#include "builder/dockerfile/flags.h"
#include "builder/dockerfile/instruction.h"
#include "builder/dockerfile/words.h"

namespace mini::dockerfile {

class InstructionParser {
 public:
  InstructionParser(const Source& source, const Directives& directives,
                    std::vector<Warning>& warnings)
      : source_(source), directives_(directives), warnings_(warnings) {}

  Instruction parse(const LogicalLine& line) const;

 private:
  // The line being read, and where its arguments begin.
  struct Arguments {
    const LogicalLine& line;
    std::string_view name;  // upper case keyword
    Range keyword;
    std::vector<Token> flags;
    size_t begin;  // behind the flags

    std::string_view text() const { return std::string_view(line.text).substr(begin); }
    Range range() const { return line.range_of(begin, line.text.size()); }
    Range range(const Token& token) const { return line.range_of(token.begin, token.end); }
    Word word(const Token& token) const { return {token.text, range(token)}; }
    Word rest() const { return {std::string(text()), range()}; }
  };

  [[noreturn]] void fail(const Range& range, const std::string& problem,
                         std::string hint = {}) const;
  [[noreturn]] void unknown_instruction(const Arguments& arguments) const;
  Flags flags(const Arguments& arguments, std::vector<FlagSpec> known) const;
  void no_flags(const Arguments& arguments) const { flags(arguments, {}); }
  void need_arguments(const Arguments& arguments, std::string_view example) const;

  Body body(const Arguments& arguments) const;
  From from(const Arguments& arguments) const;
  Arg arg(const Arguments& arguments) const;
  std::vector<Pair> pairs(const Arguments& arguments) const;
  Word single(const Arguments& arguments, std::string_view example) const;
  Expose expose(const Arguments& arguments) const;
  Volume volume(const Arguments& arguments) const;
  Onbuild onbuild(const Arguments& arguments) const;

  // command_parser.cc: what runs a command.
  CommandLine command_line(const Arguments& arguments, size_t begin) const;
  Run run(const Arguments& arguments) const;
  Cmd cmd(const Arguments& arguments) const;
  Entrypoint entrypoint(const Arguments& arguments) const;
  Shell shell(const Arguments& arguments) const;
  Healthcheck healthcheck(const Arguments& arguments) const;
  int64_t duration(const Flags& flags, std::string_view name) const;
  int retries(const Flags& flags) const;

  // copy_parser.cc
  Copy copy(const Arguments& arguments) const;
  std::vector<Word> word_list(const Arguments& arguments) const;

  const Source& source_;
  const Directives& directives_;
  std::vector<Warning>& warnings_;
};

}  // namespace mini::dockerfile
