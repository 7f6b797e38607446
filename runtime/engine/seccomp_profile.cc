#include "runtime/engine/seccomp_profile.h"

#include <sys/utsname.h>

#include <algorithm>
#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/image/config.h"

namespace mini::engine {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::string native_architecture() {
  const std::string name = image::host_architecture();
  if (name == "amd64") return "SCMP_ARCH_X86_64";
  if (name == "arm64") return "SCMP_ARCH_AARCH64";
  return cat("SCMP_ARCH_", upper(name));
}

// "4.8" against this kernel.
bool kernel_is_at_least(const JsonView& version) {
  const std::vector<std::string> wanted = split(version.string(), '.');
  utsname host{};
  uname(&host);
  const std::vector<std::string> have = split(host.release, '.');
  for (size_t i = 0; i < 2 && i < wanted.size() && i < have.size(); ++i) {
    const auto want = parse_number(wanted[i]);
    if (!want) throw Error(cat(version.path(), ": expected a kernel version"));
    const auto is = parse_number(have[i].substr(0, have[i].find_first_not_of("0123456789")));
    if (is.value_or(0) != *want) return is.value_or(0) > *want;
  }
  return true;
}

bool has_any(const std::vector<std::string>& wanted, const std::vector<std::string>& have) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const auto& item) { return contains(have, item); });
}

// Docker's conditions: all of "includes" must hold, none of "excludes" may.
bool applies(const JsonView& rule, const std::vector<std::string>& capabilities) {
  const std::vector<std::string> here = {image::host_architecture()};
  if (const auto includes = rule.find("includes")) {
    for (const std::string& name : includes->strings_or("caps")) {
      if (!contains(capabilities, name)) return false;
    }
    const auto arches = includes->strings_or("arches");
    if (!arches.empty() && !has_any(arches, here)) return false;
    const auto kernel = includes->find("minKernel");
    if (kernel && !kernel_is_at_least(*kernel)) return false;
  }
  if (const auto excludes = rule.find("excludes")) {
    if (has_any(excludes->strings_or("caps"), capabilities)) return false;
    if (has_any(excludes->strings_or("arches"), here)) return false;
    const auto kernel = excludes->find("minKernel");
    if (kernel && kernel_is_at_least(*kernel)) return false;
  }
  return true;
}

std::optional<uint32_t> errno_of(const JsonView& view, const std::string& key) {
  const auto field = view.find(key);
  if (!field) return {};
  const uint64_t number = field->unsigned_integer();
  if (number > 4095) throw Error(cat(field->path(), ": not an error number"));
  return static_cast<uint32_t>(number);
}

container::SeccompRule parse_rule(const JsonView& view) {
  container::SeccompRule rule;
  rule.names = view.strings_or("names");
  if (const auto name = view.find("name")) rule.names.push_back(name->string());
  rule.action = view.at("action").string();
  rule.errno_ret = errno_of(view, "errnoRet");
  const auto args = view.find("args");
  if (!args) return rule;
  for (const JsonView& arg : args->items()) {
    container::SeccompArg out;
    out.index = static_cast<uint32_t>(arg.at("index").unsigned_integer());
    if (out.index > 5) throw Error(cat(arg.path(), ": a system call has arguments 0 to 5"));
    out.value = arg.at("value").unsigned_integer();
    if (const auto two = arg.find("valueTwo")) out.value_two = two->unsigned_integer();
    out.op = arg.at("op").string();
    rule.args.push_back(out);
  }
  return rule;
}

std::vector<std::string> architectures(const JsonView& profile) {
  std::vector<std::string> out = profile.strings_or("architectures");
  const std::string native = native_architecture();
  if (const auto map = profile.find("archMap")) {
    for (const JsonView& entry : map->items()) {
      if (entry.at("architecture").string() != native) continue;
      out.push_back(native);
      for (std::string& sub : entry.strings_or("subArchitectures")) out.push_back(std::move(sub));
    }
  }
  return out;
}

}  // namespace

container::Seccomp parse_seccomp_profile(std::string_view json, const std::string& name,
                                         const std::vector<std::string>& capabilities) {
  const Json document = parse_json(json, name);
  const JsonView profile(document, name);
  container::Seccomp out;
  out.default_action = profile.at("defaultAction").string();
  out.default_errno_ret = errno_of(profile, "defaultErrnoRet");
  out.architectures = architectures(profile);
  out.flags = profile.strings_or("flags");
  out.listener_path = profile.string_or("listenerPath");
  out.listener_metadata = profile.string_or("listenerMetadata");
  if (const auto rules = profile.find("syscalls")) {
    for (const JsonView& rule : rules->items()) {
      if (applies(rule, capabilities)) out.syscalls.push_back(parse_rule(rule));
    }
  }
  return out;
}

container::Seccomp load_seccomp_profile(const std::string& path,
                                        const std::vector<std::string>& capabilities) {
  const std::string name = cat("seccomp profile ", quoted(path));
  return with_context(name, [&] { return parse_seccomp_profile(read_file(path, kJsonLimit), "profile", capabilities); });
}

}  // namespace mini::engine
