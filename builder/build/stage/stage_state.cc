#include "builder/build/stage/stage_state.h"

#include <algorithm>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr const char* kComment = "buildkit.dockerfile.v0";

void set_env(std::vector<std::string>& env, const std::string& name, const std::string& value) {
  const std::string prefix = name + "=";
  for (std::string& entry : env) {
    if (!entry.starts_with(prefix)) continue;
    entry = prefix + value;
    return;
  }
  env.push_back(prefix + value);
}

// Go's %q of a list of strings, as BuildKit writes CMD and ENTRYPOINT into the history.
std::string go_quoted(const std::vector<std::string>& words) {
  std::string out = "[";
  for (const std::string& word : words) {
    if (out.size() > 1) out += ' ';
    out += '"';
    for (const char c : word) {
      switch (c) {
        case '"':
          out += "\\\"";
          continue;
        case '\\':
          out += "\\\\";
          continue;
        case '\n':
          out += "\\n";
          continue;
        case '\t':
          out += "\\t";
          continue;
        case '\r':
          out += "\\r";
          continue;
        default:
          break;
      }
      constexpr char kDigits[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f) {
        out += cat("\\x", kDigits[byte >> 4], kDigits[byte & 15]);
      } else {
        out += c;
      }
    }
    out += '"';
  }
  return out + "]";
}

std::string go_list(const std::vector<std::string>& words) {
  return cat('[', join(words, " "), ']');
}

uint16_t parse_port(const std::string& text, const std::string& whole) {
  const auto port = parse_number(text, 65535);
  if (!port)
    throw Error(cat("port ", quoted(whole), ": not a port"), "as in 80, 80/udp, 8000-8010");
  return static_cast<uint16_t>(*port);
}

// "8000-8002/udp" -> the single ports; a host part ("1.2.3.4:80:80") is tolerated, as BuildKit
// does.
std::vector<std::string> expand_port(const std::string& text) {
  std::string ports = text.substr(text.rfind(':') + 1), protocol = "tcp";
  if (const size_t slash = ports.find('/'); slash != std::string::npos) {
    protocol = lower(ports.substr(slash + 1));
    ports.resize(slash);
  }
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
    throw Error(cat("port ", quoted(text), ": unknown protocol ", quoted(protocol)),
                "tcp, udp or sctp");
  }
  const size_t dash = ports.find('-');
  const int first = parse_port(ports.substr(0, dash), text);
  const int last = dash == std::string::npos ? first : parse_port(ports.substr(dash + 1), text);
  if (last < first) throw Error(cat("port ", quoted(text), ": the range is reversed"));
  std::vector<std::string> result;
  for (int port = first; port <= last; ++port) result.push_back(cat(port, '/', protocol));
  return result;
}

// One function per instruction; each adds its own history.
struct Metadata {
  StageState& state;
  const ArgSources& sources;

  bool operator()(const dockerfile::Env& env) const {
    std::string text = "ENV";
    for (const dockerfile::Pair& pair : env.pairs) {
      text += cat(' ', pair.key.text, '=', pair.value.text);
      state.set_variable(pair.key.text, pair.value.text);
      set_env(state.config.env, pair.key.text, pair.value.text);
    }
    return history(text);
  }

  bool operator()(const dockerfile::Label& label) const {
    std::string text = "LABEL";
    for (const dockerfile::Pair& pair : label.pairs) {
      text += cat(' ', pair.key.text, '=', pair.value.text);
      state.config.labels[pair.key.text] = pair.value.text;
    }
    return history(text);
  }

  bool operator()(const dockerfile::Arg& arg) const {
    std::string text = "ARG";
    for (const dockerfile::ArgPair& pair : arg.pairs) {
      const std::string& name = pair.name.text;
      std::optional<std::string> value;
      if (const auto given = sources.build_args.find(name); given != sources.build_args.end()) {
        value = given->second;
      } else if (pair.value) {
        value = pair.value->text;
      } else if (const auto global = sources.global.find(name); global != sources.global.end()) {
        value = global->second;
      }
      if (value) state.set_variable(name, *value);
      state.args.push_back({name, value});
      text += cat(' ', name, value ? "=" : "", value.value_or(""));
    }
    return history(text);
  }

  bool operator()(const dockerfile::User& user) const {
    state.config.user = user.user.text;
    return history("USER " + user.user.text);
  }

  bool operator()(const dockerfile::Expose& expose) const {
    std::vector<std::string> all;
    for (const dockerfile::Word& port : expose.ports) {
      for (std::string& one : expand_port(port.text)) {
        state.config.exposed_ports.insert(one);
        all.push_back(std::move(one));
      }
    }
    return history("EXPOSE " + go_list(all));
  }

  bool operator()(const dockerfile::Volume& volume) const {
    for (const dockerfile::Word& path : volume.paths) {
      if (path.text.empty()) throw Error("VOLUME: the path is empty");
      state.config.volumes.insert(path.text);
    }
    return history("VOLUME " + go_list(dockerfile::texts(volume.paths)));
  }

  bool operator()(const dockerfile::Shell& shell) const {
    state.config.shell = shell.argv;
    return history("SHELL " + go_list(shell.argv));
  }

  bool operator()(const dockerfile::Stopsignal& stop) const {
    parse_signal(stop.signal.text);
    state.config.stop_signal = stop.signal.text;
    return history("STOPSIGNAL " + stop.signal.text);
  }

  bool operator()(const dockerfile::Cmd& cmd) const {
    state.config.cmd = state.with_shell(cmd.command);
    state.config.args_escaped = true;
    state.cmd_set = true;
    return history("CMD " + go_quoted(*state.config.cmd));
  }

  bool operator()(const dockerfile::Entrypoint& entrypoint) const {
    state.config.entrypoint = state.with_shell(entrypoint.command);
    // What the base meant as the default command cannot be meant as arguments of this one.
    if (!state.cmd_set) state.config.cmd.reset();
    return history("ENTRYPOINT " + go_quoted(*state.config.entrypoint));
  }

  bool operator()(const dockerfile::Healthcheck& check) const {
    image::Healthcheck health;
    if (check.none) {
      health.test = {"NONE"};
    } else if (check.test.exec) {
      health.test = {"CMD"};
      health.test.insert(health.test.end(), check.test.argv.begin(), check.test.argv.end());
    } else {
      health.test = {"CMD-SHELL", check.test.shell};
    }
    health.interval_ns = check.interval;
    health.timeout_ns = check.timeout;
    health.start_period_ns = check.start_period;
    health.start_interval_ns = check.start_interval;
    health.retries = check.retries;
    state.config.healthcheck = health;
    return history(cat("HEALTHCHECK {Test:", go_list(health.test), " Interval:",
                       go_duration(health.interval_ns), " Timeout:", go_duration(health.timeout_ns),
                       " StartPeriod:", go_duration(health.start_period_ns), " StartInterval:",
                       go_duration(health.start_interval_ns), " Retries:", health.retries, '}'));
  }

  bool operator()(const dockerfile::Onbuild& onbuild) const {
    state.config.on_build.push_back(onbuild.text);
    return true;
  }

  bool operator()(const dockerfile::Maintainer& maintainer) const {
    state.config.author = maintainer.name;
    return history("MAINTAINER " + maintainer.name);
  }

  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }

  bool history(const std::string& text) const {
    state.add_history(text, true);
    return true;
  }
};

}  // namespace

StageState StageState::begin(const std::optional<image::ImageConfig>& base, int64_t epoch) {
  StageState state;
  state.created = rfc3339_nano(epoch * 1'000'000'000);
  if (base) {
    state.config = *base;
    state.config.on_build.clear();
  } else {
    state.config.architecture = image::host_architecture();
    state.config.os = "linux";
    state.config.working_dir = "/";
  }
  state.config.created = state.created;
  for (const std::string& entry : state.config.env) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos) continue;
    state.set_variable(entry.substr(0, equals), entry.substr(equals + 1));
  }
  if (!state.variable("PATH")) {
    set_env(state.config.env, "PATH", kDefaultPath);
    state.set_variable("PATH", kDefaultPath);
  }
  return state;
}

StageState StageState::child() const {
  StageState state = *this;
  state.cmd_set = false;
  state.config.on_build.clear();
  return state;
}

std::optional<std::string> StageState::variable(std::string_view name) const {
  for (const Variable& variable : variables) {
    if (variable.name == name) return variable.value;
  }
  return {};
}

void StageState::set_variable(const std::string& name, const std::string& value) {
  for (Variable& variable : variables) {
    if (variable.name != name) continue;
    variable.value = value;
    return;
  }
  variables.push_back({name, value});
}

dockerfile::Lookup StageState::lookup() const {
  return [this](std::string_view name) { return variable(name); };
}

std::string StageState::absolute(const std::string& path) const {
  const bool slash = path.empty() || path == "." || path.ends_with('/') || path.ends_with("/.");
  const std::string base = config.working_dir.empty() ? "/" : config.working_dir;
  std::string result = clean_path(path.starts_with('/') ? path : cat('/', base, '/', path));
  if (slash && !result.ends_with('/')) result += '/';
  return result;
}

std::vector<std::string> StageState::with_shell(const dockerfile::CommandLine& command) const {
  if (command.exec) return command.argv;
  std::vector<std::string> argv = config.shell;
  if (argv.empty()) argv = {"/bin/sh", "-c"};
  argv.push_back(command.shell);
  return argv;
}

void StageState::add_history(const std::string& created_by, bool empty_layer) {
  config.history.push_back({created, created_by, "", kComment, empty_layer});
}

std::string StageState::files_key() const {
  Sha256 hash;
  for (const image::Layer& layer : layers) hash.update(layer.diff_id.hex());
  return hash.finish().hex();
}

bool apply_metadata(StageState& state, const dockerfile::Instruction& instruction,
                    const ArgSources& args) {
  return std::visit(Metadata{state, args}, instruction.body);
}

void apply_workdir(StageState& state, const std::string& path) {
  std::string absolute = state.absolute(path);
  if (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
  state.config.working_dir = absolute;
}

std::string run_history(const StageState& state, const std::vector<std::string>& argv) {
  std::vector<std::string> names, words;
  for (const DeclaredArg& arg : state.args) {
    if (std::find(names.begin(), names.end(), arg.name) != names.end()) continue;
    names.push_back(arg.name);
    words.push_back(cat(arg.name, '=', state.variable(arg.name).value_or(arg.value.value_or(""))));
  }
  if (!words.empty()) words.insert(words.begin(), cat('|', words.size()));
  words.insert(words.end(), argv.begin(), argv.end());
  return cat("RUN ", join(words, " "), " # buildkit");
}

std::string copy_history(const dockerfile::Instruction& expanded) {
  const auto& copy = *expanded.as<dockerfile::Copy>();
  std::string text = expanded.name;
  if (copy.parents) text += " --parents";
  if (copy.chown) text += " --chown=" + copy.chown->text;
  if (copy.chmod) text += " --chmod=" + copy.chmod->text;
  for (const dockerfile::Word& source : copy.sources) text += " " + source.text;
  for (const dockerfile::Heredoc& file : copy.inline_files) text += " <<" + file.name;
  return cat(text, ' ', copy.destination.text, " # buildkit");
}

std::map<std::string, std::string> platform_args(const std::string& target_stage) {
  const std::string architecture = image::host_architecture();
  std::map<std::string, std::string> args = {{"TARGETSTAGE", target_stage}};
  for (const char* side : {"BUILD", "TARGET"}) {
    args[cat(side, "PLATFORM")] = "linux/" + architecture;
    args[cat(side, "OS")] = "linux";
    args[cat(side, "ARCH")] = architecture;
    args[cat(side, "VARIANT")] = "";
  }
  return args;
}

bool is_proxy_arg(std::string_view name) {
  constexpr std::string_view kNames[] = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY",
                                         "ALL_PROXY"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view known) { return name == known || name == lower(known); });
}

}  // namespace mini::build
