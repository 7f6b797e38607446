// Capability names and bits: "CAP_CHOWN", "chown" and "ALL" as users write them. capabilities(7).
// Knows every capability up to CAP_CHECKPOINT_RESTORE. Pure, but for kernel_capabilities and the
// two functions that expand "ALL" to what this kernel knows. Throws Error (usage) on an unknown
// name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mini::container {

std::optional<int> capability_bit(std::string_view name);  // "CAP_X" or "X", any case
std::string capability_name(int bit);                      // "CAP_X"
// "ALL" is every capability of this kernel. Throws on an unknown name, with a suggestion.
uint64_t capability_mask(const std::vector<std::string>& names);
uint64_t kernel_capabilities();  // all that this kernel knows
// Docker's rules for --cap-add/--cap-drop over `base`; "ALL" in either list. Result sorted by bit.
std::vector<std::string> apply_capability_flags(const std::vector<std::string>& base,
                                                const std::vector<std::string>& add,
                                                const std::vector<std::string>& drop);
const std::vector<std::string>& default_capabilities();

}  // namespace mini::container
