#include "cmd/flags/filters.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

[[noreturn]] void refuse_filter(const std::string& text, const std::string& what,
                                const std::string& hint, ErrorKind kind = ErrorKind::usage) {
  throw Error(cat("flag --filter ", quoted(text), ": ", what), hint, kind);
}

std::string listed(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += cat(out.empty() ? "" : ", ", word);
  return out;
}

}  // namespace

Filters::Filters(const std::vector<std::string>& texts, std::span<const std::string_view> known) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos)
      refuse_filter(text, "not KEY=VALUE", cat("keys: ", listed(known)), ErrorKind::bad_flag);
    const std::string key(trim(text.substr(0, equals)));
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const auto near = did_you_mean(key, known);
      refuse_filter(text, "unknown filter",
                    near ? cat("did you mean ", *near, "=?") : cat("filters: ", listed(known)));
    }
    values_[key].emplace_back(trim(text.substr(equals + 1)));
  }
}

const std::vector<std::string>& Filters::values(const std::string& key) const {
  static const std::vector<std::string> none;
  const auto found = values_.find(key);
  return found == values_.end() ? none : found->second;
}

bool Filters::allow(const std::string& key, std::string_view value) const {
  const auto& wanted = values(key);
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool Filters::allow_labels(const std::map<std::string, std::string>& labels) const {
  return std::all_of(values("label").begin(), values("label").end(), [&](const std::string& text) {
    const size_t equals = text.find('=');
    const auto found = labels.find(text.substr(0, equals));
    return found != labels.end() &&
           (equals == std::string::npos || found->second == text.substr(equals + 1));
  });
}

std::optional<bool> Filters::truth(const std::string& key) const {
  std::optional<bool> out;
  for (const std::string& text : values(key)) {
    const std::string value = lower(text);
    const bool yes = value == "true" || value == "1", no = value == "false" || value == "0";
    if (!yes && !no) refuse_filter(cat(key, "=", text), "not a boolean", "true or false");
    if (out && *out != yes) refuse_filter(cat(key, "=", text), "contradicts an earlier filter", "");
    out = yes;
  }
  return out;
}

void Filters::check_values(const std::string& key,
                           std::span<const std::string_view> allowed) const {
  for (const std::string& value : values(key)) {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) continue;
    const auto near = did_you_mean(value, allowed);
    refuse_filter(cat(key, "=", value), "unknown value",
                  near ? cat("did you mean ", *near, "?") : cat("one of ", listed(allowed)));
  }
}

bool name_matches(std::string_view name, const std::string& pattern) {
  std::string_view rest = pattern;
  const bool at_start = rest.starts_with('^');
  if (at_start) rest.remove_prefix(1);
  const bool at_end = rest.ends_with('$');
  if (at_end) rest.remove_suffix(1);
  const bool slash = rest.starts_with('/');  // Docker's own names begin with one
  if (slash) rest.remove_prefix(1);
  if (rest.find_first_of("^$*+?()[]{}|\\") != std::string_view::npos)
    refuse_filter(cat("name=", pattern), "regular expressions are not supported",
                  "part of a name, with ^ for its beginning and $ for its end");
  if (at_end && (at_start || slash)) return name == rest;
  if (at_start || slash) return name.starts_with(rest);
  if (at_end) return name.ends_with(rest);
  return name.find(rest) != std::string_view::npos;
}

}  // namespace mini::cmd
