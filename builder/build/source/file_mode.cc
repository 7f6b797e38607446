#include "builder/build/source/file_mode.h"

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr uint32_t kUser = 04700, kGroup = 02070, kOther = 01007;
constexpr uint32_t kAllClasses = kUser | kGroup | kOther;

[[noreturn]] void refuse(std::string_view text) {
  throw Error(cat("--chmod=", text, ": not a mode"),
              "write it as octal (0755) or as clauses (u=rwX,go=rX)");
}

std::optional<uint32_t> parse_octal(std::string_view text) {
  if (text.empty() || text.find_first_not_of("01234567") != text.npos) return {};
  uint32_t mode = 0;
  for (const char digit : text) {
    mode = mode * 8 + static_cast<uint32_t>(digit - '0');
    if (mode > 07777) refuse(text);
  }
  return mode;
}

uint32_t class_bits(char who) {
  switch (who) {
    case 'u':
      return kUser;
    case 'g':
      return kGroup;
    case 'o':
      return kOther;
    case 'a':
      return kAllClasses;
    default:
      return 0;
  }
}

// rwx of one class of `mode`, repeated for all three.
uint32_t spread(uint32_t mode, char from) {
  const uint32_t bits = (from == 'u' ? mode >> 6 : from == 'g' ? mode >> 3 : mode) & 7;
  return bits << 6 | bits << 3 | bits;
}

}  // namespace

ModeChange ModeChange::parse(std::string_view text) {
  ModeChange change;
  if ((change.octal_ = parse_octal(text))) return change;
  size_t at = 0;
  do {
    uint32_t who = 0;
    while (at < text.size() && class_bits(text[at]) != 0) who |= class_bits(text[at++]);
    if (who == 0) who = kAllClasses;
    if (at == text.size()) refuse(text);
    while (at < text.size() && text[at] != ',') {
      change.clauses_.push_back(parse_clause(text, at, who, text));
    }
  } while (at < text.size() && text[at++] == ',');
  return change;
}

ModeChange::Clause ModeChange::parse_clause(std::string_view text, size_t& at, uint32_t who,
                                            std::string_view whole) {
  Clause clause;
  clause.who = who;
  clause.operation = text[at++];
  if (clause.operation != '=' && clause.operation != '+' && clause.operation != '-') refuse(whole);
  for (; at < text.size(); ++at) {
    switch (text[at]) {
      case 'r':
        clause.bits |= 0444;
        continue;
      case 'w':
        clause.bits |= 0222;
        continue;
      case 'x':
        clause.bits |= 0111;
        continue;
      case 's':
        clause.bits |= 06000;
        continue;
      case 't':
        clause.bits |= 01000;
        continue;
      case 'X':
        clause.conditional_x = true;
        continue;
      case 'u':
      case 'g':
      case 'o':
        clause.copied = text[at];
        continue;
      case ',':
      case '=':
      case '+':
      case '-':
        return clause;
      default:
        refuse(whole);
    }
  }
  return clause;
}

uint32_t ModeChange::apply(uint32_t mode, bool is_directory) const {
  if (octal_) return *octal_ > 0777 ? *octal_ : (mode & 07000) | *octal_;
  mode &= 07777;
  for (const Clause& clause : clauses_) {
    uint32_t bits = clause.bits;
    if (clause.copied) bits |= spread(mode, *clause.copied);
    if (clause.conditional_x && (is_directory || (mode & 0111) != 0)) bits |= 0111;
    bits &= clause.who;
    if (clause.operation == '+') mode |= bits;
    if (clause.operation == '-') mode &= ~bits;
    if (clause.operation == '=') mode = (mode & ~clause.who) | bits;
  }
  return mode;
}

}  // namespace mini::build
