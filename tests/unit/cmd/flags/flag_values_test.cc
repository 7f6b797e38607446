#include "cmd/flags/flag_values.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "runtime/base/error.h"
#include "tests/unit/runtime/base/temporary_directory.h"

namespace mini::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Kind = engine::RestartPolicy::Kind;

// What a wrong value is answered with; it is always an error of the command line.
template <class Parse>
std::string flag_refusal(Parse parse) {
  try {
    parse();
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::usage || error.kind() == ErrorKind::bad_flag);
    return std::string(error.what()) + " / " + error.hint();
  }
  return "accepted";
}

TEST(SizeFlag, TakesUnits) {
  EXPECT_EQ(size_flag("--memory", ""), 0);
  EXPECT_EQ(size_flag("--memory", "512m"), 512 << 20);
  EXPECT_EQ(size_flag("--memory", "1.5GiB"), 3LL << 29);
}

TEST(SizeFlag, NamesTheFlagWhenItIsWrong) {
  for (const char* text : {"many", "-1", "1x", " 1m", "1e9", "9999999999999g"})
    EXPECT_THAT(flag_refusal([&] { size_flag("--memory", text); }),
                AllOf(HasSubstr("--memory"), HasSubstr("not a size")))
        << text;
}

TEST(CpusFlag, IsBillionths) {
  EXPECT_EQ(cpus_flag(""), 0);
  EXPECT_EQ(cpus_flag("1.5"), 1'500'000'000);
  EXPECT_EQ(cpus_flag(".25"), 250'000'000);
  EXPECT_EQ(cpus_flag("2"), 2'000'000'000);
  for (const char* text :
       {"-1", "two", "1,5", "1.5.2", "inf", "nan", "0x1", "1e3", "99999999", "."})
    EXPECT_THAT(flag_refusal([&] { cpus_flag(text); }), HasSubstr("--cpus")) << text;
}

TEST(DurationFlag, IsGos) {
  EXPECT_EQ(duration_flag("--health-interval", std::nullopt), 0);
  EXPECT_EQ(duration_flag("--health-interval", "1m30s"), 90'000'000'000);
  for (const char* text : {"", "30", "-1s", "1 s", "soon"})
    EXPECT_THAT(flag_refusal([&] { duration_flag("--health-interval", text); }),
                HasSubstr("--health-interval"))
        << text;
}

TEST(UlimitFlag, IsNameSoftHard) {
  EXPECT_THAT(ulimit_flag("nofile=1024:2048"), Pair("nofile", Pair(1024, 2048)));
  EXPECT_THAT(ulimit_flag("nproc=10"), Pair("nproc", Pair(10, 10)));
  EXPECT_THAT(ulimit_flag("core=-1"), Pair("core", Pair(-1, -1)));
  EXPECT_THAT(ulimit_flag("core=5:-1"), Pair("core", Pair(5, -1)));
  EXPECT_THAT(flag_refusal([] { ulimit_flag("nofiles=1"); }), HasSubstr("did you mean nofile?"));
  EXPECT_THAT(flag_refusal([] { ulimit_flag("nofile"); }), HasSubstr("value is missing"));
  EXPECT_THAT(flag_refusal([] { ulimit_flag("nofile=2:1"); }), HasSubstr("exceeds the hard"));
  EXPECT_THAT(flag_refusal([] { ulimit_flag("nofile=-1:1"); }), HasSubstr("exceeds the hard"));
  for (const char* text : {"nofile=", "nofile=x", "nofile=1:2:3", "nofile=-2", "nofile=1:", "=1"})
    EXPECT_THAT(flag_refusal([&] { ulimit_flag(text); }), HasSubstr("--ulimit")) << text;
}

TEST(RestartFlag, KnowsDockersPolicies) {
  EXPECT_EQ(restart_flag("no").kind, Kind::no);
  EXPECT_EQ(restart_flag("").kind, Kind::no);
  EXPECT_EQ(restart_flag("always").kind, Kind::always);
  EXPECT_EQ(restart_flag("unless-stopped").kind, Kind::unless_stopped);
  EXPECT_EQ(restart_flag("on-failure").kind, Kind::on_failure);
  EXPECT_EQ(restart_flag("on-failure:5").max_retries, 5);
  EXPECT_THAT(flag_refusal([] { restart_flag("alwys"); }), HasSubstr("did you mean always?"));
  for (const char* text : {"always:3", "on-failure:", "on-failure:x", "on-failure:-1", "sometimes"})
    EXPECT_THAT(flag_refusal([&] { restart_flag(text); }), HasSubstr("--restart")) << text;
}

TEST(DeviceFlag, HasDefaults) {
  const auto shown = [](const std::string& text) {
    const engine::DeviceRequest device = device_flag(text);
    return device.host + " " + device.container + " " + device.permissions;
  };
  EXPECT_EQ(shown("/dev/fuse"), "/dev/fuse /dev/fuse rwm");
  EXPECT_EQ(shown("/dev/sda:/dev/xvda"), "/dev/sda /dev/xvda rwm");
  EXPECT_EQ(shown("/dev/sda:r"), "/dev/sda /dev/sda r");
  EXPECT_EQ(shown("/dev/sda:/dev/xvda:rw"), "/dev/sda /dev/xvda rw");
  for (const char* text :
       {"", "fuse", "/dev/a:b", "/dev/a:/dev/b:x", "/dev/a:/dev/b:r:w", "/dev/a::r"})
    EXPECT_THAT(flag_refusal([&] { device_flag(text); }), HasSubstr("--device")) << text;
}

TEST(LogOptions, AreSizeAndCount) {
  engine::HostConfig host;
  apply_log_options(host, {"max-size=1m", "max-file=3"});
  EXPECT_EQ(host.log_max_size, 1 << 20);
  EXPECT_EQ(host.log_max_files, 3);
  for (const char* text : {"max-size=x", "max-file=0", "max-file=", "labels=a", "max-file"})
    EXPECT_THAT(flag_refusal([&] { apply_log_options(host, {text}); }), HasSubstr("--log-opt"))
        << text;
}

TEST(Platform, IsTheHosts) {
  EXPECT_EQ(flag_refusal([] { require_host_platform(""); }), "accepted");
  EXPECT_EQ(flag_refusal([] { require_host_platform("linux"); }), "accepted");
  EXPECT_EQ(flag_refusal([] { require_host_platform("linux/" + image::host_architecture()); }),
            "accepted");
  EXPECT_THAT(flag_refusal([] { require_host_platform("windows/amd64"); }),
              HasSubstr("--platform"));
  EXPECT_THAT(flag_refusal([] { require_host_platform("linux/s390"); }), HasSubstr("--platform"));
}

TEST(EnvEntry, TakesOverFromHere) {
  setenv("MINI_TEST_VARIABLE", "here", 1);
  unsetenv("MINI_TEST_NONE");
  EXPECT_EQ(env_entry("A=b=c"), "A=b=c");
  EXPECT_EQ(env_entry("A="), "A=");
  EXPECT_EQ(env_entry("MINI_TEST_VARIABLE"), "MINI_TEST_VARIABLE=here");
  EXPECT_EQ(env_entry("MINI_TEST_NONE"), "MINI_TEST_NONE");
  EXPECT_THAT(flag_refusal([] { env_entry("=x"); }), HasSubstr("name is missing"));
  EXPECT_THAT(flag_refusal([] { env_entry(""); }), HasSubstr("name is missing"));
}

TEST(EnvFile, IsLinesWithoutComments) {
  setenv("MINI_TEST_VARIABLE", "here", 1);
  const TemporaryDirectory directory;
  const std::string path = directory / "env";
  replace_file(path, "A=1\n# no\n\n  B=two words \r\nMINI_TEST_VARIABLE\nC=\"x\"\n", false);
  EXPECT_THAT(read_env_file("--env-file", path, ErrorKind::usage),
              ElementsAre("A=1", "B=two words ", "MINI_TEST_VARIABLE=here", "C=\"x\""));
  replace_file(path, "A=1\nB C=2\n", false);
  EXPECT_THAT(flag_refusal([&] { read_env_file("--env-file", path, ErrorKind::usage); }),
              HasSubstr("line 2"));
  EXPECT_THAT(
      flag_refusal([&] { read_env_file("--env-file", directory / "none", ErrorKind::usage); }),
      HasSubstr("No such file"));
}

TEST(Labels, KeepTheirLastValue) {
  std::map<std::string, std::string> labels;
  for (const char* text : {"a=1", "b", "a=2=3", "c="}) add_label(labels, text);
  EXPECT_THAT(labels, ElementsAre(Pair("a", "2=3"), Pair("b", ""), Pair("c", "")));
  EXPECT_THAT(flag_refusal([&] { add_label(labels, "=x"); }), HasSubstr("--label"));
  EXPECT_THAT(flag_refusal([&] { add_label(labels, ""); }), HasSubstr("--label"));
}

TEST(Sysctls, AreNameAndValue) {
  std::map<std::string, std::string> sysctls;
  add_sysctl(sysctls, "net.core.somaxconn=1024");
  EXPECT_THAT(sysctls, ElementsAre(Pair("net.core.somaxconn", "1024")));
  EXPECT_THAT(flag_refusal([&] { add_sysctl(sysctls, "kernel.x"); }), HasSubstr("--sysctl"));
  EXPECT_THAT(flag_refusal([&] { add_sysctl(sysctls, "=1"); }), HasSubstr("--sysctl"));
}

}  // namespace
}  // namespace mini::cmd
