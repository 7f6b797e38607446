#include "runtime/container/seccomp/seccomp_profile.h"

#include <algorithm>
#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/container/seccomp/capability.h"
#include "runtime/container/seccomp/seccomp_rules.h"

namespace mini::container {
namespace {

// mini refuses to run on an older kernel, so a rule for this one or an older one always holds.
constexpr unsigned long long kOldestMajor = 5, kOldestMinor = 14;

#if defined(__x86_64__)
constexpr const char* kProcessor = "amd64";
#elif defined(__aarch64__)
constexpr const char* kProcessor = "arm64";
#endif

bool kernel_is_new_enough(const JsonView& where, const std::string& version) {
  const auto parts = split(version, '.');
  const auto major = parse_number(parts[0]);
  const auto minor = parts.size() > 1 ? parse_number(parts[1]) : 0;
  if (!major || !minor)
    throw Error(cat(where.path(), ": minKernel ", quoted(version), ": malformed"));
  if (std::pair(*major, *minor) > std::pair(kOldestMajor, kOldestMinor))
    throw Error(cat(where.path(), ": minKernel ", quoted(version),
                    ": newer than the oldest kernel that mini runs on"),
                "leave minKernel out; what a kernel does not have it refuses itself");
  return true;
}

uint64_t mask_of(const std::optional<JsonView>& filter) {
  return filter ? capability_mask(filter->strings_or("caps")) : 0;
}

bool names_processor(const JsonView& filter) {
  const auto names = filter.strings_or("arches");
  return std::find(names.begin(), names.end(), kProcessor) != names.end();
}

bool selected(const JsonView& rule, uint64_t capabilities) {
  if (const auto includes = rule.find("includes")) {
    const uint64_t needed = mask_of(includes);
    if ((needed & capabilities) != needed) return false;
    if (includes->find("arches") && !names_processor(*includes)) return false;
    if (const auto kernel = includes->find("minKernel");
        kernel && !kernel_is_new_enough(*kernel, kernel->string()))
      return false;
  }
  if (const auto excludes = rule.find("excludes")) {
    if (mask_of(excludes) & capabilities) return false;
    if (names_processor(*excludes)) return false;
    if (const auto kernel = excludes->find("minKernel");
        kernel && kernel_is_new_enough(*kernel, kernel->string()))
      return false;
  }
  return true;
}

std::optional<uint32_t> errno_of(const JsonView& view, const char* key) {
  const auto value = view.find(key);
  if (!value) return std::nullopt;
  const uint64_t number = value->unsigned_integer();
  if (number > std::numeric_limits<uint32_t>::max())
    throw Error(cat(value->path(), ": out of range"));
  return static_cast<uint32_t>(number);
}

SeccompRule rule_of(const JsonView& view) {
  SeccompRule rule;
  rule.names = view.at("names").strings();
  rule.action = view.at("action").string();
  rule.errno_ret = errno_of(view, "errnoRet");
  if (const auto args = view.find("args")) {
    for (const auto& item : args->items()) {
      SeccompArg arg;
      arg.index = static_cast<uint32_t>(std::min<uint64_t>(item.at("index").unsigned_integer(), 6));
      arg.value = item.at("value").unsigned_integer();
      if (const auto second = item.find("valueTwo")) arg.value_two = second->unsigned_integer();
      arg.op = item.at("op").string();
      rule.args.push_back(std::move(arg));
    }
  }
  return rule;
}

}  // namespace

uint64_t profile_capabilities(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name);
  uint64_t mask = 0;
  for (const auto& rule : JsonView(document, name).at("syscalls").items())
    mask |= mask_of(rule.find("includes")) | mask_of(rule.find("excludes"));
  return mask;
}

Seccomp select_profile(std::string_view json, const std::string& name, uint64_t capabilities) {
  const Json document = parse_json(json, name);
  const JsonView profile(document, name);
  Seccomp result;
  result.default_action = profile.at("defaultAction").string();
  result.default_errno_ret = errno_of(profile, "defaultErrnoRet");
  if (const auto map = profile.find("archMap")) {
    for (const auto& entry : map->items()) {
      if (entry.at("architecture").string() != native_seccomp_arch()) continue;
      result.architectures = entry.strings_or("subArchitectures");
      result.architectures.insert(result.architectures.begin(), native_seccomp_arch());
    }
  }
  result.flags = profile.strings_or("flags");
  for (const auto& rule : profile.at("syscalls").items())
    if (selected(rule, capabilities)) result.syscalls.push_back(rule_of(rule));
  return result;
}

}  // namespace mini::container
