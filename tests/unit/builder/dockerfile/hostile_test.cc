// Large and malformed input: nothing may crash, and everything ends in time that grows with the
// size of the input: at these sizes, quadratic work is plain to see.
#include <gtest/gtest.h>

#include <random>

#include "builder/dockerfile/dump.h"
#include "builder/dockerfile/ignore.h"
#include "builder/dockerfile/lint.h"

namespace mini::dockerfile {
namespace {

constexpr int kMany = 5'000;

std::string repeat(const std::string& text, int count) {
  std::string out;
  out.reserve(text.size() * static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

void swallow(const std::string& text) {
  try {
    const Dockerfile file = parse({"f", text});
    lint(file);
    dump(file);
  } catch (const DockerfileError&) {
    // Refusing is fine.
  }
}

TEST(Hostile, ManyInstructions) {
  for (const char* line : {"RUN x\n", "ENV a=$b\n", "COPY a b\n", "WORKDIR a\n", "CMD x\n",
                           "RUN chmod 1 /a/b\n", "ARG x=$y\n"})
    EXPECT_EQ(parse({"f", "FROM a\n" + repeat(line, kMany)}).stages[0].instructions.size(), kMany);
  swallow("FROM scratch\n" +
          repeat("COPY a /b/c\nWORKDIR x\nRUN chmod -R 1 /b\nENV k=$undefined$other\n", kMany / 4));
}

TEST(Hostile, HundredThousandLines) {
  const std::string text = repeat("ENV a=$b\n", 100'000);
  const Dockerfile file = parse({"f", "FROM scratch\n" + text});
  EXPECT_EQ(file.stages[0].instructions.size(), 100'000U);
  EXPECT_EQ(lint(file).size(), 100'000U);
}

TEST(Hostile, ManyStages) {
  std::string text;
  for (int i = 0; i < kMany; ++i)
    text += "FROM " + (i ? "s" + std::to_string(i - 1) : "scratch") + " AS s" + std::to_string(i) +
            "\nENV v" + std::to_string(i) + "=$w\n";
  swallow(text);
  swallow("ARG A=x\n" + repeat("FROM $A AS a\nCOPY --from=a b c\n", kMany / 2));
}

TEST(Hostile, LongLines) {
  swallow("FROM a\nRUN " + std::string(1 << 20, 'x'));
  swallow("FROM a\nRUN x \\\n" + repeat("y \\\n", kMany));
  swallow("FROM a\nRUN x \\\n" + repeat("\n", kMany) + repeat("# c\n", kMany) + "y");
  swallow("FROM a\nENV " + repeat("a=b ", kMany));
  swallow("FROM a\nCOPY " + repeat("$", 1 << 18) + " b");
  swallow("FROM a\nCOPY " + repeat("${a:-", 1 << 18) + " b");
  swallow("FROM a\nCOPY " + repeat("--exclude=a ", kMany) + " a b");
  swallow("FROM a\nRUN " + repeat("<<a ", 20'000) + "\n" + repeat("a\n", 20'000));
  swallow("FROM a\nRUN [" + repeat("\"a\",", kMany) + "\"b\"]");
  swallow("FROM a\nCMD " + repeat("[", 1 << 20));
  swallow("FROM a\nRUN chmod 1 " + repeat("a/", 1 << 17) + " b\nCOPY " + repeat("a/", 1 << 17) +
          " " + repeat("b/", 1 << 17));
  swallow(repeat("ONBUILD ", kMany) + "x");
  std::string files = "FROM a\nCOPY ", contents;
  for (int i = 0; i < kMany; ++i) {
    files += "<<f" + std::to_string(i) + " ";
    contents += "f" + std::to_string(i) + "\n";
  }
  swallow(files + "/d/\n" + contents);
}

TEST(Hostile, ManyVariables) {
  std::string text = "FROM scratch\n";
  for (int i = 0; i < 5'000; ++i)
    text += "ENV n" + std::to_string(i) + "=$m" + std::to_string(i) + "\n";
  swallow(text);
  text.clear();
  for (int i = 0; i < 5'000; ++i)
    text += "ARG n" + std::to_string(i) + "=$n" + std::to_string(i - 1) + "$n" +
            std::to_string(i - 1) + "x\n";
  swallow(text + "FROM $n4999\n");
}

TEST(Hostile, RandomBytes) {
  std::mt19937 random(1);
  const std::string pieces[] = {
      "FROM ", "RUN ", "COPY ", "--",       "=",      "\n",    "\\\n", "<<E",          "E\n",
      "\"",    "'",    "[",     "]",        ",",      "${",    "}",    ":-",           "#",
      "/",     "*",    "\xFF",  "\xE2\x80", "mount=", "type=", "ENV ", "HEALTHCHECK ", "ONBUILD ",
      "a",     " ",    "\t",    "\r",       "ARG "};
  for (int round = 0; round < 5'000; ++round) {
    std::string text = round % 2 ? "FROM a\n" : "";
    for (unsigned i = random() % 30; i > 0; --i) text += pieces[random() % std::size(pieces)];
    swallow(text);
    try {
      IgnoreRules::parse({"i", text}).ignored("a/b");
    } catch (const DockerfileError&) {
      // A bad pattern.
    }
  }
}

TEST(Hostile, TruncatedAnywhere) {
  const std::string whole =
      "# escape=`\nARG A=1\nFROM --platform=$B a:${A:-2} AS c\nRUN "
      "--mount=type=cache,target=/d,mode=0755 <<E cat && `\n  x\nq\nE\n"
      "COPY --from=c [\"a b\", \"\\u00e9\"]\nENV k=\"v `\" w\" l='m'\nHEALTHCHECK --interval=1s "
      "CMD [\"x\"]\nONBUILD ADD <<-F /y\n\tz\n\tF\n";
  for (size_t size = 0; size <= whole.size(); ++size) swallow(whole.substr(0, size));
}

}  // namespace
}  // namespace mini::dockerfile
