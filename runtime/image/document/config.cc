#include "runtime/image/document/config.h"

#include <sys/utsname.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json_members.h"
#include "runtime/base/text.h"
#include "runtime/image/document/members.h"

namespace mini::image {

void describe(JsonMembers& json, Healthcheck& check) {
  json("Test", check.test);
  json("Interval", check.interval_ns);
  json("Timeout", check.timeout_ns);
  json("StartPeriod", check.start_period_ns);
  json("StartInterval", check.start_interval_ns);
  json("Retries", check.retries);
}

static void check_healthcheck(JsonMembers& json, const Healthcheck& check) {
  const bool positive = check.interval_ns >= 0 && check.timeout_ns >= 0 &&
                        check.start_period_ns >= 0 && check.start_interval_ns >= 0 &&
                        check.retries >= 0;
  json.check(positive, "Healthcheck", "a negative number");
  json.check(check.retries <= 1'000'000, "Healthcheck.Retries",
             cat(check.retries, " is more than 1000000"));
}

static void describe_config(JsonMembers& json, ImageConfig& config) {
  json("User", config.user);
  json.keys("ExposedPorts", config.exposed_ports);
  json("Env", config.env);
  json("Entrypoint", config.entrypoint);
  json("Cmd", config.cmd);
  json.keys("Volumes", config.volumes);
  json("WorkingDir", config.working_dir);
  json("Labels", config.labels);
  json("StopSignal", config.stop_signal);
  json("Healthcheck", config.healthcheck);
  if (config.healthcheck) check_healthcheck(json, *config.healthcheck);
  json("OnBuild", config.on_build);
  json("Shell", config.shell);
  json("ArgsEscaped", config.args_escaped);
}

static void describe_time(JsonMembers& json, std::string& created) {
  json("created", created);
  json.check(created.empty() || parse_rfc3339(created), "created",
             cat(quoted(created.substr(0, 100)), " is not an RFC 3339 time"));
}

static void describe(JsonMembers& json, History& entry) {
  describe_time(json, entry.created);
  json("created_by", entry.created_by);
  json("author", entry.author);
  json("comment", entry.comment);
  json("empty_layer", entry.empty_layer);
}

void describe(JsonMembers& json, ImageConfig& config) {
  describe_time(json, config.created);
  json("author", config.author);
  json.required("architecture", config.architecture);
  json.required("os", config.os);
  json("variant", config.variant);
  json.object("config", [&](JsonMembers& inner) { describe_config(inner, config); });
  json.required_object("rootfs", [&](JsonMembers& rootfs) {
    rootfs.constant("type", "layers");
    rootfs.required("diff_ids", config.diff_ids);
  });
  json("history", config.history);
}

ImageConfig ImageConfig::parse(std::string_view json, const std::string& name) {
  return read_json<ImageConfig>(json, name);
}

std::string ImageConfig::to_json() const {
  return write_json(*this);
}

std::string host_architecture() {
  utsname host{};
  uname(&host);
  const std::string_view machine = host.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine == "i686" || machine == "i386") return "386";
  if (machine.starts_with("arm")) return "arm";
  if (machine == "loongarch64") return "loong64";
  return std::string(machine);
}

}  // namespace mini::image
