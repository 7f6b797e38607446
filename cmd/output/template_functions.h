// The functions that a template may call, over JSON values. Errors are Error (usage).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mini::cmd {

nlohmann::ordered_json call_template_function(const std::string& name,
                                              std::vector<nlohmann::ordered_json>& operands);
// Like Go's encoder: what could act on a terminal is escaped as \uNNNN. Indent -1: one line.
std::string template_json(const nlohmann::ordered_json& value, int indent = -1);
std::string template_text(
    const nlohmann::ordered_json& value);  // as Go prints it: map[a:b], [a b], <no value>
bool template_truth(const nlohmann::ordered_json& value);  // Go's: not zero, not empty

}  // namespace mini::cmd
