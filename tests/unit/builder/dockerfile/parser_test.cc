#include "builder/dockerfile/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mini::dockerfile {
namespace {

// The accepted language and every error are in tests/golden/dockerfile; here is what a dump does
// not show.

TEST(Parser, FindsStagesByNameAndIndex) {
  const Dockerfile file = parse({"f", "FROM a AS One\nFROM b AS two\nFROM c AS one\nFROM d\n"});
  EXPECT_EQ(find_stage(file, "ONE")->index, 2) << "the last of a name";
  EXPECT_EQ(find_stage(file, "one", 2)->index, 0) << "only stages before";
  EXPECT_EQ(find_stage(file, "one", 0), nullptr);
  EXPECT_EQ(find_stage(file, "3")->index, 3);
  EXPECT_EQ(find_stage(file, "3", 3), nullptr);
  EXPECT_EQ(find_stage(file, "4"), nullptr);
  EXPECT_EQ(find_stage(file, ""), nullptr);
  EXPECT_EQ(find_stage_by_name(file, "3"), nullptr);
}

TEST(Parser, RunScripts) {
  const auto run = [](const std::string& text) {
    const Dockerfile file = parse({"f", "FROM a\n" + text});
    return *file.stages[0].instructions[0].as<dockerfile::Run>();
  };
  EXPECT_EQ(run("RUN <<EOF\na\nb\nEOF\n").script(), "a\nb\n");
  EXPECT_EQ(run("RUN cat <<EOF > /x && y\n$a\nEOF\n").script(), "cat <<EOF > /x && y\n$a\nEOF");
  EXPECT_EQ(run("RUN plain $x\n").script(), "plain $x");
  EXPECT_TRUE(run("RUN <<EOF\n#!/usr/bin/env python\nEOF\n").is_script_file());
  EXPECT_FALSE(run("RUN sh <<EOF\n#!/bin/sh\nEOF\n").is_script_file());
  EXPECT_EQ(run("RUN cat <<A <<B\n1\nA\n2\nB\n").script(), "cat <<A <<B\n1\nA\n2\nB");
}

TEST(Parser, TriggersAreReadAgain) {
  const Dockerfile file = parse({"f", "FROM a\nONBUILD COPY <<x /y\nhi\nx\n"});
  const Onbuild* onbuild = file.stages[0].instructions[0].as<Onbuild>();
  EXPECT_EQ(onbuild->text, "COPY <<x /y\nhi\nx");
  const Instruction again = parse_trigger({"ONBUILD trigger", onbuild->text});
  EXPECT_EQ(again.as<Copy>()->inline_files[0].content, "hi\n");
  EXPECT_THROW(parse_trigger({"t", "FROM a"}), DockerfileError);
  EXPECT_THROW(parse_trigger({"t", "RUN a\nRUN b"}), DockerfileError);
  EXPECT_THROW(parse_trigger({"t", ""}), DockerfileError);
}

TEST(Parser, RangesSurviveContinuations) {
  const Dockerfile file = parse({"f", "FROM a\nCOPY --from=b \\\n  src \\\n  /dst\n"});
  const Instruction& copy = file.stages[0].instructions[0];
  EXPECT_EQ(copy.range, (Range{{2, 1}, {4, 6}}));
  EXPECT_EQ(copy.as<Copy>()->from->range, (Range{{2, 13}, {2, 13}}));
  EXPECT_EQ(copy.as<Copy>()->sources[0].range, (Range{{3, 3}, {3, 5}}));
  EXPECT_EQ(copy.as<Copy>()->destination.range, (Range{{4, 3}, {4, 6}}));
}

TEST(Parser, KnowsItsInstructions) {
  EXPECT_TRUE(is_instruction("RUN"));
  EXPECT_FALSE(is_instruction("RUM"));
}

}  // namespace
}  // namespace mini::dockerfile
