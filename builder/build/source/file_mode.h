// `--chmod`: an octal number, or clauses as of chmod(1): "u=rwX,go=rX", "a+x", "-w". Throws Error.
// An octal number without set-id and sticky bits leaves those of the file, as BuildKit does; one
// with such bits is taken whole (BuildKit drops them without a word).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mini::build {

class ModeChange {
 public:
  static ModeChange parse(std::string_view text);

  // The permission bits (07777) that `mode` gets.
  uint32_t apply(uint32_t mode, bool is_directory) const;

 private:
  struct Clause {
    uint32_t who = 0;  // the permission bits of the classes that are meant
    char operation = '=';
    uint32_t bits = 0;           // for all classes
    bool conditional_x = false;  // X
    std::optional<char> copied;  // "g=u"
  };
  static Clause parse_clause(std::string_view text, size_t& at, uint32_t who,
                             std::string_view whole);

  std::optional<uint32_t> octal_;
  std::vector<Clause> clauses_;
};

}  // namespace mini::build
