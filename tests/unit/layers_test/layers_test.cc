// Walks the sources and fails on what runs against the house rules; first makes sure that the rules
// bite.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "tests/unit/layers_test/house_rules.h"

namespace mini::house {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The rooms as CMake's link lines have them.
const Rooms& rooms() {
  static const Rooms table = parse_rooms(read_file(MINI_ROOMS));
  return table;
}

struct Snippet {
  const char* path;
  const char* code;
  const char* complaint;  // a part of it; empty: the snippet is fine
};

class Rules : public ::testing::TestWithParam<Snippet> {};

TEST_P(Rules, ComplainExactlyWhereTheyShould) {
  const auto& [path, code, complaint] = GetParam();
  if (*complaint) {
    EXPECT_THAT(complaints(rooms(), path, code), ElementsAre(HasSubstr(complaint))) << code;
  } else {
    EXPECT_THAT(complaints(rooms(), path, code), IsEmpty()) << code;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Includes, Rules,
    ::testing::Values(
        Snippet{"runtime/base/a.cc", "#include \"runtime/files/b.h\"", "runtime/base must not"},
        Snippet{"runtime/image/layer/a.cc", "#include \"runtime/container/spec/b.h\"",
                ":1: the room"},
        Snippet{"runtime/container/spec/a.cc", "\n#include \"runtime/image/layer/b.h\"",
                ":2: the room"},
        Snippet{"runtime/container/launch/a.cc", " # include \"cmd/flags/b.h\"",
                "must not include cmd"},
        Snippet{"runtime/registry/http/a.cc", "#include \"runtime/engine/record/b.h\"",
                "must not include"},
        Snippet{"runtime/registry/http/a.cc", "#include \"runtime/image/document/b.h\"", ""},
        Snippet{"runtime/engine/record/a.cc", "#include \"runtime/registry/http/b.h\"",
                "must not include"},
        Snippet{"runtime/network/link/a.cc", "#include \"runtime/container/spec/b.h\"",
                "must not include"},
        Snippet{"runtime/container/oci/a.cc", "#include \"runtime/network/link/b.h\"",
                "must not include"},
        Snippet{"runtime/container/cgroup/a.cc", "#include \"runtime/container/spec/b.h\"",
                "must not include"},
        Snippet{"runtime/engine/record/a.cc", "#include \"runtime/engine/monitor/b.h\"",
                "must not include"},
        Snippet{"runtime/engine/sandbox/a.cc", "#include \"runtime/network/link/b.h\"", ""},
        Snippet{"runtime/engine/files/a.cc", "#include \"builder/build/stage/b.h\"",
                "must not include"},
        Snippet{"builder/dockerfile/a.cc", "#include \"runtime/image/layer/b.h\"",
                "must not include"},
        Snippet{"builder/build/stage/a.cc", "#include \"cmd/flags/b.h\"", "must not include"},
        Snippet{"cmd/commands/a.cc", "#include \"builder/build/stage/b.h\"", ""},
        Snippet{"builder/build/stage/a.cc", "#include \"runtime/engine/lifecycle/b.h\"", ""},
        Snippet{"runtime/engine/files/a.cc", "#include \"runtime/image/layer/b.h\"  // why", ""},
        Snippet{"runtime/image/layer/a.cc", "#include \"runtime/image/layer/b.h\"", ""},
        Snippet{"runtime/image/layer/a.cc", "// #include \"cmd/flags/b.h\"", ""},
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
  EXPECT_THAT(complaints(rooms(), "cmd/a.cc", text), IsEmpty());
  EXPECT_THAT(complaints(rooms(), "cmd/a.cc", text + "int y;\n"),
              ElementsAre(HasSubstr("401 lines")));
  EXPECT_THAT(complaints(rooms(), "cmd/a.cc", text + "int y;"),
              ElementsAre(HasSubstr("401 lines")));
}

std::string function_of(int lines, const std::string& head, const std::string& end = "") {
  std::string text = head + " {\n";
  for (int i = 2; i < lines; ++i) text += "  if (x) { y(); }\n";
  return text + "}" + end + "\n";
}

TEST(Rules, BoundTheLengthOfFunctions) {
  const auto complaint = [](const std::string& code) {
    return join(complaints(rooms(), "cmd/a.cc", code), "\n");
  };
  const auto too_long = [](const std::string& name) {
    return HasSubstr(cat(name, " has 61 lines, at most 60"));
  };
  for (const char* head :
       {"int f(int a)", "template <class T>\nint A::f(T t) const", "struct stat f(int fd)",
        "A::f(int a) : a_(a), b_{1}", "auto f(int a) -> std::vector<int>", "int f(int) noexcept"}) {
    const int more = static_cast<int>(std::count(head, head + strlen(head), '\n'));
    EXPECT_EQ(complaint(function_of(60 - more, head)), "") << head;
    EXPECT_NE(complaint(function_of(61 - more, head)), "") << head;
  }
  const std::string inside = "namespace a {\nclass B : C {\n public:\n";
  EXPECT_THAT(complaint(inside + function_of(61, "void f()") + "};\n}\n"), too_long("f"));
  EXPECT_THAT(complaint("void g() {}\n\n" + function_of(61, "void A::f()")), too_long("A::f"));
  EXPECT_THAT(complaint("int x;\n\n" + function_of(61, "void f()")), HasSubstr("cmd/a.cc:3: f"));
  // Many short ones in a long class, a table, a macro.
  std::string members;
  for (int i = 0; i < 40; ++i) members += "  int f() {\n    return 1;\n  }\n";
  EXPECT_EQ(complaint("struct A {\n" + members + "};\n"), "");
  std::string rows;
  for (int i = 0; i < 80; ++i) rows += "  {1, f(2)},\n";
  EXPECT_EQ(complaint("const int table[] = {\n" + rows + "};\n"), "");
  EXPECT_EQ(complaint("#define OPEN(x) {\\\n  (x) {\nint f() {\n  return 1;\n}\n"), "");
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
    for (std::string& text : complaints(rooms(), file, read_file(file)))
      found.push_back(std::move(text));
  }
  EXPECT_EQ(join(found, "\n"), "");
}

}  // namespace
}  // namespace mini::house
