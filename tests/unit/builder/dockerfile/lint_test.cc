#include "builder/dockerfile/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mini::dockerfile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// "line:rule" of all that is found.
std::vector<std::string> found(const std::string& text) {
  std::vector<std::string> out;
  for (const Warning& warning : lint(parse({"f", text}))) {
    EXPECT_FALSE(warning.message.empty());
    EXPECT_FALSE(warning.hint.empty());
    out.push_back(std::to_string(warning.range.first.line) + ":" + warning.rule);
  }
  return out;
}

TEST(Lint, CleanFilesAreSilent) {
  EXPECT_THAT(
      found("ARG V=1\nFROM alpine:$V AS base\nARG X=1\nENV Y=$X PATH=/x:$PATH\nWORKDIR /a\nWORKDIR "
            "b\n"
            "FROM base\nCOPY --from=base /a /a\nRUN chmod 755 /elsewhere\nUSER $Y\nCMD [\"x\"]\n"),
      ElementsAre());
}

TEST(Lint, Casing) {
  EXPECT_THAT(found("FROM a AS Xy\nRUN a\nrun b\nCopy --from=xy a b\nCOPY --from=xy a b\n"),
              ElementsAre("1:StageNameCasing", "3:ConsistentInstructionCasing",
                          "4:ConsistentInstructionCasing"));
  EXPECT_THAT(found("FROM a as x\n"), ElementsAre("1:FromAsCasing"));
  EXPECT_THAT(found("from a AS x\n"), ElementsAre("1:FromAsCasing"));
}

TEST(Lint, StageNames) {
  EXPECT_THAT(found("FROM a AS x\nFROM x AS x\nFROM x AS context\n"),
              ElementsAre("2:DuplicateStageName", "3:ReservedStageName"));
}

TEST(Lint, Commands) {
  EXPECT_THAT(found("FROM a\nCMD x\nENTRYPOINT y\n"),
              ElementsAre("2:JSONArgsRecommended", "2:ShellFormEntrypointIgnoresCmd",
                          "3:JSONArgsRecommended"));
  EXPECT_THAT(found("FROM a\nSHELL [\"bash\"]\nCMD x\n"), ElementsAre());
  EXPECT_THAT(found("FROM a\nCMD [\"x\"]\nCMD [\"y\"]\nFROM a\nCMD [\"z\"]\n"),
              ElementsAre("1:UnusedStage", "2:MultipleInstructionsDisallowed"));
  EXPECT_THAT(found("FROM a\nCMD ['x', 'y']\n"),
              ElementsAre("2:JSONArgsRecommended", "2:MalformedJSONArray"));
}

TEST(Lint, OldForms) {
  EXPECT_THAT(
      found("FROM a\nMAINTAINER me\nENV a b\nLABEL c d\n"),
      ElementsAre("2:MaintainerDeprecated", "3:LegacyKeyValueFormat", "4:LegacyKeyValueFormat"));
}

TEST(Lint, Secrets) {
  EXPECT_THAT(found("FROM a\nENV AWS_SECRET_KEY=x PUBLIC_KEY=y MONKEY=z\nARG token\n"),
              ElementsAre("2:SecretsUsedInArgOrEnv", "3:SecretsUsedInArgOrEnv"));
}

TEST(Lint, Workdirs) {
  EXPECT_THAT(found("FROM a\nWORKDIR b\nWORKDIR c\n"), ElementsAre("2:WorkdirRelativePath"));
  EXPECT_THAT(found("FROM a AS x\nWORKDIR /b\nFROM x\nWORKDIR c\n"), ElementsAre());
}

TEST(Lint, FromVariables) {
  EXPECT_THAT(found("ARG VERSION\nFROM a:$VERSION\n"), ElementsAre("2:InvalidDefaultArgInFrom"));
  EXPECT_THAT(found("ARG VERSION=1\nFROM a:$VERSOIN\n"), ElementsAre("2:UndefinedArgInFrom"));
  EXPECT_THAT(found("FROM --platform=$TARGETPLATFORM a\n"),
              ElementsAre("1:RedundantTargetPlatform"));
  EXPECT_THAT(found("FROM --platform=$BUILDPLATFORM a:${V:-1}\n"), ElementsAre());
  EXPECT_THAT(lint(parse({"f", "ARG VERSION=1\nFROM a:$VERSOIN\n"}))[0].hint,
              "did you mean $VERSION?");
}

TEST(Lint, StageVariables) {
  EXPECT_THAT(found("FROM scratch\nCOPY a /$nowhere\n"), ElementsAre("2:UndefinedVar"));
  EXPECT_THAT(found("FROM a\nCOPY a /$FROM_THE_IMAGE\n"), ElementsAre())
      << "the base image may set it";
  EXPECT_THAT(found("FROM a\nARG version=1\nCOPY $verison /\n"), ElementsAre("3:UndefinedVar"));
  EXPECT_THAT(found("FROM scratch\nCOPY a /${x:-y}${x+z}\n"), ElementsAre());
  EXPECT_THAT(found("ARG V=1\nFROM a\nCOPY $V /\nARG V\nCOPY $V /\n"),
              ElementsAre("3:ArgBeforeFromUsedLater"));
  EXPECT_THAT(found("FROM scratch AS b\nENV X=1\nARG Y\nFROM b\nUSER $X$Y\n"),
              ElementsAre("5:UndefinedVar"))
      << "ENV is inherited, ARG is not";
}

TEST(Lint, UnusedStages) {
  EXPECT_THAT(
      found("FROM a AS x\nFROM a AS y\nFROM a AS z\nFROM a AS w\nFROM x\nCOPY --from=1 a b\n"
            "RUN --mount=type=bind,from=z,target=/z c\n"),
      ElementsAre("4:UnusedStage"));
}

TEST(Lint, ChmodOfCopiedFiles) {
  EXPECT_THAT(found("FROM a\nWORKDIR /w\nCOPY t.sh ./\nRUN x && chmod +x ./t.sh\n"),
              ElementsAre("4:ChmodDoublesLayer"));
  EXPECT_THAT(found("FROM a\nCOPY . /app\nRUN chown -R me:me /app\n"),
              ElementsAre("3:ChmodDoublesLayer"));
  EXPECT_THAT(found("FROM a\nCOPY x /app/x\nRUN chown -R me /\n"),
              ElementsAre("3:ChmodDoublesLayer"));
  EXPECT_THAT(found("FROM a\nRUN chmod +x /app/t\nCOPY t /app/t\nRUN chmod +x /app/other\n"),
              ElementsAre());
  const auto warnings = lint(parse({"f", "FROM a\nCOPY . /app\nRUN chown -R me:me /app\n"}));
  EXPECT_THAT(warnings[0].hint, HasSubstr("COPY --chown=me:me"));
}

TEST(Lint, CheckDirectiveSkips) {
  EXPECT_THAT(found("# check=skip=MaintainerDeprecated,jsonargsrecommended;error=true\nFROM "
                    "a\nMAINTAINER b\nCMD c\n"),
              ElementsAre());
  EXPECT_THAT(found("# check=skip=all\nFROM a\nMAINTAINER b\n"), ElementsAre());
}

TEST(Lint, CheckDirectiveOptions) {
  const auto directive = [](const std::string& text) {
    return CheckDirective::of(parse({"f", "# check=" + text + "\nFROM a\n"}));
  };
  EXPECT_TRUE(directive("skip=all").skips("CopyIgnoredFile"));
  EXPECT_FALSE(directive("experimental=CopyIgnoredFile").skips("CopyIgnoredFile"));
  EXPECT_FALSE(directive("experimental=all;skip=Other").skips("CopyIgnoredFile"));
  EXPECT_TRUE(directive("skip= A , b ; error = true ").skips("B"));
  EXPECT_TRUE(directive("skip=A;experimental=B;error=1").fails_build());
  EXPECT_FALSE(directive("error=False").fails_build());
  for (const char* bad : {"skip", "warn=true", "error=maybe", "error="})
    EXPECT_THROW(directive(bad), DockerfileError) << bad;
  // BUILDKIT_DOCKERFILE_CHECK takes its place.
  const Dockerfile file = parse({"f", "# check=skip=A\nFROM a\n"});
  EXPECT_FALSE(CheckDirective::of(file, "skip=B;error=true").skips("A"));
  EXPECT_THROW(CheckDirective::of(file, "nonsense"), Error);
}

TEST(Lint, TextForm) {
  const Dockerfile file = parse({"f", "FROM a\nMAINTAINER b\n"});
  EXPECT_EQ(warning_text(*file.source, lint(file)[0]),
            "f:2:1: warning: MAINTAINER is deprecated [MaintainerDeprecated]");
}

}  // namespace
}  // namespace mini::dockerfile
