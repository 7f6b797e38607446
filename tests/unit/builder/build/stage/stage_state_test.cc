#include "builder/build/stage/stage_state.h"

#include <gmock/gmock.h>

#include "builder/dockerfile/expand.h"
#include "builder/dockerfile/parser.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

using ::testing::ElementsAre;

class StageStateTest : public ::testing::Test {
 protected:
  // Applies instructions as a stage would.
  StageState& apply(const std::string& instructions) {
    const dockerfile::Dockerfile file =
        dockerfile::parse({"Dockerfile", "FROM scratch\n" + instructions});
    for (const dockerfile::Instruction& written : file.stages[0].instructions) {
      const dockerfile::Instruction expanded =
          dockerfile::expand_instruction(*file.source, written, file.directives, state.lookup());
      EXPECT_TRUE(apply_metadata(state, expanded, args)) << written.text;
    }
    return state;
  }
  std::string last() const { return state.config.history.back().created_by; }

  StageState state = StageState::begin({}, 0);
  ArgSources args;
};

TEST_F(StageStateTest, ScratchHasAPath) {
  EXPECT_THAT(state.config.env,
              ElementsAre("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
  EXPECT_EQ(state.config.working_dir, "/");
  EXPECT_EQ(state.config.os, "linux");
  EXPECT_EQ(state.config.created, "1970-01-01T00:00:00Z");
}

TEST_F(StageStateTest, EnvReplacesInPlace) {
  apply("ENV A=1 B=2\nENV A=3 C=\"x y\"\n");
  EXPECT_THAT(state.config.env, ElementsAre(::testing::_, "A=3", "B=2", "C=x y"));
  EXPECT_EQ(last(), "ENV A=3 C=x y");
  EXPECT_TRUE(state.config.history.back().empty_layer);
}

TEST_F(StageStateTest, EntrypointDropsAnInheritedCommandOnly) {
  image::ImageConfig base;
  base.cmd = {"sh"};
  state = StageState::begin(base, 0);
  apply("ENTRYPOINT [\"a\"]\n");
  EXPECT_FALSE(state.config.cmd);
  state = StageState::begin(base, 0);
  apply("CMD [\"b\"]\nENTRYPOINT [\"a\"]\n");
  EXPECT_THAT(*state.config.cmd, ElementsAre("b"));
  StageState next = state.child();
  std::swap(state, next);
  apply("ENTRYPOINT [\"c\"]\n");
  EXPECT_FALSE(state.config.cmd);  // it was the parent stage's
}

TEST_F(StageStateTest, ShellFormsGoThroughTheShell) {
  apply("CMD echo \"hi\" $HOME\n");
  EXPECT_THAT(*state.config.cmd, ElementsAre("/bin/sh", "-c", "echo \"hi\" $HOME"));
  EXPECT_EQ(last(), "CMD [\"/bin/sh\" \"-c\" \"echo \\\"hi\\\" $HOME\"]");
  apply("SHELL [\"/bin/bash\", \"-ec\"]\nENTRYPOINT run\n");
  EXPECT_THAT(*state.config.entrypoint, ElementsAre("/bin/bash", "-ec", "run"));
  EXPECT_EQ(state.config.history[1].created_by, "SHELL [/bin/bash -ec]");
}

TEST_F(StageStateTest, EmptyAndAbsentCommandsDiffer) {
  apply("CMD []\nENTRYPOINT []\n");
  ASSERT_TRUE(state.config.cmd);
  EXPECT_TRUE(state.config.cmd->empty());
  EXPECT_EQ(last(), "ENTRYPOINT []");
}

TEST_F(StageStateTest, ArgTakesFlagThenDefaultThenGlobal) {
  args.build_args = {{"A", "flag"}};
  args.global = {{"B", "global"}, {"A", "global"}};
  apply("ARG A=default\nARG B\nARG C=own\nARG D\nARG E=$C-x\n");
  EXPECT_EQ(state.variable("A"), "flag");
  EXPECT_EQ(state.variable("B"), "global");
  EXPECT_EQ(state.variable("C"), "own");
  EXPECT_FALSE(state.variable("D"));
  EXPECT_EQ(state.variable("E"), "own-x");
  EXPECT_EQ(state.config.history[3].created_by, "ARG D");
  EXPECT_EQ(run_history(state, {"/bin/sh", "-c", "make"}),
            "RUN |5 A=flag B=global C=own D= E=own-x /bin/sh -c make # buildkit");
  EXPECT_EQ(state.config.env.size(), 1u);  // an ARG is not in the image
}

TEST_F(StageStateTest, PortsVolumesUsersLabels) {
  apply("EXPOSE 80 53/udp 8000-8002/TCP\nVOLUME /a /b\nUSER app:app\nLABEL x=1 \"y\"=\"2 3\"\n");
  EXPECT_THAT(state.config.exposed_ports,
              ElementsAre("53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"));
  EXPECT_EQ(state.config.history[0].created_by,
            "EXPOSE [80/tcp 53/udp 8000/tcp 8001/tcp 8002/tcp]");
  EXPECT_EQ(state.config.history[1].created_by, "VOLUME [/a /b]");
  EXPECT_EQ(state.config.user, "app:app");
  EXPECT_EQ(state.config.labels.at("y"), "2 3");
  EXPECT_THROW(apply("EXPOSE 80/xyz\n"), Error);
  EXPECT_THROW(apply("EXPOSE 90-80\n"), Error);
  EXPECT_THROW(apply("EXPOSE 70000\n"), Error);
}

TEST_F(StageStateTest, HealthcheckAndStopSignal) {
  apply("HEALTHCHECK --interval=90s --retries=2 CMD curl -f x\nSTOPSIGNAL SIGQUIT\n");
  EXPECT_THAT(state.config.healthcheck->test, ElementsAre("CMD-SHELL", "curl -f x"));
  EXPECT_EQ(state.config.history[0].created_by,
            "HEALTHCHECK {Test:[CMD-SHELL curl -f x] Interval:1m30s Timeout:0s StartPeriod:0s "
            "StartInterval:0s Retries:2}");
  EXPECT_EQ(state.config.stop_signal, "SIGQUIT");
  apply("HEALTHCHECK NONE\n");
  EXPECT_THAT(state.config.healthcheck->test, ElementsAre("NONE"));
  EXPECT_THROW(apply("STOPSIGNAL SIGNOPE\n"), Error);
}

TEST_F(StageStateTest, TriggersAreForChildrenOnly) {
  apply("ONBUILD RUN make\nONBUILD COPY . /src\n");
  EXPECT_THAT(state.config.on_build, ElementsAre("RUN make", "COPY . /src"));
  EXPECT_TRUE(state.config.history.empty());
  EXPECT_TRUE(state.child().config.on_build.empty());
  EXPECT_TRUE(StageState::begin(state.config, 0).config.on_build.empty());
}

TEST_F(StageStateTest, WorkingDirectories) {
  const std::pair<const char*, const char*> kTable[] = {
      {"a", "/a"}, {"b/", "/a/b"}, {"../c", "/a/c"}, {"/x/../y", "/y"}, {".", "/y"}, {"/", "/"}};
  for (const auto& [path, want] : kTable) {
    apply_workdir(state, path);
    EXPECT_EQ(state.config.working_dir, want) << path;
  }
  apply_workdir(state, "/w");
  EXPECT_EQ(state.absolute("x/"), "/w/x/");
  EXPECT_EQ(state.absolute("."), "/w/");
  EXPECT_EQ(state.absolute("./x"), "/w/x");
  EXPECT_EQ(state.absolute("/x/."), "/x/");
}

TEST_F(StageStateTest, ProxyArgumentsAreKnownInBothCases) {
  for (const char* name : {"HTTP_PROXY", "https_proxy", "no_proxy", "ALL_PROXY"}) {
    EXPECT_TRUE(is_proxy_arg(name)) << name;
  }
  EXPECT_FALSE(is_proxy_arg("Http_Proxy"));
  EXPECT_FALSE(is_proxy_arg("PROXY"));
}

TEST_F(StageStateTest, TimesComeFromTheEpoch) {
  state = StageState::begin({}, 1'700'000'000);
  apply("ENV A=1\n");
  EXPECT_EQ(state.config.created, "2023-11-14T22:13:20Z");
  EXPECT_EQ(state.config.history[0].created, "2023-11-14T22:13:20Z");
}

}  // namespace
}  // namespace mini::build
