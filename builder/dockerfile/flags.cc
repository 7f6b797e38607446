#include "builder/dockerfile/flags.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace mini::dockerfile {

Flags::Flags(const Source& source, const LogicalLine& line, std::vector<Token> tokens,
             std::string_view instruction, std::vector<FlagSpec> known)
    : source_(source), instruction_(instruction), known_(std::move(known)) {
  for (const Token& token : tokens) add(line, token);
}

void Flags::fail(const Range& range, const std::string& problem, std::string hint) const {
  throw DockerfileError(source_, range, problem, std::move(hint));
}

void Flags::unknown(const Range& range, std::string_view name) const {
  std::vector<std::string_view> names;
  std::vector<std::string> dashed;
  for (const FlagSpec& spec : known_) {
    names.push_back(spec.name);
    dashed.push_back(cat("--", spec.name));
  }
  const auto meant = did_you_mean(name, names);
  std::string hint = meant           ? cat("did you mean --", *meant, "?")
                     : names.empty() ? cat(instruction_, " takes no flags")
                                     : cat(instruction_, " knows ", join(dashed, ", "));
  fail(range, cat(instruction_, ": unknown flag ", quoted(cat("--", name))), std::move(hint));
}

void Flags::add(const LogicalLine& line, const Token& token) {
  const std::string_view text = std::string_view(token.text).substr(2);
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  Given given{{}, {}, false, line.range_of(token.begin, token.end)};

  const auto spec = std::ranges::find(known_, name, &FlagSpec::name);
  if (spec == known_.end()) unknown(given.range, name);
  given.name = spec->name;
  if (spec->kind != FlagKind::list &&
      std::ranges::find(given_, spec->name, &Given::name) != given_.end()) {
    fail(given.range, cat(instruction_, ": flag --", name, " is given twice"), "keep one of them");
  }
  if (equals != std::string_view::npos) given.value.text = text.substr(equals + 1);

  if (spec->kind == FlagKind::boolean) {
    const std::string value = lower(given.value.text);
    if (equals != std::string_view::npos && value != "true" && value != "false") {
      fail(
          given.range,
          cat(instruction_, ": flag --", name, ": ", quoted(given.value.text), " is not a boolean"),
          cat("write --", name, " or --", name, "=false"));
    }
    given.on = value != "false";
  } else if (given.value.text.empty()) {
    fail(given.range, cat(instruction_, ": flag --", name, " needs a value"),
         cat("write --", name, "=…, without spaces"));
  }

  given.value.range = given.range;
  if (token.text.size() == token.end - token.begin && !given.value.text.empty())
    given.value.range = line.range_of(token.end - given.value.text.size(), token.end);
  given_.push_back(std::move(given));
}

std::optional<bool> Flags::boolean(std::string_view name) const {
  const auto found = std::ranges::find(given_, name, &Given::name);
  if (found == given_.end()) return std::nullopt;
  return found->on;
}

std::optional<Word> Flags::value(std::string_view name) const {
  const auto found = std::ranges::find(given_, name, &Given::name);
  if (found == given_.end()) return std::nullopt;
  return found->value;
}

std::vector<Word> Flags::list(std::string_view name) const {
  std::vector<Word> out;
  for (const Given& given : given_) {
    if (given.name == name) out.push_back(given.value);
  }
  return out;
}

Range Flags::range() const {
  return given_.empty() ? Range{} : given_.front().range;
}

}  // namespace mini::dockerfile
