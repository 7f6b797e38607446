// Lints of variables: used, but not set.
#include <algorithm>
#include <array>
#include <set>

#include "builder/dockerfile/expand.h"
#include "builder/dockerfile/lint_rules.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

constexpr std::array<std::string_view, 8> kPlatformArgs = {
    "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT",
    "BUILDPLATFORM",  "BUILDOS",  "BUILDARCH",  "BUILDVARIANT"};
constexpr size_t kMostSuggestions = 100;  // looking for a similar name costs time
constexpr size_t kMostCandidates = 1000;
constexpr int kDeepestBase = 64;

// Where `name` is used, if that can be told from the text of a one-line instruction.
Range range_of_use(const Instruction& instruction, const std::string& name) {
  Range range = instruction.range;
  if (range.first.line != range.last.line) return range;
  for (size_t at = instruction.text.find('$'); at != std::string::npos;
       at = instruction.text.find('$', at + 1)) {
    size_t begin = at + 1;
    if (instruction.text.compare(begin, 1, "{") == 0) ++begin;
    if (instruction.text.compare(begin, name.size(), name) != 0) continue;
    range.last.column = range.first.column + static_cast<int>(begin + name.size()) - 1;
    range.first.column += static_cast<int>(at);
    return range;
  }
  return range;
}

// What an instruction reads without a default and without its being set.
std::set<std::string> missing_variables(const Dockerfile& file, const Instruction& instruction,
                                        const Lookup& lookup) {
  std::set<std::string> missing;
  try {
    expand_instruction(*file.source, instruction, file.directives, lookup, nullptr, &missing);
  } catch (const Error&) {
    // A bad value is for the build to report, which knows the values.
  }
  return missing;
}

bool is_name(std::string_view name) {
  return !name.empty() && (name[0] == '_' || (name[0] >= 'A' && name[0] <= 'Z') ||
                           (name[0] >= 'a' && name[0] <= 'z'));
}

bool is_bad_reference(std::string_view image) {
  return image.empty() || image.find_first_of(":@/") == 0 ||
         image.find_last_of(":@/") == image.size() - 1 ||
         image.find("//") != std::string_view::npos || image.find("/:") != std::string_view::npos;
}

// The names that ENV and ARG set, stage by stage.
class StageVariables {
 public:
  explicit StageVariables(const Dockerfile& file, Warnings& out)
      : file_(file),
        out_(out),
        globals_(global_arg_defaults(file)),
        env_(file.stages.size()),
        bases_(file.stages.size(), nullptr),
        closed_(file.stages.size(), 0) {}

  void lint(const Stage& stage);

 private:
  bool known(std::string_view name) const;
  void declare(const Instruction& instruction);
  void report(const Instruction& instruction, const std::string& name);
  std::optional<std::string> similar(const std::string& name);

  const Dockerfile& file_;
  Warnings& out_;
  GlobalArgs globals_;
  std::vector<std::set<std::string, std::less<>>> env_;
  std::vector<const Stage*> bases_;
  std::vector<char> closed_;  // all variables are known: it is built on scratch
  const Stage* stage_ = nullptr;
  std::set<std::string, std::less<>> args_;
  size_t suggestions_ = 0;
};

bool StageVariables::known(std::string_view name) const {
  if (name == "PATH" || args_.contains(name)) return true;
  int depth = 0;
  for (const Stage* stage = stage_; stage; stage = bases_[static_cast<size_t>(stage->index)]) {
    if (env_[static_cast<size_t>(stage->index)].contains(name)) return true;
    if (++depth > kDeepestBase) return true;
  }
  return false;
}

void StageVariables::declare(const Instruction& instruction) {
  if (const Env* env = instruction.as<Env>()) {
    for (const Pair& pair : env->pairs)
      env_[static_cast<size_t>(stage_->index)].insert(pair.key.text);
  } else if (const Arg* arg = instruction.as<Arg>()) {
    for (const ArgPair& pair : arg->pairs) args_.insert(pair.name.text);
  }
}

std::optional<std::string> StageVariables::similar(const std::string& name) {
  if (++suggestions_ > kMostSuggestions) return std::nullopt;
  std::vector<std::string_view> candidates;
  const auto add = [&](const auto& names) {
    for (const std::string& each : names) {
      if (candidates.size() < kMostCandidates) candidates.push_back(each);
    }
  };
  add(args_);
  int depth = 0;
  for (const Stage* stage = stage_; stage && ++depth <= kDeepestBase;
       stage = bases_[static_cast<size_t>(stage->index)])
    add(env_[static_cast<size_t>(stage->index)]);
  return did_you_mean(name, candidates);
}

void StageVariables::report(const Instruction& instruction, const std::string& name) {
  if (!is_name(name)) return;
  const Range range = range_of_use(instruction, name);
  if (globals_.contains(name) || is_platform_arg(name)) {
    out_.push_back({"ArgBeforeFromUsedLater", range,
                    cat("$", name, " is empty here: an ARG before FROM is not visible in stages"),
                    cat("write ARG ", name, " again, after the FROM of this stage")});
    return;
  }
  const auto meant = similar(name);
  // The base image may set it, which cannot be known here.
  if (!meant && !closed_[static_cast<size_t>(stage_->index)]) return;
  out_.push_back({"UndefinedVar", range, cat("$", name, " is not set"),
                  meant ? cat("did you mean $", *meant, "?")
                        : cat("set it with ARG ", name, " or ENV ", name, "=…")});
}

void StageVariables::lint(const Stage& stage) {
  stage_ = &stage;
  args_.clear();
  const auto index = static_cast<size_t>(stage.index);
  const std::string base = default_base(file_, stage, globals_);
  bases_[index] = find_stage_by_name(file_, base, stage.index);
  closed_[index] =
      bases_[index] ? closed_[static_cast<size_t>(bases_[index]->index)] : base == "scratch";
  // Any value will do: only whether there is one counts.
  const Lookup lookup = [this](std::string_view name) {
    return known(name) ? std::optional<std::string>("x") : std::nullopt;
  };
  for (const Instruction& instruction : stage.instructions) {
    for (const std::string& name : missing_variables(file_, instruction, lookup))
      report(instruction, name);
    declare(instruction);
  }
}

}  // namespace

bool is_platform_arg(std::string_view name) {
  return std::ranges::find(kPlatformArgs, name) != kPlatformArgs.end();
}

GlobalArgs global_arg_defaults(const Dockerfile& file) {
  GlobalArgs out;
  const Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = out.find(std::string(name));
    return found == out.end() ? std::nullopt : found->second;
  };
  constexpr size_t kLongest = 4096;  // no image name is longer; keeps the work linear
  for (const Instruction& instruction : file.global_args) {
    for (const ArgPair& pair : instruction.as<Arg>()->pairs) {
      std::optional<std::string> value;
      try {
        if (pair.value)
          value = expand_at(*file.source, *pair.value, file.directives, lookup).substr(0, kLongest);
      } catch (const Error&) {
        // The build reports it.
      }
      out[pair.name.text] = std::move(value);
    }
  }
  return out;
}

std::string default_base(const Dockerfile& file, const Stage& stage, const GlobalArgs& args) {
  const std::string& image = stage.base().image.text;
  if (image.find_first_of("$\\`'\"") == std::string::npos) return image;
  const Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = args.find(std::string(name));
    return found == args.end() ? std::nullopt : found->second;
  };
  try {
    return expand_at(*file.source, stage.base().image, file.directives, lookup);
  } catch (const Error&) {
    return {};
  }
}

void lint_from_variables(const Dockerfile& file, Warnings& out) {
  const GlobalArgs args = global_arg_defaults(file);
  std::vector<std::string_view> names(kPlatformArgs.begin(), kPlatformArgs.end());
  for (const auto& [name, value] : args) {
    if (names.size() < kMostCandidates) names.push_back(name);
  }
  size_t suggestions = 0;
  const Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const bool known = is_platform_arg(name) || args.contains(std::string(name));
    return known ? std::optional<std::string>("x") : std::nullopt;
  };
  for (const Stage& stage : file.stages) {
    const From& from = stage.base();
    const auto missing = missing_variables(file, stage.from, lookup);
    for (const std::string& name : missing) {
      const auto meant =
          ++suggestions <= kMostSuggestions ? did_you_mean(name, names) : std::nullopt;
      out.push_back({"UndefinedArgInFrom", range_of_use(stage.from, name),
                     cat("FROM uses $", printable(name), ", which no ARG before it declares"),
                     meant ? cat("did you mean $", *meant, "?")
                           : cat("write ARG ", printable(name), "=… before the first FROM")});
    }
    if (missing.empty() && from.image.text.find('$') != std::string::npos &&
        is_bad_reference(default_base(file, stage, args))) {
      out.push_back(
          {"InvalidDefaultArgInFrom", from.image.range,
           cat("without --build-arg, ", quoted(from.image.text), " is not a valid image name"),
           "give the ARG before FROM a default"});
    }
    if (from.platform &&
        (from.platform->text == "$TARGETPLATFORM" || from.platform->text == "${TARGETPLATFORM}")) {
      out.push_back({"RedundantTargetPlatform", from.platform->range,
                     "--platform=$TARGETPLATFORM is the default of FROM", "remove it"});
    }
  }
}

void lint_stage_variables(const Dockerfile& file, Warnings& out) {
  StageVariables variables(file, out);
  for (const Stage& stage : file.stages) variables.lint(stage);
}

}  // namespace mini::dockerfile
