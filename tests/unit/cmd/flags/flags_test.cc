#include "cmd/flags/flags.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  Flags flags{"run [flags] IMAGE [COMMAND]", "Runs."};
  bool interactive = false, tty = false, proxy = true;
  std::string name = "default";
  std::optional<std::string> user;
  int64_t shares = 0;
  std::optional<int64_t> timeout;
  std::vector<std::string> env, no_cache, rest;
  ErrorKind kind = ErrorKind::failed;  // of the last error()

  Parsed() {
    flags.flag("-i,--interactive", interactive, "");
    flags.flag("-t,--tty", tty, "");
    flags.flag("--sig-proxy", proxy, "");
    flags.value("--name NAME", name, "name of it");
    flags.value("-u,--user USER", user, "");
    flags.value("-c,--shares NUMBER", shares, "");
    flags.value("--timeout SECONDS", timeout, "");
    flags.values("-e,--env NAME=VALUE", env, "");
    flags.optional_values("--no-cache STAGE", no_cache, "*", "");
  }
  Parsed& command(size_t minimum = 0) {
    flags.command(rest, minimum);
    return *this;
  }
  Parsed& arguments(bool required = false) {
    flags.arguments("NAME", rest, required);
    return *this;
  }
  Parsed& parse(const std::vector<std::string>& args) {
    EXPECT_TRUE(flags.parse(args));
    return *this;
  }
  std::string error(const std::vector<std::string>& args) {
    try {
      flags.parse(args);
    } catch (const Error& error) {
      kind = error.kind();
      return std::string(error.what()) + " / " + error.hint();
    }
    return "accepted";
  }
};

TEST(Flags, ShortOnesCombine) {
  Parsed p;
  p.command().parse({"-it", "-eA=1", "-e=B=2", "-ie", "C=3", "image"});
  EXPECT_TRUE(p.interactive && p.tty);
  EXPECT_THAT(p.env, ElementsAre("A=1", "B=2", "C=3"));
  EXPECT_THAT(p.rest, ElementsAre("image"));
}

TEST(Flags, LongOnesTakeTheirValueEitherWay) {
  Parsed p;
  p.arguments().parse({"--name=web", "--user", "root", "--shares=-5", "--timeout", "-1", "x"});
  EXPECT_EQ(p.name, "web");
  EXPECT_EQ(p.user, "root");
  EXPECT_EQ(p.shares, -5);
  EXPECT_EQ(p.timeout, -1);
  EXPECT_THAT(p.rest, ElementsAre("x"));
}

TEST(Flags, AnEmptyValueIsAValue) {
  Parsed p;
  p.arguments().parse({"--name=", "--user=", "word"});
  EXPECT_EQ(p.name, "");
  EXPECT_EQ(p.user, "");
  EXPECT_THAT(p.rest, ElementsAre("word"));
}

TEST(Flags, AbsentOnesKeepTheirValue) {
  Parsed p;
  p.arguments().parse({});
  EXPECT_EQ(p.name, "default");
  EXPECT_FALSE(p.user);
  EXPECT_FALSE(p.timeout);
  EXPECT_TRUE(p.proxy);
  EXPECT_FALSE(p.flags.given("--name"));
}

TEST(Flags, SwitchesTakeFalse) {
  Parsed p;
  p.arguments().parse({"-i=true", "--tty=false", "--sig-proxy=false"});
  EXPECT_TRUE(p.interactive);
  EXPECT_FALSE(p.tty);
  EXPECT_FALSE(p.proxy);
  EXPECT_THAT(Parsed().arguments().error({"--tty=maybe"}), HasSubstr("maybe"));
}

TEST(Flags, TheLastOfSeveralCounts) {
  Parsed p;
  p.arguments().parse({"--name", "a", "--name", "b", "-i", "-i", "--tty", "--tty=false"});
  EXPECT_EQ(p.name, "b");
  EXPECT_TRUE(p.interactive);
  EXPECT_FALSE(p.tty);
}

TEST(Flags, ValuesAreTakenAsTheyAre) {
  Parsed p;
  p.arguments().parse({"-e", "[a,b]", "-e", "A=x y", "-e", "--", "-e", "-i", "[c,d]", "e"});
  EXPECT_THAT(p.env, ElementsAre("[a,b]", "A=x y", "--", "-i"));
  EXPECT_FALSE(p.interactive);
  EXPECT_THAT(p.rest, ElementsAre("[c,d]", "e"));
}

TEST(Flags, OptionalValuesHaveABareForm) {
  Parsed p;
  p.arguments().parse({"--no-cache", "--no-cache=stage", "dir"});
  EXPECT_THAT(p.no_cache, ElementsAre("*", "stage"));
  EXPECT_THAT(p.rest, ElementsAre("dir"));
}

TEST(Flags, ACommandIsCutAtTheFirstArgument) {
  Parsed p;
  p.command(1).parse({"-i", "image", "ls", "-t", "--name", "--", "x"});
  EXPECT_TRUE(p.interactive);
  EXPECT_FALSE(p.tty);
  EXPECT_EQ(p.name, "default");
  EXPECT_THAT(p.rest, ElementsAre("image", "ls", "-t", "--name", "--", "x"));
}

TEST(Flags, TwoDashesEndThem) {
  Parsed p;
  p.command().parse({"-i", "--", "-t"});
  EXPECT_THAT(p.rest, ElementsAre("-t"));
  Parsed q;
  q.arguments().parse({"a", "--", "--tty", "-x"});
  EXPECT_THAT(q.rest, ElementsAre("a", "--tty", "-x"));
  EXPECT_FALSE(q.tty);
}

TEST(Flags, ArgumentsAndFlagsMixWithoutACommand) {
  Parsed p;
  p.arguments().parse({"a", "-i", "-", "--name", "n", "b"});
  EXPECT_THAT(p.rest, ElementsAre("a", "-", "b"));
  EXPECT_TRUE(p.interactive);
}

TEST(Flags, UnknownOnesAreRefusedWithTheNearest) {
  EXPECT_THAT(Parsed().arguments().error({"--nmae", "x"}),
              AllOf(HasSubstr("unknown flag: --nmae"), HasSubstr("did you mean --name?")));
  EXPECT_THAT(Parsed().arguments().error({"--zzzzzzzz"}), HasSubstr("mini run --help"));
  EXPECT_THAT(Parsed().arguments().error({"-ix"}), HasSubstr("unknown flag: -x"));
  EXPECT_THAT(Parsed().command().error({"--nam=x", "image"}), HasSubstr("--name"));
}

TEST(Flags, WrongUsageIsRefused) {
  EXPECT_THAT(Parsed().arguments().error({"--name"}), HasSubstr("needs a value"));
  EXPECT_THAT(Parsed().arguments().error({"-e"}), HasSubstr("needs a value"));
  EXPECT_THAT(Parsed().arguments().error({"--shares", "many"}), HasSubstr("many"));
  EXPECT_THAT(Parsed().arguments(true).error({}), HasSubstr("NAME"));
  EXPECT_THAT(Parsed().command(2).error({"one"}), HasSubstr("too few arguments"));
  Parsed none;
  EXPECT_THAT(none.error({"extra"}), HasSubstr("extra"));
}

TEST(Flags, HelpIsPrintedAndEndsTheCommand) {
  Parsed p;
  p.flags.hide("--timeout");
  p.arguments();
  ::testing::internal::CaptureStdout();
  EXPECT_FALSE(p.flags.parse({"--help"}));
  const std::string help = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(help, HasSubstr("Usage: mini run [flags] IMAGE [COMMAND]"));
  EXPECT_THAT(help, HasSubstr("--interactive"));
  EXPECT_THAT(help, ::testing::Not(HasSubstr("--timeout")));
}

TEST(Flags, HelpNamesValues) {
  Parsed p;
  p.arguments();
  ::testing::internal::CaptureStdout();
  EXPECT_FALSE(p.flags.parse({"-h"}));
  const std::string help = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(help, HasSubstr("\n      --name NAME               name of it\n"));
  EXPECT_THAT(help, HasSubstr("\n  -e, --env NAME=VALUE "));
  EXPECT_THAT(help, HasSubstr("\n      --no-cache[=STAGE] "));
  EXPECT_THAT(help, HasSubstr("\n  -t, --tty "));
  EXPECT_THAT(help, ::testing::Not(HasSubstr("VALUE ]")));
}

TEST(Flags, ShortHelpMayHaveAnotherMeaning) {
  Parsed p;
  std::string host;
  p.flags.value("-h,--hostname NAME", host, "");
  p.command().parse({"-h", "web", "image"});
  EXPECT_EQ(host, "web");
}

TEST(Flags, KindsOfErrorsTellExitStatuses) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"--nosuch"},
                                             {"-x"},
                                             {"--name"},
                                             {"--tty=maybe"},
                                             {"-i=maybe"},
                                             {"--shares", "many"},
                                             {"--timeout="}}) {
    Parsed p;
    p.arguments().error(args);
    EXPECT_EQ(p.kind, ErrorKind::bad_flag) << args[0];
  }
  Parsed missing, extra, few;
  missing.arguments(true).error({});
  extra.error({"extra"});
  few.command(2).error({"one"});
  for (const Parsed* p : {&missing, &extra, &few}) EXPECT_EQ(p->kind, ErrorKind::arguments);
}

TEST(Flags, HelpOfTheCommandIsTheCommands) {
  Parsed p;
  p.command().parse({"image", "--help"});
  EXPECT_THAT(p.rest, ElementsAre("image", "--help"));
  EXPECT_THAT(p.env, IsEmpty());
}

}  // namespace
}  // namespace mini::cmd
