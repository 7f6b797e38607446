#include "builder/build/cache/explain.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr size_t kShown = 3;
constexpr size_t kValueShown = 60;

struct Listed {
  std::string_view meta, content;
};

std::map<std::string_view, Listed> parse_listing(std::string_view text) {
  std::map<std::string_view, Listed> files;
  const auto field = [&] {
    const size_t end = std::min(text.find('\0'), text.size());
    const std::string_view value = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return value;
  };
  while (!text.empty()) {
    const std::string_view path = field();
    const std::string_view meta = field();
    files[path] = {meta, field()};
  }
  return files;
}

// "file 644 0:0" -> what differs, in words.
std::string meta_difference(std::string_view before, std::string_view now) {
  const std::vector<std::string> old_fields = split(before, ' '), new_fields = split(now, ' ');
  constexpr const char* kNames[] = {"type", "mode", "owner"};
  for (size_t i = 0; i < 3 && i < old_fields.size() && i < new_fields.size(); ++i) {
    if (old_fields[i] == new_fields[i]) continue;
    return cat(kNames[i], ' ', old_fields[i], " -> ", new_fields[i]);
  }
  return "attributes";
}

std::vector<std::string> file_differences(const std::string& before, const StepKey& now) {
  auto old_files = parse_listing(before);
  std::vector<std::string> changes;
  for (const StepKey::File& file : now.files()) {
    const std::string& name = file.source.empty() ? file.path : file.source;
    const auto old = old_files.find(file.path);
    if (old == old_files.end()) {
      changes.push_back(cat("new: ", name));
      continue;
    }
    if (old->second.content != file.content) {
      changes.push_back(cat("changed: file ", name, " (content)"));
    } else if (old->second.meta != file.meta) {
      changes.push_back(
          cat("changed: file ", name, " (", meta_difference(old->second.meta, file.meta), ')'));
    }
    old_files.erase(old);
  }
  for (const auto& [path, file] : old_files) changes.push_back(cat("gone: ", path));
  return changes;
}

std::string shown(const std::optional<std::string>& value) {
  if (!value) return "(unset)";
  if (value->size() <= kValueShown) return quoted(*value);
  return quoted(value->substr(0, kValueShown)) + "…";
}

std::optional<std::string> value_of(const std::vector<KeyPart>& parts, const std::string& name) {
  for (const KeyPart& part : parts) {
    if (part.name == name) return part.value;
  }
  return {};
}

void compare_part(const std::string& name, const std::optional<std::string>& before,
                  const std::optional<std::string>& now, std::vector<std::string>& out) {
  if (before == now) return;
  if (name == "parent") {
    out.push_back("the files of the previous step changed");
  } else if (name == "command") {
    out.push_back("the command changed");
  } else if (name.starts_with("env ")) {
    out.push_back(
        cat("value of ", name.substr(4), " changed: ", shown(before), " -> ", shown(now)));
  } else if (name == "epoch") {
    out.push_back(cat("SOURCE_DATE_EPOCH changed: ", shown(before), " -> ", shown(now)));
  } else if (name.starts_with("mount ")) {
    out.push_back(cat("the content of --mount at ", name.substr(6), " changed"));
  } else {
    out.push_back(cat(name, " changed: ", shown(before), " -> ", shown(now)));
  }
}

}  // namespace

const PastStep* same_step(const std::vector<PastStep>& past, const std::string& instruction,
                          size_t position) {
  if (position < past.size() && past[position].instruction == instruction) return &past[position];
  for (const PastStep& step : past) {
    if (step.instruction == instruction) return &step;
  }
  // An edited instruction is still the same step when its keyword is.
  const auto keyword = [](const std::string& text) { return text.substr(0, text.find(' ')); };
  if (position < past.size() && keyword(past[position].instruction) == keyword(instruction)) {
    return &past[position];
  }
  return nullptr;
}

std::string explain_difference(const std::vector<KeyPart>& before, const std::string& files_before,
                               const StepKey& now) {
  std::vector<std::string> changes;
  for (const KeyPart& part : now.parts()) {
    const std::optional<std::string> old = value_of(before, part.name);
    if (part.name != "files") {
      compare_part(part.name, old, part.value, changes);
    } else if (old != part.value) {
      std::vector<std::string> files;
      if (!files_before.empty()) files = file_differences(files_before, now);
      if (files.empty()) files.push_back("the files that it copies changed");
      changes.insert(changes.end(), files.begin(), files.end());
    }
  }
  for (const KeyPart& part : before) {
    if (!value_of(now.parts(), part.name)) compare_part(part.name, part.value, {}, changes);
  }
  if (changes.empty()) return "its result is not in the store any more";
  const size_t more = changes.size() > kShown ? changes.size() - kShown : 0;
  changes.resize(std::min(changes.size(), kShown));
  return cat(join(changes, "; "), more > 0 ? cat("; and ", more, " more") : "");
}

}  // namespace mini::build
