#include "cmd/flags/flag_values.h"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"
#include "runtime/registry/distribution/document.h"

namespace mini::cmd {
namespace {

std::optional<int64_t> signed_number(const std::string& text) {
  const bool negative = text.starts_with('-');
  auto number = parse_number(std::string_view(text).substr(negative), INT64_MAX);
  if (!number) return {};
  return negative ? -static_cast<int64_t>(*number) : static_cast<int64_t>(*number);
}

constexpr std::string_view kUlimits[] = {
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};

}  // namespace

void refuse(const std::string& flag, const std::string& text, const std::string& what,
            const std::string& hint, ErrorKind kind) {
  throw Error(cat("flag ", flag, " ", quoted(text), ": ", what), hint, kind);
}

int64_t size_flag(const char* flag, const std::string& text) {
  if (text.empty()) return 0;
  auto size = parse_size(text);
  if (!size) refuse(flag, text, "not a size", "a number with a unit b, k, m or g, such as 512m");
  return *size;
}

std::string address_flag(const char* flag, const std::string& text) {
  unsigned char address[16];
  if (inet_pton(AF_INET, text.c_str(), address) != 1 &&
      inet_pton(AF_INET6, text.c_str(), address) != 1)
    refuse(flag, text, "not an IP address", "such as 192.0.2.1");
  return text;
}

int64_t cpus_flag(const std::string& text) {
  if (text.empty()) return 0;
  char* end = nullptr;
  const double cpus = strtod(text.c_str(), &end);
  if (*end || !std::isfinite(cpus) || cpus < 0 || cpus > 1e6 ||
      text.find_first_not_of("0123456789.") != std::string::npos)
    refuse("--cpus", text, "not a number of CPUs", "such as 2 or 0.5");
  return std::llround(cpus * 1e9);
}

int64_t duration_flag(const char* flag, const std::optional<std::string>& text) {
  if (!text) return 0;
  auto duration = parse_go_duration(*text);
  if (!duration || *duration < 0)
    refuse(flag, *text, "not a duration", "such as 30s, 1m30s or 500ms");
  return *duration;
}

std::pair<std::string, std::pair<int64_t, int64_t>> ulimit_flag(const std::string& text) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  if (std::find(std::begin(kUlimits), std::end(kUlimits), name) == std::end(kUlimits)) {
    auto near = did_you_mean(name, kUlimits);
    refuse("--ulimit", text, "unknown resource limit",
           near ? cat("did you mean ", *near, "?") : "such as nofile=1024:2048");
  }
  if (equals == std::string::npos)
    refuse("--ulimit", text, "the value is missing", "such as nofile=1024:2048");
  const std::vector<std::string> values = split(text.substr(equals + 1), ':');
  auto soft = signed_number(values[0]);
  auto hard = values.size() > 1 ? signed_number(values[1]) : soft;
  if (!soft || !hard || values.size() > 2 || *soft < -1 || *hard < -1)
    refuse("--ulimit", text, "not a number", "NAME=SOFT[:HARD]; -1 for no limit");
  if (*hard != -1 && (*soft == -1 || *soft > *hard))
    refuse("--ulimit", text, "the soft limit exceeds the hard limit", "");
  return {name, {*soft, *hard}};
}

engine::RestartPolicy restart_flag(const std::string& text) {
  using Kind = engine::RestartPolicy::Kind;
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  engine::RestartPolicy policy;
  if (name == "on-failure") {
    policy.kind = Kind::on_failure;
  } else if (name == "always") {
    policy.kind = Kind::always;
  } else if (name == "unless-stopped") {
    policy.kind = Kind::unless_stopped;
  } else if (!name.empty() && name != "no") {
    constexpr std::string_view known[] = {"no", "on-failure", "always", "unless-stopped"};
    auto near = did_you_mean(name, known);
    refuse("--restart", text, "not a restart policy",
           near ? cat("did you mean ", *near, "?") : "no, on-failure[:N], always or unless-stopped",
           ErrorKind::usage);
  }
  if (colon != std::string::npos) {
    auto retries = parse_number(text.substr(colon + 1), 1'000'000);
    if (policy.kind != Kind::on_failure || !retries)
      refuse("--restart", text, "only on-failure takes a number of retries", "such as on-failure:5",
             ErrorKind::usage);
    policy.max_retries = static_cast<int>(*retries);
  }
  return policy;
}

engine::DeviceRequest device_flag(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  const auto is_access = [](const std::string& word) {
    return !word.empty() && word.find_first_not_of("rwm") == std::string::npos;
  };
  engine::DeviceRequest device;
  device.host = device.container = parts[0];
  if (parts.size() == 2 && is_access(parts[1]))
    device.permissions = parts[1];
  else if (parts.size() >= 2)
    device.container = parts[1];
  if (parts.size() == 3) device.permissions = parts[2];
  if (parts.size() > 3 || !device.host.starts_with('/') || !device.container.starts_with('/') ||
      !is_access(device.permissions))
    refuse("--device", text, "not a device", "HOST[:CONTAINER[:rwm]], absolute paths");
  return device;
}

void apply_log_options(engine::HostConfig& host, const std::vector<std::string>& options) {
  for (const std::string& option : options) {
    const size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
    if (name == "max-size") {
      host.log_max_size = size_flag("--log-opt max-size", value);
    } else if (name == "max-file") {
      auto files = parse_number(value, 1000);
      if (!files || *files == 0)
        refuse("--log-opt", option, "not a number of files", "such as max-file=5",
               ErrorKind::usage);
      host.log_max_files = static_cast<int>(*files);
    } else {
      refuse("--log-opt", option, "unknown option", "max-size=SIZE or max-file=NUMBER",
             ErrorKind::usage);
    }
  }
}

void require_host_platform(const std::string& platform) {
  const std::string host = cat("linux/", image::host_architecture());
  if (platform.empty() || platform == host || platform == "linux" ||
      platform.starts_with(host + "/"))
    return;
  refuse("--platform", platform, "mini runs and builds only for this machine's platform",
         cat("omit it, or use ", host), ErrorKind::usage);
}

void require_platform(const image::Image& image, const std::string& wanted) {
  if (wanted.empty()) return;
  const registry::Platform asked = registry::Platform::parse(wanted);
  if (image.config.os == asked.os && image.config.architecture == asked.architecture) return;
  refuse("--platform", wanted,
         cat("the store's image is for ",
             printable(cat(image.config.os, "/", image.config.architecture))),
         "omit it", ErrorKind::usage);
}

std::string env_entry(const std::string& text) {
  if (text.empty() || text[0] == '=') refuse("--env", text, "the name is missing", "NAME=VALUE");
  if (text.find('=') != std::string::npos) return text;
  const char* value = getenv(text.c_str());
  return value ? cat(text, "=", value) : text;
}

std::vector<std::string> read_env_file(const char* flag, const std::string& path, ErrorKind kind) {
  if (access(path.c_str(), R_OK) != 0)
    refuse(flag, path, strerror(errno), "it names a file of NAME=VALUE lines", kind);
  std::vector<std::string> entries;
  size_t number = 0;
  for (const std::string& raw : split(read_file(path), '\n')) {
    ++number;
    std::string line(raw.ends_with('\r') ? raw.substr(0, raw.size() - 1) : raw);
    line.erase(0, line.find_first_not_of(" \t"));
    if (line.empty() || line[0] == '#') continue;
    const std::string name = line.substr(0, line.find('='));
    if (name.empty() || name.find_first_of(" \t") != std::string::npos)
      throw Error(cat("file ", printable(path), ", line ", number, ": not NAME=VALUE"), "",
                  ErrorKind::usage);
    entries.push_back(env_entry(line));
  }
  return entries;
}

void add_label(std::map<std::string, std::string>& labels, const std::string& text) {
  const size_t equals = text.find('=');
  if (text.empty() || equals == 0) refuse("--label", text, "the key is missing", "KEY=VALUE");
  labels[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
}

void add_sysctl(std::map<std::string, std::string>& sysctls, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    refuse("--sysctl", text, "not NAME=VALUE", "such as net.core.somaxconn=1024");
  sysctls[text.substr(0, equals)] = text.substr(equals + 1);
}

}  // namespace mini::cmd
