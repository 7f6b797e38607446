#include "runtime/image/document/config.h"

#include <sys/utsname.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

std::set<std::string> parse_set(const JsonView& object, const std::string& key) {
  std::set<std::string> names;
  // Docker writes a set as an object whose values are empty objects.
  if (const auto value = object.find(key)) {
    for (const auto& [name, unused] : value->members()) names.insert(name);
  }
  return names;
}

Json set_json(const std::set<std::string>& names) {
  Json object = Json::object();
  for (const std::string& name : names) object[name] = Json::object();
  return object;
}

std::optional<std::vector<std::string>> parse_command(const JsonView& object,
                                                      const std::string& key) {
  if (const auto value = object.find(key)) return value->strings();
  return {};
}

Healthcheck parse_healthcheck(const JsonView& view) {
  Healthcheck check;
  check.test = view.strings_or("Test");
  check.interval_ns = view.integer_or("Interval");
  check.timeout_ns = view.integer_or("Timeout");
  check.start_period_ns = view.integer_or("StartPeriod");
  check.start_interval_ns = view.integer_or("StartInterval");
  const int64_t retries = view.integer_or("Retries");
  for (const int64_t value : {check.interval_ns, check.timeout_ns, check.start_period_ns,
                              check.start_interval_ns, retries}) {
    if (value < 0) throw Error(cat(view.path(), ": a negative number"));
  }
  if (retries > 1'000'000) throw Error(cat(view.path(), ".Retries: too large"));
  check.retries = static_cast<int>(retries);
  return check;
}

Json healthcheck_json(const Healthcheck& check) {
  Json object = Json::object();
  if (!check.test.empty()) object["Test"] = check.test;
  if (check.interval_ns) object["Interval"] = check.interval_ns;
  if (check.timeout_ns) object["Timeout"] = check.timeout_ns;
  if (check.start_period_ns) object["StartPeriod"] = check.start_period_ns;
  if (check.start_interval_ns) object["StartInterval"] = check.start_interval_ns;
  if (check.retries) object["Retries"] = check.retries;
  return object;
}

void parse_run_config(const JsonView& view, ImageConfig& config) {
  config.user = view.string_or("User");
  config.exposed_ports = parse_set(view, "ExposedPorts");
  config.env = view.strings_or("Env");
  config.entrypoint = parse_command(view, "Entrypoint");
  config.cmd = parse_command(view, "Cmd");
  config.volumes = parse_set(view, "Volumes");
  config.working_dir = view.string_or("WorkingDir");
  config.labels = view.string_map_or("Labels");
  config.stop_signal = view.string_or("StopSignal");
  if (const auto check = view.find("Healthcheck")) config.healthcheck = parse_healthcheck(*check);
  config.on_build = view.strings_or("OnBuild");
  config.shell = view.strings_or("Shell");
  config.args_escaped = view.boolean_or("ArgsEscaped");
}

Json run_config_json(const ImageConfig& config) {
  Json object = Json::object();
  if (!config.user.empty()) object["User"] = config.user;
  if (!config.exposed_ports.empty()) object["ExposedPorts"] = set_json(config.exposed_ports);
  if (!config.env.empty()) object["Env"] = config.env;
  if (config.entrypoint) object["Entrypoint"] = *config.entrypoint;
  if (config.cmd) object["Cmd"] = *config.cmd;
  if (!config.volumes.empty()) object["Volumes"] = set_json(config.volumes);
  if (!config.working_dir.empty()) object["WorkingDir"] = config.working_dir;
  if (!config.labels.empty()) object["Labels"] = config.labels;
  if (!config.stop_signal.empty()) object["StopSignal"] = config.stop_signal;
  if (config.healthcheck) object["Healthcheck"] = healthcheck_json(*config.healthcheck);
  if (!config.on_build.empty()) object["OnBuild"] = config.on_build;
  if (!config.shell.empty()) object["Shell"] = config.shell;
  if (config.args_escaped) object["ArgsEscaped"] = true;
  return object;
}

std::string parse_time(const JsonView& object) {
  std::string text = object.string_or("created");
  if (!text.empty() && !parse_rfc3339(text)) {
    throw Error(
        cat(object.path(), ": created: ", quoted(text.substr(0, 100)), " is not an RFC 3339 time"));
  }
  return text;
}

void parse_rootfs(const JsonView& rootfs, ImageConfig& config) {
  if (const std::string type = rootfs.at("type").string(); type != "layers") {
    throw Error(
        cat(rootfs.path(), ".type: ", quoted(type.substr(0, 100)), ": only \"layers\" is known"));
  }
  for (const JsonView& item : rootfs.at("diff_ids").items()) {
    config.diff_ids.push_back(
        with_context(item.path(), [&] { return Digest::parse(item.string()); }));
  }
}

History parse_history(const JsonView& view) {
  History entry;
  entry.created = parse_time(view);
  entry.created_by = view.string_or("created_by");
  entry.author = view.string_or("author");
  entry.comment = view.string_or("comment");
  entry.empty_layer = view.boolean_or("empty_layer");
  return entry;
}

Json history_json(const History& entry) {
  Json object = Json::object();
  if (!entry.created.empty()) object["created"] = entry.created;
  if (!entry.created_by.empty()) object["created_by"] = entry.created_by;
  if (!entry.author.empty()) object["author"] = entry.author;
  if (!entry.comment.empty()) object["comment"] = entry.comment;
  if (entry.empty_layer) object["empty_layer"] = true;
  return object;
}

}  // namespace

ImageConfig ImageConfig::parse(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name);
  const JsonView view(document, name);
  ImageConfig config;
  config.created = parse_time(view);
  config.author = view.string_or("author");
  config.architecture = view.at("architecture").string();
  config.os = view.at("os").string();
  config.variant = view.string_or("variant");
  if (const auto run = view.find("config")) parse_run_config(*run, config);
  parse_rootfs(view.at("rootfs"), config);
  if (const auto history = view.find("history")) {
    for (const JsonView& item : history->items()) config.history.push_back(parse_history(item));
  }
  return config;
}

std::string ImageConfig::to_json() const {
  Json document = Json::object();
  if (!created.empty()) document["created"] = created;
  if (!author.empty()) document["author"] = author;
  document["architecture"] = architecture;
  document["os"] = os;
  if (!variant.empty()) document["variant"] = variant;
  if (Json run = run_config_json(*this); !run.empty()) document["config"] = std::move(run);
  Json ids = Json::array();
  for (const Digest& id : diff_ids) ids.push_back(id.str());
  document["rootfs"] = {{"type", "layers"}, {"diff_ids", std::move(ids)}};
  if (!history.empty()) {
    Json entries = Json::array();
    for (const History& entry : history) entries.push_back(history_json(entry));
    document["history"] = std::move(entries);
  }
  return canonical(document);
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
