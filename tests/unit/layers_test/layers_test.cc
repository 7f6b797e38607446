// Walks the sources and fails on what runs against the house rules; first makes sure that the rules
// bite.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "tests/unit/layers_test/house_rules.h"

namespace mini::house {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Snippet {
  const char* path;
  const char* code;
  const char* complaint;  // a part of it; empty: the snippet is fine
};

class Rules : public ::testing::TestWithParam<Snippet> {};

TEST_P(Rules, ComplainExactlyWhereTheyShould) {
  const auto& [path, code, complaint] = GetParam();
  if (*complaint) {
    EXPECT_THAT(complaints(path, code), ElementsAre(HasSubstr(complaint))) << code;
  } else {
    EXPECT_THAT(complaints(path, code), IsEmpty()) << code;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Includes, Rules,
    ::testing::Values(
        Snippet{"runtime/base/a.cc", "#include \"runtime/image/b.h\"", "runtime/base/ must not"},
        Snippet{"runtime/image/a.cc", "#include \"runtime/container/b.h\"", ":1: the layer"},
        Snippet{"runtime/container/a.cc", "\n#include \"runtime/image/b.h\"", ":2: the layer"},
        Snippet{"runtime/container/x/a.cc", " # include \"cmd/b.h\"", "must not include \"cmd"},
        Snippet{"runtime/registry/a.cc", "#include \"runtime/engine/b.h\"", "must not include"},
        Snippet{"runtime/registry/a.cc", "#include \"runtime/image/b.h\"", ""},
        Snippet{"runtime/engine/a.cc", "#include \"runtime/registry/b.h\"", "must not include"},
        Snippet{"runtime/network/a.cc", "#include \"runtime/container/b.h\"", "must not include"},
        Snippet{"runtime/container/a.cc", "#include \"runtime/network/b.h\"", "must not include"},
        Snippet{"runtime/engine/a.cc", "#include \"runtime/network/b.h\"", ""},
        Snippet{"runtime/engine/a.cc", "#include \"builder/build/b.h\"", "must not include"},
        Snippet{"builder/dockerfile/a.cc", "#include \"runtime/image/b.h\"", "must not include"},
        Snippet{"builder/build/a.cc", "#include \"cmd/b.h\"", "must not include"},
        Snippet{"cmd/a.cc", "#include \"builder/build/b.h\"", ""},
        Snippet{"builder/build/a.cc", "#include \"runtime/engine/b.h\"", ""},
        Snippet{"runtime/engine/a.cc", "#include \"runtime/image/b.h\"  // why", ""},
        Snippet{"runtime/image/a.cc", "#include \"runtime/image/b.h\"", ""},
        Snippet{"runtime/image/a.cc", "// #include \"cmd/b.h\"", ""},
        Snippet{"runtime/image/a.cc", "#include \"b.h\"", "not rooted"},
        Snippet{"runtime/image/a.cc", "#include \"../base/fd.h\"", "not rooted"},
        Snippet{"runtime/image/a.cc", "#include <filesystem>", "must not include <filesystem>"},
        Snippet{"cmd/a.cc", "#include <fstream>", "must not include <fstream>"},
        Snippet{"runtime/base/a.cc", "#include <filesystem>", ""},
        Snippet{"runtime/base/a.cc", "#include <regex>", "must not include <regex>"},
        Snippet{"runtime/image/a.h", "#include <nlohmann/json.hpp>", "slow to compile"},
        Snippet{"runtime/image/a.h", "#include \"runtime/base/json.h\"", "slow to compile"},
        Snippet{"cmd/a.h", "#include <CLI/CLI.hpp>", "slow to compile"},
        Snippet{"runtime/image/a.h", "#include <nlohmann/json_fwd.hpp>", ""},
        Snippet{"runtime/image/a.cc", "#include <nlohmann/json.hpp>", ""}));

INSTANTIATE_TEST_SUITE_P(
    Names, Rules,
    ::testing::Values(
        Snippet{"runtime/engine/a.cc", "  if (mount(a, b, c, d, e) < 0) {", "must not use mount"},
        Snippet{"runtime/engine/a.cc", "return ::mount (a);", "must not use mount"},
        Snippet{"runtime/engine/a.cc", "umount2(a, 0);", "must not use umount2"},
        Snippet{"builder/build/a.cc", "FILE* f = std::fopen(a, \"r\");", "must not use fopen"},
        Snippet{"builder/build/a.cc", "std::ofstream out(a);", "must not use ofstream"},
        Snippet{"runtime/base/a.cc", "getpwnam_r(a);", "must not use getpwnam"},
        Snippet{"runtime/image/a.cc", "archive_read_support_filter_all(a);", "must not use"},
        Snippet{"runtime/image/a.cc", "archive_write_open(a);", "must not use archive_write_"},
        Snippet{"runtime/container/a.cc", "mount(a, b, c, d, e);", ""},
        Snippet{"runtime/engine/a.cc", "volume.mount(a); volume->mount(a); Volume::mount(a);", ""},
        Snippet{"runtime/engine/a.cc", "make_mount(a); mount_point(a); Mount mount;", ""},
        Snippet{"runtime/engine/a.cc", "cat(\"mount(2)\"); // mount(a)\n/* fopen(\n) */", ""},
        Snippet{"runtime/engine/a.cc", "R\"x( mount(a) )x\"; int n = 1'000'000;", ""},
        Snippet{"runtime/engine/a.cc", "char c = '\"'; mount(a); c = '\"';", "must not use mount"},
        Snippet{"runtime/engine/a.cc", "x = \"\\\"\"; mount(a); y = \"\";", "must not use mount"}));

TEST(Rules, BoundTheLength) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "int x;\n";
  EXPECT_THAT(complaints("cmd/a.cc", text), IsEmpty());
  EXPECT_THAT(complaints("cmd/a.cc", text + "int y;\n"), ElementsAre(HasSubstr("401 lines")));
  EXPECT_THAT(complaints("cmd/a.cc", text + "int y;"), ElementsAre(HasSubstr("401 lines")));
}

void collect(const std::string& folder, std::vector<std::string>& files) {
  for (const std::string& name : list_directory(folder)) {
    const std::string path = cat(folder, '/', name);
    struct stat info;
    ASSERT_EQ(lstat(path.c_str(), &info), 0) << path;
    if (S_ISDIR(info.st_mode)) collect(path, files);
    if (name.ends_with(".h") || name.ends_with(".cc")) files.push_back(path);
  }
}

TEST(Sources, KeepTheHouseRules) {
  std::vector<std::string> files, found;
  for (const char* folder : {"cmd", "builder", "runtime"}) collect(folder, files);
  ASSERT_GT(files.size(), 20u) << "run it from the top of the source tree";
  for (const std::string& file : files) {
    for (std::string& text : complaints(file, read_file(file))) found.push_back(std::move(text));
  }
  EXPECT_EQ(join(found, "\n"), "");
}

}  // namespace
}  // namespace mini::house
