// An image's configuration (OCI image specification, config.md, with Docker's additions
// Healthcheck, OnBuild, Shell) as a plain value, and its canonical JSON, whose SHA-256 is the
// image's id. `created` and history times come from SOURCE_DATE_EPOCH, never from the clock.
// Reading is strict about types and limits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/digest.h"

namespace mini::image {

struct Healthcheck {
  std::vector<std::string> test;  // {"NONE"} | {"CMD", …} | {"CMD-SHELL", "…"}; empty: inherit
  int64_t interval_ns = 0, timeout_ns = 0, start_period_ns = 0,
          start_interval_ns = 0;  // 0: the default
  int retries = 0;
  bool operator==(const Healthcheck&) const = default;
};

struct History {
  std::string created, created_by, author, comment;
  bool empty_layer = false;
};

struct ImageConfig {
  std::string created, author;
  std::string architecture, os, variant;
  std::string user;
  std::set<std::string> exposed_ports;  // "80/tcp"
  std::vector<std::string> env;         // "NAME=value"
  std::optional<std::vector<std::string>> entrypoint,
      cmd;  // absent and empty differ when they are combined
  std::set<std::string> volumes;
  std::string working_dir;
  std::map<std::string, std::string> labels;
  std::string stop_signal;
  std::optional<Healthcheck> healthcheck;
  std::vector<std::string> on_build;
  std::vector<std::string> shell;
  bool args_escaped = false;
  std::vector<Digest> diff_ids;  // bottom first
  std::vector<History> history;

  static ImageConfig parse(std::string_view json, const std::string& name);
  std::string to_json() const;
};

// The machine that mini runs on, in Go's words: "amd64", "arm64".
std::string host_architecture();

}  // namespace mini::image
