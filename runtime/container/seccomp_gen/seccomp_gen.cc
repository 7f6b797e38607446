// Runs while mini is built: seccomp_gen PROFILE.json OUTPUT.cc writes what seccomp_tables.h
// declares. Being the only user of libseccomp, which knows the numbers of system calls, it keeps
// that library out of mini; the rules are compiled by the code that mini itself has.
#include <linux/seccomp.h>
#include <seccomp.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/container/seccomp/capability.h"
#include "runtime/container/seccomp/seccomp_profile.h"
#include "runtime/container/seccomp/seccomp_rules.h"

namespace mini::container {
namespace {

using Numbers = std::array<int32_t, kSeccompArchCount>;
using Names = std::map<std::string, Numbers>;

constexpr std::array<uint32_t, kSeccompArchCount> kTokens = {
    SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM};
constexpr Numbers kNone = {-1, -1, -1, -1, -1};

// Newer than the library of the distribution that mini is built on. Since 424 all architectures
// share their numbers.
constexpr std::pair<int32_t, const char*> kNewer[] = {
    {451, "cachestat"},         {452, "fchmodat2"},        {453, "map_shadow_stack"},
    {454, "futex_wake"},        {455, "futex_wait"},       {456, "futex_requeue"},
    {457, "statmount"},         {458, "listmount"},        {459, "lsm_get_self_attr"},
    {460, "lsm_set_self_attr"}, {461, "lsm_list_modules"}, {462, "mseal"},
    {463, "setxattrat"},        {464, "getxattrat"},       {465, "listxattrat"},
    {466, "removexattrat"},     {467, "open_tree_attr"},   {468, "file_getattr"},
    {469, "file_setattr"},
};

Names collect_names() {
  Names names;
  const auto put = [&](int arch, int32_t number, const char* name) {
    names.try_emplace(name, kNone).first->second[arch] = number;
  };
  for (int arch = 0; arch < kSeccompArchCount; ++arch) {
    const int32_t bit = static_cast<SeccompArch>(arch) == SeccompArch::x32 ? kX32Bit : 0;
    const auto scan = [&](int32_t from, int32_t to) {
      for (int32_t number = from; number < to; ++number) {
        char* name = seccomp_syscall_resolve_num_arch(kTokens[arch], number);
        if (name) put(arch, number, name);
        std::free(name);
      }
    };
    scan(bit, bit + 1000);
    if (static_cast<SeccompArch>(arch) == SeccompArch::arm) scan(0xf0000, 0xf0010);
    for (const auto& [number, name] : kNewer) put(arch, number | bit, name);
  }
  for (const char* name : {"uretprobe", "uprobe"})
    put(static_cast<int>(SeccompArch::x86_64), name[1] == 'r' ? 335 : 336, name);
  return names;
}

// A raw string literal may not hold more than 65,535 characters everywhere; the profile is shorter.
void write_profile(std::string& out, const std::string& profile) {
  out += cat("std::string_view default_profile() {\n  return R\"profile(", profile,
             ")profile\";\n}\n\n");
}

void write_names(std::string& out, const Names& names) {
  out += "static constexpr SyscallName kNames[] = {\n";
  for (const auto& [name, numbers] : names) {
    out += cat("    {\"", name, "\", {");
    for (const int32_t number : numbers) out += cat(number, ", ");
    out += "}},\n";
  }
  out += "};\nstd::span<const SyscallName> syscall_names() { return kNames; }\n\n";
}

void write_programs(std::string& out, const std::string& profile, const Names& names) {
  const SyscallNumbers numbers = [&](SeccompArch arch,
                                     std::string_view name) -> std::optional<uint32_t> {
    const auto found = names.find(std::string(name));
    if (found == names.end() || found->second[static_cast<int>(arch)] < 0) return std::nullopt;
    return static_cast<uint32_t>(found->second[static_cast<int>(arch)]);
  };
  const uint64_t asked = profile_capabilities(profile, "profile");
  const uint64_t usual = capability_mask(default_capabilities());
  const auto with = [&](const char* name) { return usual | capability_mask({name}); };
  std::string list;
  int index = 0;
  // Every set that differs in what the profile asks: by default, with --cap-drop ALL, --cap-add
  // ALL, and what is added most often.
  for (const uint64_t held :
       {usual, uint64_t{0}, ~uint64_t{0}, with("SYS_ADMIN"), with("SYS_PTRACE")}) {
    const auto program = seccomp_program(select_profile(profile, "profile", held), numbers);
    out += cat("static constexpr sock_filter kProgram", index, "[] = {\n");
    for (const auto& insn : program)
      out += cat("    {", insn.code, ", ", int{insn.jt}, ", ", int{insn.jf}, ", ", insn.k, "U},\n");
    out += "};\n";
    list += cat("    {", held & asked, "U, kProgram", index, "},\n");
    ++index;
  }
  out += cat("static constexpr CompiledProfile kPrograms[] = {\n", list,
             "};\nstd::span<const CompiledProfile> compiled_profiles() { return kPrograms; }\n\n",
             "uint64_t default_profile_capabilities() { return ", asked, "U; }\n");
}

void generate(const std::string& profile_path, const std::string& output_path) {
  const std::string profile = read_file(profile_path);
  const Names names = collect_names();
  std::string out =
      "// Written by seccomp_gen; see seccomp_tables.h.\n"
      "#include \"runtime/container/seccomp/seccomp_tables.h\"\n\n"
      "namespace mini::container {\n\n";
  write_profile(out, profile);
  write_names(out, names);
  write_programs(out, profile, names);
  out += "\n}  // namespace mini::container\n";
  replace_file(output_path, out, false);
}

}  // namespace
}  // namespace mini::container

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: seccomp_gen PROFILE.json OUTPUT.cc\n");
    return 2;
  }
  try {
    mini::container::generate(argv[1], argv[2]);
    return 0;
  } catch (const mini::Error& error) {
    std::fprintf(stderr, "seccomp_gen: %s\n", error.what());
    return 1;
  }
}
