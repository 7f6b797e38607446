// The life of an OCI container through OciRuntime.
#include "runtime/container/oci/oci_runtime.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "sandbox.h"

namespace mini::container {
namespace {

using testing::HasSubstr;

class Oci : public Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped()) return;
    runtime_ = OciRuntime(scratch_ + "/state");
  }
  OciCreate bundle(Spec wanted) {
    wanted.root.path = "rootfs";
    wanted.linux_.cgroups_path = name_;
    replace_file(scratch_ + "/config.json", spec_to_json(wanted), false);
    OciCreate out;
    out.id = "box";
    out.bundle = scratch_;
    return out;
  }
  template <class Work>
  std::string error_of(Work work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  OciRuntime runtime_;
};

TEST_F(Oci, CreateStartKillDelete) {
  OciCreate options = bundle(spec({"pause"}));
  options.pid_file = scratch_ + "/pid";
  runtime_.create(options);
  OciState state = runtime_.state("box");
  EXPECT_EQ(state.status, "created");
  EXPECT_EQ(read_file(options.pid_file), std::to_string(state.pid));
  EXPECT_EQ(state.rootfs, root_);
  EXPECT_THAT(error_of([&] { runtime_.create(options); }),
              HasSubstr("container with given ID already exists"));

  runtime_.start("box");
  EXPECT_EQ(runtime_.state("box").status, "running");
  EXPECT_THAT(error_of([&] { runtime_.start("box"); }),
              HasSubstr("cannot start an already running container"));
  EXPECT_THAT(error_of([&] { runtime_.remove("box", false); }),
              HasSubstr("cannot delete container box that is not stopped: running"));

  OciExec exec;
  exec.id = "box";
  exec.args = {"probe", "exit", "7"};
  EXPECT_EQ(runtime_.exec(exec), 7);
  exec.args = {"nosuch"};
  EXPECT_THAT(error_of([&] { runtime_.exec(exec); }), HasSubstr("not found in $PATH"));

  runtime_.kill("box", "KILL", false);
  EXPECT_EQ(exit_code_of(wait_child(state.pid)), 137);
  EXPECT_EQ(runtime_.state("box").status, "stopped");
  EXPECT_EQ(runtime_.state("box").pid, 0);
  EXPECT_THAT(error_of([&] { runtime_.kill("box", "TERM", false); }),
              HasSubstr("container not running"));
  EXPECT_THAT(error_of([&] { runtime_.start("box"); }),
              HasSubstr("cannot start a container that has stopped"));
  runtime_.remove("box", false);
  EXPECT_THAT(error_of([&] { runtime_.state("box"); }), HasSubstr("container does not exist"));
  EXPECT_NO_THROW(runtime_.remove("box", true));
}

TEST_F(Oci, DeleteForceEndsWhatRuns) {
  runtime_.create(bundle(spec({"pause"})));
  const pid_t pid = runtime_.state("box").pid;
  runtime_.start("box");
  // As a caller that reaps its children; otherwise a zombie would remain until we end.
  runtime_.remove("box", true);
  EXPECT_EQ(exit_code_of(wait_child(pid)), 137);
  EXPECT_TRUE(runtime_.list().empty());
}

TEST_F(Oci, RunGivesTheExitCodeAndCleansUp) {
  EXPECT_EQ(runtime_.run(bundle(spec({"exit", "33"}))), 33);
  EXPECT_TRUE(runtime_.list().empty());
  Spec broken = spec({});
  broken.process->args = {"nosuch"};
  EXPECT_THAT(error_of([&] { runtime_.run(bundle(broken)); }), HasSubstr("not found in $PATH"));
  EXPECT_TRUE(list_directory(scratch_ + "/state").empty());
}

TEST_F(Oci, HooksOfTheWholeLife) {
  Spec wanted = spec({"pause"});
  const auto hook = [&](const char* name) {
    replace_file(cat(scratch_, "/", name), cat("#!/bin/sh\necho ", name, " >>", scratch_, "/log\n"),
                 false, 0755);
    return std::vector<Hook>{{cat(scratch_, "/", name), {}, {"PATH=/bin:/usr/bin"}, 5}};
  };
  wanted.hooks.prestart = hook("prestart");
  wanted.hooks.create_runtime = hook("createRuntime");
  wanted.hooks.create_container = hook("createContainer");
  wanted.hooks.poststart = hook("poststart");
  wanted.hooks.poststop = hook("poststop");
  runtime_.create(bundle(wanted));
  EXPECT_EQ(read_file(scratch_ + "/log"), "prestart\ncreateRuntime\ncreateContainer\n");
  const pid_t pid = runtime_.state("box").pid;
  runtime_.start("box");
  runtime_.remove("box", true);
  wait_child(pid);
  EXPECT_EQ(read_file(scratch_ + "/log"),
            "prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop\n");
}

TEST_F(Oci, IdsAreNamesAndNothingElse) {
  OciCreate options = bundle(spec({"pause"}));
  for (const char* id : {"", ".", "..", "a/b", "../x", "a b", "\x1b[0m"}) {
    options.id = id;
    EXPECT_THAT(error_of([&] { runtime_.create(options); }),
                HasSubstr("invalid container ID format"))
        << id;
    EXPECT_THAT(error_of([&] { runtime_.remove(id, true); }),
                HasSubstr("invalid container ID format"))
        << id;
  }
}

TEST_F(Oci, ATerminalWithoutAnybodyToTakeItIsRefused) {
  Spec wanted = spec({"pause"});
  wanted.process->terminal = true;
  EXPECT_THAT(error_of([&] { runtime_.create(bundle(wanted)); }),
              HasSubstr("without setting console socket"));
  EXPECT_TRUE(runtime_.list().empty());
}

TEST_F(Oci, AKilledCreateIsCleanedUpByForce) {
  const pid_t child = fork();
  if (child == 0) {
    Spec wanted = spec({"pause"});
    wanted.hooks.create_runtime = {{"/bin/sh", {"sh", "-c", "kill -9 $PPID"}, {}, 5}};
    runtime_.create(bundle(wanted));
    _exit(0);
  }
  wait_child(child);
  EXPECT_EQ(runtime_.state("box").status, "stopped");
  runtime_.remove("box", true);
  EXPECT_TRUE(list_directory(scratch_ + "/state").empty());
}

TEST(OciText, StateListAndFeatures) {
  OciState state;
  state.id = "a";
  state.status = "running";
  state.pid = 5;
  state.annotations = {{"k", "v"}};
  EXPECT_EQ(Json::parse(oci_state_json(state))["annotations"]["k"], "v");
  EXPECT_EQ(Json::parse(oci_list_json({state}))[0]["pid"], 5);
  EXPECT_THAT(oci_list_table({state}),
              testing::StartsWith("ID          PID         STATUS      BUNDLE      CREATED     "
                                  "OWNER\na           5           running"));
  const Json features = Json::parse(oci_features_json());
  EXPECT_EQ(features["linux"]["seccomp"]["enabled"], true);
  EXPECT_EQ(features["ociVersionMin"], "1.0.0");
}

}  // namespace
}  // namespace mini::container
