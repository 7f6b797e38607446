// `--filter KEY=VALUE` of the listings. Keys that the command does not know are refused with "did
// you mean". Values of one key are alternatives, but for labels, which must all match. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mini::cmd {

class Filters {
 public:
  Filters(const std::vector<std::string>& texts, std::span<const std::string_view> known);

  bool has(const std::string& key) const { return values_.contains(key); }
  const std::vector<std::string>& values(const std::string& key) const;  // empty when not given
  // True without the filter, or when one of its values is exactly `value`.
  bool allow(const std::string& key, std::string_view value) const;
  bool allow_labels(const std::map<std::string, std::string>& labels) const;  // label=K[=V]
  std::optional<bool> truth(const std::string& key) const;  // dangling=true; others are refused

  // The values of `key` must be among these; the Error names them.
  void check_values(const std::string& key, std::span<const std::string_view> allowed) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

// name=: a part of the name; `^` and `$` tie it to the ends. Other signs of regular expressions
// cannot be in a name and are refused.
bool name_matches(std::string_view name, const std::string& pattern);

}  // namespace mini::cmd
