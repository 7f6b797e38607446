#include "builder/build/source/context.h"
#include "builder/build/stage/build.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "tests/unit/scratch_tree.h"

namespace mini::build {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ContextTest : public ::testing::Test {
 protected:
  ContextTest() { options.context = tree.path(); }

  std::vector<std::string> listed() const { return list_context(options, paths); }
  std::string problem() const {
    try {
      const Context context(options, paths);
    } catch (const Error& error) {
      return std::string(error.what()) + " | " + error.hint();
    }
    return "no error";
  }
  Fd stdin_with(const std::string& text) {
    Pipe pipe = make_pipe();
    write_all(pipe.write.get(), text, "pipe");
    options.stdin_fd = pipe.read.get();
    return std::move(pipe.read);
  }

  ScratchTree tree, store;
  StatePaths paths{store.at("root"), store.at("run")};
  BuildOptions options;
};

TEST_F(ContextTest, FindsTheDockerfile) {
  EXPECT_THAT(problem(), HasSubstr("not found in the context"));
  tree.file("dockerfile", "FROM scratch\n");
  EXPECT_EQ(Context(options, paths).dockerfile().name, "dockerfile");
  tree.file("Dockerfile", "FROM scratch\nLABEL a=b\n");
  EXPECT_THAT(Context(options, paths).dockerfile().text, HasSubstr("LABEL"));
}

TEST_F(ContextTest, ADockerfileMayLieOutsideWhenNamed) {
  ScratchTree elsewhere;
  elsewhere.file("My.Dockerfile", "FROM scratch\n");
  elsewhere.file("My.Dockerfile.dockerignore", "*.log\n");
  tree.file("a.log");
  tree.file("b");
  options.file = elsewhere.at("My.Dockerfile");
  EXPECT_THAT(listed(), ElementsAre("b"));
  options.file = elsewhere.at("nope");
  EXPECT_THAT(problem(), HasSubstr("nope"));
}

TEST_F(ContextTest, ADefaultDockerfileIsNeverReadFromOutside) {
  ScratchTree outside;
  outside.file("secret", "FROM secret\n");
  tree.link("Dockerfile", outside.at("secret"));
  EXPECT_THAT(problem(), HasSubstr("not found"));
}

TEST_F(ContextTest, IgnoresWhileWalking) {
  tree.file("Dockerfile", "FROM scratch\n");
  tree.file(".dockerignore", "node_modules\n*.log\n!keep.log\nout/*\n!out/kept\n");
  tree.file("node_modules/x/y");
  tree.file("a.log");
  tree.file("keep.log");
  tree.file("out/dropped");
  tree.file("out/kept");
  tree.file("src/main.c");
  EXPECT_THAT(listed(), ElementsAre(".dockerignore", "Dockerfile", "keep.log", "out/", "out/kept",
                                    "src/", "src/main.c"));
  const Context context(options, paths);
  EXPECT_EQ(context.ignored_by("a.log"), ".dockerignore:2: \"*.log\"");
  EXPECT_EQ(context.ignored_by("node_modules/x"), ".dockerignore:1: \"node_modules\"");
  EXPECT_FALSE(context.ignored_by("keep.log"));
}

TEST_F(ContextTest, StandardInput) {
  options.file = "-";
  {
    const Fd input = stdin_with("FROM scratch\n");
    EXPECT_EQ(Context(options, paths).dockerfile().text, "FROM scratch\n");
  }
  options.context = "-";
  EXPECT_THAT(problem(), HasSubstr("both"));
  options.file.reset();
  {
    const Fd input = stdin_with("FROM scratch\nLABEL x=y\n");
    const Context context(options, paths);
    EXPECT_THAT(context.dockerfile().text, HasSubstr("LABEL"));
    EXPECT_TRUE(context.view().names("").empty());
  }
}

TEST_F(ContextTest, WhatIsNoDirectoryIsRefusedWithTheCure) {
  options.context = tree.at("nope");
  EXPECT_THAT(problem(), HasSubstr("No such file"));
  tree.file("f");
  options.context = tree.at("f");
  EXPECT_THAT(problem(), HasSubstr("give the Dockerfile with -f"));
}

TEST_F(ContextTest, CheckFindsIgnoredSources) {
  tree.file("Dockerfile", "FROM scratch\nCOPY a.log b /x/\n");
  tree.file(".dockerignore", "*.log\n");
  const CheckResult result = check(options, paths);
  ASSERT_FALSE(result.warnings.empty());
  EXPECT_EQ(result.warnings.back().rule, "CopyIgnoredFile");
  EXPECT_EQ(result.warnings.back().range.first.line, 2);
}

TEST_F(ContextTest, CheckIsSilentWhereSomethingOfADirectoryIsLetIn) {
  tree.file("sub/x");
  tree.file("sub/deep/y");
  tree.file("other/z");
  const auto warns = [&](const std::string& rules, const std::string& source) {
    tree.file("Dockerfile", "FROM scratch\nCOPY " + source + " /o/\n");
    tree.file(".dockerignore", rules);
    const CheckResult result = check(options, paths);
    return std::any_of(result.warnings.begin(), result.warnings.end(),
                       [](const auto& each) { return each.rule == "CopyIgnoredFile"; });
  };
  EXPECT_FALSE(warns("*\n!sub/deep\n", "sub"));
  EXPECT_FALSE(warns("**\n!**/y\n", "sub/deep/"));
  EXPECT_FALSE(warns("*\n!other\n", "."));
  EXPECT_FALSE(warns("sub/x\n", "sub"));
  EXPECT_TRUE(warns("*\n!other\n", "sub"));
  EXPECT_TRUE(warns("sub\n!sub/x\n", "sub/deep"));
  EXPECT_TRUE(warns("**\n", "."));
  EXPECT_TRUE(warns("sub/x\n", "sub/x"));
}

TEST_F(ContextTest, RulesBehindABrokenLinkAreAnError) {
  ScratchTree outside;
  outside.file("rules", "secret\n");
  tree.file("Dockerfile", "FROM scratch\n");
  for (const std::string& target : {outside.at("rules"), std::string("nowhere")}) {
    tree.link(".dockerignore", target);
    EXPECT_THAT(problem(), HasSubstr("not in the context"));
    unlink(tree.at(".dockerignore").c_str());
    tree.link("Dockerfile.dockerignore", target);
    EXPECT_THAT(problem(), HasSubstr("not in the context"));
    unlink(tree.at("Dockerfile.dockerignore").c_str());
  }
  tree.file("rules", "a.txt\n");
  tree.file("a.txt");
  tree.link(".dockerignore", "rules");
  EXPECT_THAT(listed(), ElementsAre(".dockerignore", "Dockerfile", "rules"));
}

}  // namespace
}  // namespace mini::build
