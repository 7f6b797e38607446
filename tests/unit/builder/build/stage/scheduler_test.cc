#include "builder/build/stage/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>

namespace mini::build {
namespace {

StageGraph graph_of(int stages) {
  StageGraph graph;
  graph.target = stages - 1;
  for (int i = 0; i < stages; ++i) graph.stages.emplace_back().needed = true;
  return graph;
}

StageState named(const std::string& user) {
  StageState state;
  state.config.user = user;
  return state;
}

TEST(Scheduler, RunsAllAndGivesTheTarget) {
  const StageGraph graph = graph_of(4);
  Cancel cancel;
  Scheduler scheduler(graph, cancel, 2);
  const StageState state = scheduler.run([&](int stage) {
    std::string name = std::to_string(stage);
    for (int before = 0; before < stage; ++before) name += scheduler.wait(before).config.user;
    return named(name);
  });
  EXPECT_EQ(state.config.user, "30102010");
}

// A waiting stage takes no place: one place is enough for a chain, whichever starts first.
TEST(Scheduler, WaitingDoesNotBlockOthers) {
  const StageGraph graph = graph_of(8);
  Cancel cancel;
  Scheduler scheduler(graph, cancel, 1);
  const StageState state = scheduler.run([&](int stage) {
    return named(stage == 0 ? "x" : scheduler.wait(stage - 1).config.user + "y");
  });
  EXPECT_EQ(state.config.user, "xyyyyyyy");
}

TEST(Scheduler, TheFirstFailureIsThrownAndStopsTheOthers) {
  const StageGraph graph = graph_of(3);
  Cancel cancel;
  Scheduler scheduler(graph, cancel, 4);
  std::atomic<bool> stopped = false;
  try {
    scheduler.run([&](int stage) -> StageState {
      if (stage == 1) throw Error("the cause");
      if (stage == 0) {
        while (!cancel.requested()) {
        }
        stopped = true;
        throw Cancelled();
      }
      scheduler.wait(1);
      return {};
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the cause");
  }
  EXPECT_TRUE(stopped);
}

TEST(Scheduler, OnlyNeededStagesRun) {
  StageGraph graph = graph_of(3);
  graph.stages[1].needed = false;
  Cancel cancel;
  Scheduler scheduler(graph, cancel, 2);
  scheduler.run([&](int stage) {
    EXPECT_NE(stage, 1);
    return StageState();
  });
}

}  // namespace
}  // namespace mini::build
