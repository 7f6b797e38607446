// The functions that a template may call, over JSON values. Errors are Error (usage).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mini::cmd {

nlohmann::ordered_json call_template_function(const std::string& name,
                                              std::vector<nlohmann::ordered_json>& operands);
std::string template_text(
    const nlohmann::ordered_json& value);  // as Go prints it: map[a:b], [a b], <no value>
bool template_truth(const nlohmann::ordered_json& value);  // Go's: not zero, not empty

}  // namespace mini::cmd
