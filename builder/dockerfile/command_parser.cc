// RUN, CMD, ENTRYPOINT, SHELL and HEALTHCHECK.
#include "builder/dockerfile/instruction_parser.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

constexpr int64_t kShortestInterval = 1'000'000;  // one millisecond, as Docker
constexpr unsigned long long kMostRetries = 0x7FFFFFFF;

}  // namespace

CommandLine InstructionParser::command_line(const Arguments& arguments, size_t begin) const {
  const LogicalLine& line = arguments.line;
  const std::string_view text = std::string_view(line.text).substr(begin);
  const Range range = line.range_of(begin, line.text.size());
  CommandLine out;
  JsonArray json = parse_json_array(line.text, begin);
  if (json.form == JsonForm::mixed) {
    fail(range, cat(arguments.name, ": the JSON array has an element that is not a string"),
         "write each element in double quotes");
  }
  if (json.form == JsonForm::strings) {
    out.exec = true;
    for (Token& item : json.items) {
      if (item.text.find('\0') != std::string::npos)
        fail(arguments.range(item),
             cat(arguments.name, ": an argument cannot contain a NUL character"));
      out.argv.push_back(std::move(item.text));
    }
    return out;
  }
  out.shell = text;
  if (resembles_json_array(text)) {
    warnings_.push_back(
        {"MalformedJSONArray", range,
         "looks like a JSON array but is not valid JSON, so the shell runs it as text",
         "JSON needs double quotes, commas between the elements, and nothing after the ]"});
  }
  return out;
}

Run InstructionParser::run(const Arguments& arguments) const {
  const Flags given = flags(
      arguments,
      {{"mount", FlagKind::list}, {"network", FlagKind::value}, {"security", FlagKind::value}});
  need_arguments(arguments, "RUN command");
  Run out;
  out.command = command_line(arguments, arguments.begin);
  if (out.command.exec && out.command.argv.empty())
    fail(arguments.range(), "RUN needs a command",
         "write it like: RUN [\"program\", \"argument\"]");
  out.heredocs = arguments.line.heredocs;

  for (const Word& text : given.list("mount")) {
    RunMount mount{text, parse_mount(source_, text), false};
    mount.variables = text.text.find_first_of("$\\`'\"") != std::string::npos;
    out.mounts.push_back(std::move(mount));
  }
  if (const auto network = given.value("network")) {
    if (network->text == "none") {
      out.network = RunNetwork::none;
    } else if (network->text == "host") {
      out.network = RunNetwork::host;
    } else if (network->text != "default") {
      fail(network->range, cat("RUN: unknown network ", quoted(network->text)),
           "one of default, none and host");
    }
  }
  if (const auto security = given.value("security")) {
    if (security->text == "insecure") {
      out.security = RunSecurity::insecure;
    } else if (security->text != "sandbox") {
      fail(security->range, cat("RUN: unknown security mode ", quoted(security->text)),
           "one of sandbox and insecure");
    }
  }
  return out;
}

Cmd InstructionParser::cmd(const Arguments& arguments) const {
  no_flags(arguments);
  need_arguments(arguments, "CMD [\"program\", \"argument\"]");
  return {command_line(arguments, arguments.begin)};
}

Entrypoint InstructionParser::entrypoint(const Arguments& arguments) const {
  no_flags(arguments);
  need_arguments(arguments, "ENTRYPOINT [\"program\", \"argument\"]");
  return {command_line(arguments, arguments.begin)};
}

Shell InstructionParser::shell(const Arguments& arguments) const {
  constexpr const char* kExample = "write it like: SHELL [\"/bin/bash\", \"-c\"]";
  no_flags(arguments);
  need_arguments(arguments, "SHELL [\"/bin/bash\", \"-c\"]");
  const JsonArray json = parse_json_array(arguments.line.text, arguments.begin);
  if (json.form != JsonForm::strings)
    fail(arguments.range(), "SHELL takes a JSON array of strings", kExample);
  if (json.items.empty()) fail(arguments.range(), "SHELL needs at least one element", kExample);
  Shell out;
  for (const Token& item : json.items) out.argv.push_back(item.text);
  return out;
}

int64_t InstructionParser::duration(const Flags& given, std::string_view name) const {
  const auto word = given.value(name);
  if (!word) return 0;
  const auto value = parse_go_duration(word->text);
  if (!value) {
    fail(word->range, cat("HEALTHCHECK: --", name, ": ", quoted(word->text), " is not a duration"),
         "write it like 30s, 1m30s or 500ms");
  }
  if (*value != 0 && *value < kShortestInterval)
    fail(word->range, cat("HEALTHCHECK: --", name, ": ", quoted(word->text), " is less than 1ms"));
  return *value;
}

int InstructionParser::retries(const Flags& given) const {
  const auto word = given.value("retries");
  if (!word) return 0;
  const auto value = parse_number(word->text, kMostRetries);
  if (!value)
    fail(word->range, cat("HEALTHCHECK: --retries: ", quoted(word->text), " is not a number"),
         "write it like --retries=3");
  return static_cast<int>(*value);
}

Healthcheck InstructionParser::healthcheck(const Arguments& arguments) const {
  const LogicalLine& line = arguments.line;
  const Flags given = flags(arguments, {{"interval", FlagKind::value},
                                        {"timeout", FlagKind::value},
                                        {"start-period", FlagKind::value},
                                        {"start-interval", FlagKind::value},
                                        {"retries", FlagKind::value}});
  need_arguments(arguments, "HEALTHCHECK --interval=30s CMD command");
  Healthcheck out;
  const size_t end = skip_word(line.text, arguments.begin);
  const size_t command = skip_blanks(line.text, end);
  const Range kind_range = line.range_of(arguments.begin, end);
  const std::string written = line.text.substr(arguments.begin, end - arguments.begin);
  const std::string kind = upper(written);
  if (kind == "NONE") {
    if (command != line.text.size())
      fail(line.range_of(command, line.text.size()), "HEALTHCHECK NONE takes no arguments");
    if (!given.empty()) fail(given.range(), "HEALTHCHECK NONE takes no flags");
    out.none = true;
    return out;
  }
  if (kind != "CMD") {
    fail(kind_range, cat("HEALTHCHECK: expected CMD or NONE, not ", quoted(written)),
         cat("write it like: HEALTHCHECK CMD ", printable(arguments.text())));
  }
  if (command == line.text.size())
    fail(kind_range, "HEALTHCHECK CMD needs a command", "write it like: HEALTHCHECK CMD command");
  out.test = command_line(arguments, command);
  if (out.test.exec && out.test.argv.empty())
    fail(line.range_of(command, line.text.size()), "HEALTHCHECK CMD needs a command");
  out.interval = duration(given, "interval");
  out.timeout = duration(given, "timeout");
  out.start_period = duration(given, "start-period");
  out.start_interval = duration(given, "start-interval");
  out.retries = retries(given);
  return out;
}

}  // namespace mini::dockerfile
