// Every folder of tests/golden/dockerfile holds a Dockerfile and what mini makes of it: the parsed
// form and the warnings, or the error as a user sees it. A new case is a new folder.
// MINI_UPDATE_GOLDEN=1 writes the expectations anew, for review in the diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "builder/dockerfile/dump.h"
#include "builder/dockerfile/lint.h"

namespace mini::dockerfile {
namespace {

namespace fs = std::filesystem;
const char* const kCases = "tests/golden/dockerfile";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::string with_hint(std::string text, const std::string& hint) {
  if (!hint.empty()) text += "hint: " + hint + "\n";
  return text;
}

std::string outcome(std::string text) {
  try {
    const Dockerfile file = parse({"Dockerfile", std::move(text)});
    std::string out = dump(file);
    for (const Warning& warning : lint(file))
      out += with_hint(warning_text(*file.source, warning) + "\n", warning.hint);
    return out;
  } catch (const DockerfileError& error) {
    return with_hint("error\n" + std::string(error.what()) + "\n" + error.excerpt(), error.hint());
  }
}

std::vector<std::string> cases() {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kCases, error))
    out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, IsAsExpected) {
  const fs::path folder = fs::path(kCases) / GetParam();
  ASSERT_TRUE(fs::exists(folder / "Dockerfile"));
  const std::string actual = outcome(read(folder / "Dockerfile"));
  if (std::getenv("MINI_UPDATE_GOLDEN")) std::ofstream(folder / "expected") << actual;
  EXPECT_EQ(actual, read(folder / "expected"));
}

INSTANTIATE_TEST_SUITE_P(Dockerfile, Golden, testing::ValuesIn(cases()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(GoldenFolder, HasItsCases) {
  EXPECT_GE(cases().size(), 40U) << "run from the top of the source tree";
}

}  // namespace
}  // namespace mini::dockerfile
