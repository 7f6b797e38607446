#include "builder/dockerfile/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builder/dockerfile/heredoc.h"

namespace mini::dockerfile {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(const std::string& text) {
  std::vector<std::string> out;
  for (const LogicalLine& line : split_lines({"f", text}).lines) out.push_back(line.text);
  return out;
}

std::string lines_problem(const std::string& text) {
  try {
    split_lines({"f", text});
  } catch (const DockerfileError& error) {
    return error.what();
  }
  return "none";
}

TEST(Lines, CommentsAndBlankLinesAreDropped) {
  EXPECT_THAT(texts("# c\n\n  FROM a  \n\t# d\nRUN b # e\n"), ElementsAre("FROM a", "RUN b # e"));
}

TEST(Lines, ContinuationsJoin) {
  EXPECT_THAT(texts("RUN a \\\n  b \\  \n# comment\n  c\nCMD d"),
              ElementsAre("RUN a   b   c", "CMD d"));
  EXPECT_THAT(texts("RUN a \\"), ElementsAre("RUN a"));
  EXPECT_THAT(texts("RUN a\\\\\nCMD b"), ElementsAre("RUN a\\\\", "CMD b"))
      << "an escaped backslash";
}

TEST(Lines, CarriageReturnsAndByteOrderMark) {
  const Lines lines = split_lines({"f", "\xEF\xBB\xBF# escape=`\r\nRUN a `\r\n b\r\n"});
  EXPECT_EQ(lines.directives.escape, '`');
  ASSERT_EQ(lines.lines.size(), 1U);
  EXPECT_EQ(lines.lines[0].text, "RUN a  b");
  EXPECT_EQ(lines.lines[0].range, (Range{{2, 1}, {3, 2}}));
}

TEST(Lines, DirectivesOnlyAtTheTop) {
  const Lines lines =
      split_lines({"f", "# Syntax = docker/dockerfile:1 \n#ESCAPE=`\n# check=skip=all\nFROM a"});
  EXPECT_EQ(lines.directives.syntax, "docker/dockerfile:1");
  EXPECT_EQ(lines.directives.escape, '`');
  EXPECT_EQ(lines.directives.check, "skip=all");
  for (const char* before : {"# a comment\n", "\n", "FROM a\n", "# unknown=x\n"})
    EXPECT_EQ(split_lines({"f", std::string(before) + "# escape=`\n"}).directives.escape, '\\')
        << before;
}

TEST(Lines, BadDirectives) {
  EXPECT_EQ(lines_problem("# escape=x\nFROM a"),
            "f:1:1: escape character \"x\" is neither a backslash nor a backtick");
  EXPECT_EQ(lines_problem("# syntax=a\n# Syntax=b"),
            "f:2:1: parser directive \"syntax\" is given twice");
}

TEST(Lines, EmptyContinuationLinesWarn) {
  const Lines lines = split_lines({"f", "RUN a \\\n\n\n  b"});
  EXPECT_EQ(lines.lines[0].text, "RUN a   b");
  ASSERT_EQ(lines.warnings.size(), 1U);
  EXPECT_EQ(lines.warnings[0].rule, "NoEmptyContinuation");
  EXPECT_EQ(lines.warnings[0].range.first.line, 2);
}

TEST(Lines, EveryCharacterHasItsPlace) {
  const Lines lines = split_lines({"f", "RUN a \\\n  bc \\\n# x\nd"});
  const LogicalLine& line = lines.lines[0];
  ASSERT_EQ(line.text, "RUN a   bc d");
  EXPECT_EQ(line.position(4), (Position{1, 5}));
  EXPECT_EQ(line.position(line.text.find("bc")), (Position{2, 3}));
  EXPECT_EQ(line.position(line.text.find('d')), (Position{4, 1}));
  EXPECT_EQ(line.range_of(line.text.find("bc"), line.text.size()), (Range{{2, 3}, {4, 1}}));
}

TEST(Lines, Heredocs) {
  const Lines lines = split_lines({"f", "COPY <<a <<-\"b\" /d\n$x\na\n\t\ttab\n\tb\nCMD c"});
  ASSERT_EQ(lines.lines.size(), 2U);
  const auto& docs = lines.lines[0].heredocs;
  ASSERT_EQ(docs.size(), 2U);
  EXPECT_EQ(docs[0].content, "$x\n");
  EXPECT_TRUE(docs[0].expand);
  EXPECT_EQ(docs[1].name, "b");
  EXPECT_EQ(docs[1].content, "tab\n");
  EXPECT_FALSE(docs[1].expand);
  EXPECT_EQ(docs[1].range.first.line, 4);
  EXPECT_EQ(lines.lines[1].text, "CMD c");
}

TEST(Lines, HeredocsOnlyWhereTheyBelong) {
  EXPECT_THAT(texts("CMD cat <<EOF\nRUN x"), ElementsAre("CMD cat <<EOF", "RUN x"));
  EXPECT_THAT(texts("RUN [\"cat\", \"<<EOF\"]\nRUN x"),
              ElementsAre("RUN [\"cat\", \"<<EOF\"]", "RUN x"));
  EXPECT_THAT(texts("RUN cat <<<EOF\nRUN echo $((1<<3))\nRUN echo 'a <<EOF'"),
              ElementsAre("RUN cat <<<EOF", "RUN echo $((1<<3))", "RUN echo 'a <<EOF'"));
  EXPECT_THAT(texts("RUN <<EOF\n# kept\nEOF\nONBUILD RUN <<A\nx\nA"),
              ElementsAre("RUN <<EOF", "ONBUILD RUN <<A"));
}

TEST(Lines, UnterminatedHeredoc) {
  EXPECT_EQ(lines_problem("FROM a\nRUN cat <<EOF\nx\n EOF\n"),
            "f:2:9: here-document \"EOF\" is not terminated");
}

TEST(Lines, HeredocWords) {
  EXPECT_EQ(parse_heredoc_word("3<<-X")->name, "X");
  EXPECT_TRUE(parse_heredoc_word("3<<-X")->strip_tabs);
  EXPECT_FALSE(parse_heredoc_word("<<'X'")->expand);
  EXPECT_FALSE(parse_heredoc_word("<<E\\OF")->expand);
  for (const char* word : {"<<", "<<-", "<X", "x<<X", "<<<X", "<<X Y", "<<'X"})
    EXPECT_FALSE(parse_heredoc_word(word)) << word;
}

TEST(Lines, NulBytesAreRefused) {
  EXPECT_EQ(lines_problem(std::string("FROM a\nRUN \0x", 13)), "f:2:5: NUL byte in the text");
}

}  // namespace
}  // namespace mini::dockerfile
