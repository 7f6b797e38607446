// A libFuzzer entry for everything that reads a user's build files: parser, lints, dump, variable
// expansion and .dockerignore. Whatever the bytes, the only way out besides returning is
// mini::Error. Not built by default:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/dockerfile_fuzz.cc
//   builder/dockerfile/*.cc runtime/base/*.cc -lcrypto
#include <cstddef>
#include <cstdint>
#include <string>

#include "builder/dockerfile/dump.h"
#include "builder/dockerfile/expand.h"
#include "builder/dockerfile/ignore.h"
#include "builder/dockerfile/lint.h"

namespace {

namespace df = mini::dockerfile;

std::optional<std::string> lookup(std::string_view name) {
  if (name.size() % 3 == 0) return std::nullopt;
  return std::string(name);
}

template <class Work>
void attempt(Work work) {
  try {
    work();
  } catch (const mini::Error&) {
    // Refusing is an answer.
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  attempt([&] {
    const df::Dockerfile file = df::parse({"Dockerfile", text});
    df::lint(file);
    df::dump(file);
    for (const df::Stage& stage : file.stages) {
      for (const df::Instruction& instruction : stage.instructions)
        attempt(
            [&] { df::expand_instruction(*file.source, instruction, file.directives, lookup); });
    }
  });
  attempt([&] { df::expand_words(text, lookup); });
  attempt([&] {
    const df::IgnoreRules rules = df::IgnoreRules::parse({".dockerignore", text});
    rules.ignored("a/b/c");
    rules.may_include_below("a");
  });
  return 0;
}
