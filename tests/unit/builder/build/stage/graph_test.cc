#include "builder/build/stage/graph.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"
#include "runtime/image/document/config.h"

namespace mini::build {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool no_contexts(const std::string&) {
  return false;
}

std::vector<Trigger> no_triggers(const std::string&, const dockerfile::Instruction&) {
  return {};
}

struct Planned {
  explicit Planned(const std::string& text, const std::string& target = {},
                   const std::map<std::string, std::string>& args = {})
      : file(dockerfile::parse({"Dockerfile", text})),
        graph(plan_stages(file, target, global_variables(file, args, {}), no_contexts,
                          no_triggers)) {}

  std::vector<int> needed() const {
    std::vector<int> result;
    for (const PlannedStage& stage : graph.stages) {
      if (stage.needed) result.push_back(stage.stage->index);
    }
    return result;
  }

  dockerfile::Dockerfile file;
  StageGraph graph;
};

std::string problem(const std::string& text, const std::string& target = {}) {
  try {
    const Planned planned(text, target);
    return "no error";
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
}

TEST(Graph, OnlyWhatTheTargetNeeds) {
  const std::string text =
      "FROM scratch AS a\n"
      "FROM a AS b\n"
      "FROM scratch AS c\n"
      "FROM scratch AS d\nCOPY --from=b /x /\nRUN --mount=type=bind,from=0,target=/m true\n"
      "FROM c AS e\n";
  EXPECT_THAT(Planned(text).needed(), ElementsAre(2, 4));
  EXPECT_THAT(Planned(text, "d").needed(), ElementsAre(0, 1, 3));
  EXPECT_THAT(Planned(text, "D").needed(), ElementsAre(0, 1, 3));
  EXPECT_THAT(Planned(text, "1").needed(), ElementsAre(0, 1));
  EXPECT_THAT(Planned(text, "d").graph.stages[3].after, ElementsAre(1, 0));
}

TEST(Graph, BasesAreStagesOrImages) {
  const Planned planned("ARG V=3\nFROM alpine:$V AS x\nFROM x\n", "", {});
  EXPECT_EQ(planned.graph.stages[0].base_image, "alpine:3");
  EXPECT_EQ(planned.graph.stages[1].base_stage, 0);
  EXPECT_EQ(Planned("ARG V=3\nFROM alpine:$V\n", "", {{"V", "edge"}}).graph.stages[0].base_image,
            "alpine:edge");
  EXPECT_EQ(planned.graph.stages[1].name(), "stage-1");
}

TEST(Graph, GlobalArgumentsSeeEarlierOnes) {
  const Planned planned("ARG A=1\nARG B=${A}2\nFROM img:$B\n");
  EXPECT_EQ(planned.graph.stages[0].base_image, "img:12");
}

TEST(Graph, Refusals) {
  EXPECT_THAT(problem("FROM scratch AS a\nCOPY --from=a /x /\n"), HasSubstr("from itself"));
  EXPECT_THAT(problem("FROM scratch\nCOPY --from=0 /x /\n"), HasSubstr("from itself"));
  EXPECT_THAT(problem("FROM scratch\nCOPY --from=b /x /\nFROM scratch AS b\nCOPY --from=0 /x /\n"),
              HasSubstr("defined after"));
  EXPECT_THAT(problem("FROM $NOPE\n"), HasSubstr("is empty"));
  EXPECT_THAT(problem("FROM scratch AS build\n", "biuld"), HasSubstr("did you mean \"build\"?"));
}

TEST(Graph, AStageTriggersForItsChildrenOnly) {
  const Planned planned(
      "FROM scratch AS a\nONBUILD ENV X=1\nFROM a AS b\nFROM b AS c\nCOPY --from=a /x /\n");
  EXPECT_TRUE(planned.graph.stages[0].triggers.empty());
  ASSERT_EQ(planned.graph.stages[1].triggers.size(), 1u);
  EXPECT_EQ(planned.graph.stages[1].triggers[0].instruction.text, "ENV X=1");
  EXPECT_TRUE(planned.graph.stages[2].triggers.empty());
}

TEST(Graph, OtherPlatformsAreRefused) {
  EXPECT_THAT(problem("FROM --platform=linux/s390x x\n"), HasSubstr("not this machine's"));
  EXPECT_EQ(problem("ARG P=linux\nFROM --platform=$P/" + image::host_architecture() + " x\n"),
            "no error");
}

TEST(Graph, TriggersBringTheirStages) {
  const dockerfile::Dockerfile file = dockerfile::parse(
      {"Dockerfile", "FROM scratch AS tools\nFROM scratch AS other\nFROM parent\n"});
  const StageGraph graph = plan_stages(
      file, "", {}, no_contexts, [](const std::string& image, const dockerfile::Instruction&) {
        EXPECT_EQ(image, "parent");
        const dockerfile::Source source{"ONBUILD", "COPY --from=tools /x /"};
        return std::vector<Trigger>{{source, dockerfile::parse_trigger(source)}};
      });
  EXPECT_TRUE(graph.stages[0].needed);
  EXPECT_FALSE(graph.stages[1].needed);
  EXPECT_EQ(graph.stages[2].triggers.size(), 1u);
}

}  // namespace
}  // namespace mini::build
