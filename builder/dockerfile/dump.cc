#include "builder/dockerfile/dump.h"

#include "runtime/base/clock.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

std::string at(const Range& range) {
  return cat(range.first.line, ":", range.first.column, "-", range.last.line, ":",
             range.last.column);
}

std::string octal(uint32_t value) {
  std::string out;
  do {
    out.insert(out.begin(), static_cast<char>('0' + value % 8));
    value /= 8;
  } while (value);
  return "0" + out;
}

class Dumper {
 public:
  std::string out;

  void instruction(const Instruction& instruction, std::string indent) {
    const std::string outer = std::exchange(indent_, indent + "  ");
    out += cat(indent, instruction.name, " ", at(instruction.range), '\n');
    std::visit(*this, instruction.body);
    indent_ = outer;
  }

  void operator()(const From& from) {
    word("image", from.image);
    word("platform", from.platform);
    if (!from.alias.empty()) text("alias", from.alias);
  }
  void operator()(const Run& run);
  void operator()(const Copy& copy);
  void operator()(const Workdir& workdir) { word("path", workdir.path); }
  void operator()(const Env& env) { pairs(env.pairs); }
  void operator()(const Label& label) { pairs(label.pairs); }
  void operator()(const Arg& arg) {
    for (const ArgPair& pair : arg.pairs) {
      word("name", pair.name);
      word("default", pair.value);
    }
  }
  void operator()(const User& user) { word("user", user.user); }
  void operator()(const Expose& expose) { words("port", expose.ports); }
  void operator()(const Volume& volume) { words("path", volume.paths); }
  void operator()(const Shell& shell) { strings("argv", shell.argv); }
  void operator()(const Stopsignal& stopsignal) { word("signal", stopsignal.signal); }
  void operator()(const Cmd& cmd) { command(cmd.command); }
  void operator()(const Entrypoint& entrypoint) { command(entrypoint.command); }
  void operator()(const Healthcheck& check);
  void operator()(const Onbuild& onbuild) {
    text("trigger", onbuild.text);
    instruction(*onbuild.inner, indent_);
  }
  void operator()(const Maintainer& maintainer) { text("name", maintainer.name); }

 private:
  void line(std::string_view name, std::string_view value) {
    out += cat(indent_, name, value.empty() ? "" : " ", value, '\n');
  }
  void text(std::string_view name, std::string_view value) { line(name, quoted(value)); }
  void word(std::string_view name, const Word& word) {
    line(name, cat(quoted(word.text), " ", at(word.range)));
  }
  void word(std::string_view name, const std::optional<Word>& optional) {
    if (optional) word(name, *optional);
  }
  void words(std::string_view name, const std::vector<Word>& all) {
    for (const Word& each : all) word(name, each);
  }
  void strings(std::string_view name, const std::vector<std::string>& all) {
    std::string shown;
    for (const std::string& each : all) shown += cat(shown.empty() ? "" : " ", quoted(each));
    line(name, shown);
  }
  void flag(std::string_view name, bool on) {
    if (on) line(name, "");
  }
  void pairs(const std::vector<Pair>& all) {
    for (const Pair& pair : all) {
      word(pair.legacy ? "legacy key" : "key", pair.key);
      word("value", pair.value);
    }
  }
  void command(const CommandLine& command) {
    if (command.exec) {
      strings("exec", command.argv);
    } else {
      text("shell", command.shell);
    }
  }
  void heredoc(const Heredoc& heredoc) {
    line("heredoc", cat(quoted(heredoc.name), heredoc.strip_tabs ? " tabs off" : "",
                        heredoc.expand ? "" : " verbatim", " ", at(heredoc.range)));
    for (const std::string& content : split(heredoc.content, '\n')) text("|", content);
  }
  void duration(std::string_view name, int64_t value) {
    if (value) line(name, go_duration(value));
  }
  void show(const RunMount& mount);

  std::string indent_;
};

void Dumper::show(const RunMount& mount) {
  word("mount", mount.text);
  if (mount.variables) return;
  const Mount& value = mount.value;
  static constexpr const char* kSharing[] = {"shared", "private", "locked"};
  std::string shown = mount_type_name(value.type);
  const auto add = [&](std::string_view name, std::string_view part) {
    if (!part.empty()) shown += cat(" ", name, "=", quoted(part));
  };
  add("from", value.from);
  add("source", value.source);
  add("target", value.target);
  add("id", value.id);
  add("env", value.env);
  if (value.type == MountType::cache) shown += cat(" ", kSharing[static_cast<int>(value.sharing)]);
  if (value.mode) shown += cat(" mode=", octal(*value.mode));
  if (value.uid) shown += cat(" uid=", *value.uid);
  if (value.gid) shown += cat(" gid=", *value.gid);
  if (value.size) shown += cat(" size=", value.size);
  if (value.required) shown += " required";
  shown += value.read_only ? " ro" : " rw";
  line("  as", shown);
}

void Dumper::operator()(const Run& run) {
  command(run.command);
  for (const Heredoc& each : run.heredocs) heredoc(each);
  if (!run.heredocs.empty()) text(run.is_script_file() ? "program" : "script", run.script());
  for (const RunMount& each : run.mounts) show(each);
  if (run.network == RunNetwork::none) line("network", "none");
  if (run.network == RunNetwork::host) line("network", "host");
  if (run.security == RunSecurity::insecure) line("security", "insecure");
}

void Dumper::operator()(const Copy& copy) {
  words("source", copy.sources);
  for (const Heredoc& each : copy.inline_files) heredoc(each);
  word("destination", copy.destination);
  word("from", copy.from);
  word("chown", copy.chown);
  word("chmod", copy.chmod);
  flag("link", copy.link);
  flag("parents", copy.parents);
  words("exclude", copy.excludes);
  word("checksum", copy.checksum);
  flag("keep-git-dir", copy.keep_git_dir);
  if (copy.unpack) line("unpack", *copy.unpack ? "yes" : "no");
}

void Dumper::operator()(const Healthcheck& check) {
  if (check.none) return line("none", "");
  command(check.test);
  duration("interval", check.interval);
  duration("timeout", check.timeout);
  duration("start-period", check.start_period);
  duration("start-interval", check.start_interval);
  if (check.retries) line("retries", std::to_string(check.retries));
}

}  // namespace

std::string dump(const Dockerfile& file) {
  Dumper dumper;
  const Directives& directives = file.directives;
  if (directives.escape != '\\') dumper.out += cat("escape ", directives.escape, '\n');
  if (!directives.syntax.empty()) dumper.out += cat("syntax ", quoted(directives.syntax), '\n');
  if (!directives.check.empty()) dumper.out += cat("check ", quoted(directives.check), '\n');
  for (const Instruction& arg : file.global_args) dumper.instruction(arg, "");
  for (const Stage& stage : file.stages) {
    dumper.out += cat("stage ", stage.index, stage.name.empty() ? "" : " ", stage.name, '\n');
    dumper.instruction(stage.from, "  ");
    for (const Instruction& each : stage.instructions) dumper.instruction(each, "  ");
  }
  return std::move(dumper.out);
}

}  // namespace mini::dockerfile
