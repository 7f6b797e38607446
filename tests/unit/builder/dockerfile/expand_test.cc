#include "builder/dockerfile/expand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builder/dockerfile/parser.h"
#include "builder/dockerfile/shell_pattern.h"

namespace mini::dockerfile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::optional<std::string> lookup(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> values = {
      {"A", "hello"},  {"B", "a b"}, {"E", ""}, {"P", "/usr/local/lib.so.1"},
      {"STAR", "a*b"}, {"1", "one"}};
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::string word(const std::string& text, const ExpandOptions& options = {}) {
  return expand_word(text, lookup, options);
}

std::string problem(const std::string& text) {
  try {
    word(text);
  } catch (const ExpandError& error) {
    return std::to_string(error.offset()) + ": " + error.what();
  }
  return "none";
}

TEST(Expand, Plain) {
  EXPECT_EQ(word("x$A-${A}x"), "xhello-hellox");
  EXPECT_EQ(word("$Ax$U|${U}|"), "||");
  EXPECT_EQ(word("$ $. a$"), "$ $. a$");
  EXPECT_EQ(word("$1x${1}"), "onexone");
}

TEST(Expand, Quotes) {
  EXPECT_EQ(word(R"('$A' "$A" "'$A'" '"' \$A \' "\"\$\x\\")"), R"($A hello 'hello' " $A ' "$\x\)");
  EXPECT_EQ(word("a\\"), "a");
}

TEST(Expand, Defaults) {
  EXPECT_EQ(word("${U:-d}${E:-d}${A:-d}"), "ddhello");
  EXPECT_EQ(word("${U-d}${E-d}${A-d}"), "dhello");
  EXPECT_EQ(word("[${U:+a}${E:+a}${A:+a}]"), "[a]");
  EXPECT_EQ(word("[${U+a}${E+b}${A+c}]"), "[bc]");
  EXPECT_EQ(word("${A:?no}${A?no}[${E?no}]"), "hellohello[]");
  EXPECT_EQ(word("${U:-${V:-$A}}"), "hello");
  EXPECT_EQ(word("${U:-'a}b'}"), "a}b");
  EXPECT_EQ(word("${U:-a\\}b}"), "a}b");
}

TEST(Expand, Trimming) {
  EXPECT_EQ(word("${P#*/}"), "usr/local/lib.so.1");
  EXPECT_EQ(word("${P##*/}"), "lib.so.1");
  EXPECT_EQ(word("${P%.*}"), "/usr/local/lib.so");
  EXPECT_EQ(word("${P%%.*}"), "/usr/local/lib");
  EXPECT_EQ(word("${P#nope}${A%?}${A#h?l}"), "/usr/local/lib.so.1helllo");
  EXPECT_EQ(word("${STAR#a\\*}"), "b");
  EXPECT_EQ(word("${U#x}"), "");
}

TEST(Expand, Replacing) {
  EXPECT_EQ(word("${A/l/L}"), "heLlo");
  EXPECT_EQ(word("${A//l/L}"), "heLLo");
  EXPECT_EQ(word("${P//\\//_}"), "_usr_local_lib.so.1");
  EXPECT_EQ(word("${A/e*/$E}"), "h");
  EXPECT_EQ(word("${A//l}x/}"), "hello") << "the pattern goes to the next slash";
  EXPECT_EQ(word("${A/z/L}"), "hello");
  EXPECT_EQ(word("${STAR/\\*/+}"), "a+b");
}

TEST(Expand, Problems) {
  EXPECT_EQ(problem("ab${A"), "2: ${ without a closing }");
  EXPECT_EQ(problem("${A:-x"), "0: ${ without a closing }");
  EXPECT_THAT(problem("x${}"), HasSubstr("1: bad substitution"));
  EXPECT_THAT(problem("${:x}"), HasSubstr("bad substitution"));
  EXPECT_THAT(problem("${A:=x}"), HasSubstr("has no known modifier"));
  EXPECT_THAT(problem("${A^}"), HasSubstr("has no known modifier"));
  EXPECT_EQ(problem("${A/x}"), "0: ${name/pattern without a second /");
  EXPECT_EQ(problem("a'b"), "1: unterminated single quote");
  EXPECT_EQ(problem("a\"b"), "1: unterminated double quote");
  EXPECT_EQ(problem("${U:?give me one}"), "0: U: give me one");
  EXPECT_EQ(problem("${E:?}"), "0: E: may not be empty");
  EXPECT_EQ(problem("${U?}"), "0: U: must be set");
  EXPECT_THAT(problem("ab${A#\\x}"), HasSubstr("2: pattern \"\\\\x\": invalid escape"));
}

TEST(Expand, Words) {
  EXPECT_THAT(expand_words(" $B \"$B\" '' x\\ y ", lookup), ElementsAre("a", "b", "a b", "x y"));
  EXPECT_THAT(expand_words("$U $E", lookup), ElementsAre());
}

TEST(Expand, Options) {
  ExpandOptions backtick;
  backtick.escape = '`';
  EXPECT_EQ(word("`$A \\$A", backtick), "$A \\hello");
  ExpandOptions raw;
  raw.raw_quotes = raw.raw_escapes = true;
  EXPECT_EQ(word(R"("$A" '$A' \$A)", raw), R"("hello" '$A' \$A)");
  ExpandOptions plain;
  plain.plain_quotes = true;
  EXPECT_EQ(word(R"(it's "$A" \$A)", plain), R"(it's "hello" $A)");
  ExpandOptions keep;
  keep.keep_unset = true;
  EXPECT_EQ(word("$U ${U} ${U:-$A} ${U#x} ${U//a/b} $A", keep),
            "$U ${U} ${U:-hello} ${U#x} ${U//a/b} hello");
}

TEST(Expand, ReportsWhatWasUsed) {
  UsedVariables used;
  std::set<std::string> missing;
  ExpandOptions options;
  options.missing = &missing;
  EXPECT_EQ(expand_word("$A ${U:-x} $V", lookup, options, &used), "hello x ");
  EXPECT_THAT(used, ElementsAre(Pair("A", std::optional<std::string>("hello")),
                                Pair("U", std::nullopt), Pair("V", std::nullopt)));
  EXPECT_THAT(missing, ElementsAre("V"));
}

TEST(Expand, IsBounded) {
  std::string deep;
  for (int i = 0; i <= kExpansionDepth; ++i) deep += "${U:-";
  EXPECT_THAT(problem(deep), HasSubstr("nested too deeply"));
  const std::string big(1 << 20, 'x');
  const Lookup huge = [&](std::string_view) { return std::optional<std::string>(big); };
  std::string many;
  for (int i = 0; i < 17; ++i) many += "$A";
  EXPECT_THROW(expand_word(many, huge), ExpandError);
  EXPECT_THROW(expand_word("\"" + many + "\"", huge), ExpandError);
  EXPECT_THROW(expand_word("${A//x/" + std::string(100, 'y') + "}", huge), ExpandError);
  EXPECT_THROW(expand_word("${A//*" + std::string(200, '?') + "z/y}", huge), ExpandError) << "time";
}

TEST(ShellPatterns, StarsTakeTurns) {
  EXPECT_EQ(ShellPattern("*a*b").trim_prefix("xaybzb", false), "zb");
  EXPECT_EQ(ShellPattern("*a*b").trim_prefix("xaybzb", true), "");
  EXPECT_EQ(ShellPattern("a*").trim_suffix("banana", false), "banan");
  EXPECT_EQ(ShellPattern("a*").trim_suffix("banana", true), "b");
  EXPECT_EQ(ShellPattern("?").trim_prefix("\xC3\xA9x", false), "x") << "a whole character";
  EXPECT_EQ(ShellPattern("[a]").replace("x[a]y", "-", false, 100), "x-y") << "no brackets";
}

TEST(ExpandInstruction, KnowsTheFields) {
  const Dockerfile file = parse(
      {"f",
       "FROM x\nCOPY --chown=$A --exclude=$A $A <<i <<'j' /$A/\n$A 'q'\ni\n$A\nj\n"
       "EXPOSE $B 1\nRUN --mount=type=cache,target=/$A echo $A\nENV $A=$B x=\"$A\"\nCMD $A\n"});
  const auto expanded = [&](size_t index) {
    return expand_instruction(*file.source, file.stages[0].instructions[index], file.directives,
                              lookup);
  };
  const Instruction copy = expanded(0);
  EXPECT_EQ(copy.as<Copy>()->chown->text, "hello");
  EXPECT_EQ(copy.as<Copy>()->excludes[0].text, "hello");
  EXPECT_EQ(copy.as<Copy>()->sources[0].text, "hello");
  EXPECT_EQ(copy.as<Copy>()->destination.text, "/hello/");
  EXPECT_EQ(copy.as<Copy>()->inline_files[0].content, "hello 'q'\n");
  EXPECT_EQ(copy.as<Copy>()->inline_files[1].content, "$A\n");
  const Instruction expose = expanded(1);
  ASSERT_EQ(expose.as<Expose>()->ports.size(), 3U);
  EXPECT_EQ(expose.as<Expose>()->ports[1].text, "b");
  const Instruction run = expanded(2);
  EXPECT_EQ(run.as<dockerfile::Run>()->mounts[0].value.target, "/hello");
  EXPECT_EQ(run.as<dockerfile::Run>()->command.shell, "echo $A");
  const Instruction env = expanded(3);
  EXPECT_EQ(env.as<Env>()->pairs[0].key.text, "hello");
  EXPECT_EQ(env.as<Env>()->pairs[0].value.text, "a b");
  EXPECT_EQ(env.as<Env>()->pairs[1].value.text, "hello");
  EXPECT_EQ(expanded(4).as<Cmd>()->command.shell, "$A");
}

TEST(ExpandInstruction, ErrorsHaveTheirPlace) {
  const Dockerfile file = parse({"f", "FROM x\nUSER ab${A\n"});
  try {
    expand_instruction(*file.source, file.stages[0].instructions[0], file.directives, lookup);
    FAIL();
  } catch (const DockerfileError& error) {
    EXPECT_STREQ(error.what(), "f:2:8: ${ without a closing }");
  }
}

}  // namespace
}  // namespace mini::dockerfile
