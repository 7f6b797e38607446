// Lints of names and spelling.
#include <algorithm>
#include <array>
#include <set>

#include "builder/dockerfile/lint_rules.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

template <class Visit>
void each_instruction(const Dockerfile& file, Visit visit) {
  for (const Instruction& arg : file.global_args) visit(arg);
  for (const Stage& stage : file.stages) {
    visit(stage.from);
    for (const Instruction& instruction : stage.instructions) visit(instruction);
  }
}

Range keyword_range(const Instruction& instruction) {
  Range out = instruction.range;
  out.last = out.first;
  out.last.column += static_cast<int>(instruction.as_written.size()) - 1;
  return out;
}

void lint_casing(const Dockerfile& file, Warnings& out) {
  size_t upper_count = 0, lower_count = 0;
  each_instruction(file, [&](const Instruction& instruction) {
    upper_count += instruction.as_written == instruction.name;
    lower_count += instruction.as_written == lower(instruction.name);
  });
  const bool want_upper = upper_count >= lower_count;
  each_instruction(file, [&](const Instruction& instruction) {
    const std::string wanted = want_upper ? instruction.name : lower(instruction.name);
    if (instruction.as_written == wanted) return;
    out.push_back(
        {"ConsistentInstructionCasing", keyword_range(instruction),
         cat("instruction \"", instruction.as_written, "\" has another case than the others"),
         cat("write ", wanted)});
  });
}

void lint_stage_name(const Stage& stage, std::set<std::string>& seen, Warnings& out) {
  const From& from = stage.base();
  const Range range = stage.from.range;
  const std::string& keyword = stage.from.as_written;
  if (from.alias.empty()) return;
  if (from.alias != from.alias_as_written) {
    out.push_back(
        {"StageNameCasing", range,
         cat("stage name ", quoted(from.alias_as_written), " contains upper-case letters"),
         cat("write ", from.alias, ": stage names are not case-sensitive")});
  }
  const bool from_upper = keyword == "FROM";
  if (from.as_keyword != (from_upper ? "AS" : "as") && (from_upper || keyword == "from")) {
    out.push_back({"FromAsCasing", range,
                   cat("\"", from.as_keyword, "\" and \"", keyword, "\" differ in case"),
                   cat("write ", from_upper ? "AS" : "as")});
  }
  if (!seen.insert(from.alias).second) {
    out.push_back({"DuplicateStageName", range,
                   cat("stage name ", quoted(from.alias), " is already used"),
                   "give this stage another name: it hides the earlier stage"});
  }
  if (from.alias == "scratch" || from.alias == "context") {
    out.push_back({"ReservedStageName", range,
                   cat("stage name ", quoted(from.alias), " is reserved"),
                   "give this stage another name"});
  }
}

// NAME, its words between underscores: does one of them tell of a secret?
bool names_a_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kSecretWords = {
      "apikey",   "auth",  "credential", "credentials", "key",
      "password", "pword", "passwd",     "secret",      "token"};
  const std::vector<std::string> words = split(lower(name), '_');
  if (std::ranges::find(words, "public") != words.end()) return false;
  return std::ranges::any_of(words, [&](const std::string& word) {
    return std::ranges::find(kSecretWords, word) != kSecretWords.end();
  });
}

void check_secret(std::string_view instruction, const Word& name, Warnings& out) {
  if (!names_a_secret(name.text)) return;
  out.push_back({"SecretsUsedInArgOrEnv", name.range,
                 cat(instruction, " ", quoted(name.text),
                     ": its value is readable in the image and its history"),
                 "pass a secret to the step that needs it: RUN --mount=type=secret,id=name"});
}

}  // namespace

void lint_names(const Dockerfile& file, Warnings& out) {
  lint_casing(file, out);
  std::set<std::string> seen;
  for (const Stage& stage : file.stages) lint_stage_name(stage, seen, out);
  each_instruction(file, [&](const Instruction& instruction) {
    if (instruction.as<Maintainer>()) {
      out.push_back({"MaintainerDeprecated", instruction.range, "MAINTAINER is deprecated",
                     "write LABEL org.opencontainers.image.authors=…"});
    }
    const Env* env = instruction.as<Env>();
    const Label* label = instruction.as<Label>();
    if (!env && !label) return;
    const std::vector<Pair>& pairs = env ? env->pairs : label->pairs;
    if (!pairs[0].legacy) return;
    out.push_back({"LegacyKeyValueFormat", instruction.range,
                   cat(instruction.name, " \"name value\" is a legacy form"),
                   cat("write ", instruction.name, " ", printable(pairs[0].key.text), "=…")});
  });
}

void lint_secrets(const Dockerfile& file, Warnings& out) {
  each_instruction(file, [&](const Instruction& instruction) {
    if (const Env* env = instruction.as<Env>()) {
      for (const Pair& pair : env->pairs) check_secret("ENV", pair.key, out);
    } else if (const Arg* arg = instruction.as<Arg>()) {
      for (const ArgPair& pair : arg->pairs) check_secret("ARG", pair.name, out);
    }
  });
}

}  // namespace mini::dockerfile
