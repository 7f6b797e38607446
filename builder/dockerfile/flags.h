// The `--flags` of one instruction, checked against what it knows: an unknown one is an error with
// a suggestion, one that is given twice, lacks its value or has a bad one is an error too. Throws
// DockerfileError.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "builder/dockerfile/lines.h"
#include "builder/dockerfile/source.h"
#include "builder/dockerfile/words.h"

namespace mini::dockerfile {

enum class FlagKind { boolean, value, list };
struct FlagSpec {
  std::string_view name;  // without the dashes
  FlagKind kind;
};

class Flags {
 public:
  Flags(const Source& source, const LogicalLine& line, std::vector<Token> tokens,
        std::string_view instruction, std::vector<FlagSpec> known);

  bool empty() const { return given_.empty(); }
  std::optional<bool> boolean(std::string_view name) const;
  std::optional<Word> value(std::string_view name) const;
  std::vector<Word> list(std::string_view name) const;
  Range range() const;  // of the first flag

 private:
  struct Given {
    std::string_view name;
    Word value;
    bool on = false;
    Range range;
  };
  [[noreturn]] void fail(const Range& range, const std::string& problem,
                         std::string hint = {}) const;
  [[noreturn]] void unknown(const Range& range, std::string_view name) const;
  void add(const LogicalLine& line, const Token& token);

  const Source& source_;
  std::string_view instruction_;
  std::vector<FlagSpec> known_;
  std::vector<Given> given_;
};

}  // namespace mini::dockerfile
