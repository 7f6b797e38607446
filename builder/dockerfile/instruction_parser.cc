#include "builder/dockerfile/instruction_parser.h"

#include <algorithm>
#include <array>

#include "builder/dockerfile/heredoc.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

constexpr std::array<std::string_view, 18> kInstructions = {
    "ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
    "EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR"};

bool valid_stage_name(std::string_view name) {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

// The part of a line from `begin` on, with its here-documents.
LogicalLine tail(const LogicalLine& line, size_t begin) {
  LogicalLine out;
  out.text = line.text.substr(begin);
  out.pieces.push_back({0, line.position(begin)});
  for (const auto& piece : line.pieces) {
    if (piece.offset > begin) out.pieces.push_back({piece.offset - begin, piece.position});
  }
  out.heredocs = line.heredocs;
  out.range = out.range_of(0, out.text.size());
  return out;
}

}  // namespace

bool is_instruction(std::string_view upper_name) {
  return std::ranges::find(kInstructions, upper_name) != kInstructions.end();
}

bool Run::is_one_document() const {
  return heredocs.size() == 1 && parse_heredoc_word(command.shell).has_value();
}

bool Run::is_script_file() const {
  return is_one_document() && heredocs[0].content.starts_with("#!");
}

std::string Run::script() const {
  if (is_one_document()) return heredocs[0].content;
  std::string out = command.shell;
  for (const Heredoc& heredoc : heredocs) out += cat("\n", heredoc.content, heredoc.name);
  return out;
}

void InstructionParser::fail(const Range& range, const std::string& problem,
                             std::string hint) const {
  throw DockerfileError(source_, range, problem, std::move(hint));
}

void InstructionParser::unknown_instruction(const Arguments& arguments) const {
  const std::string_view written =
      std::string_view(arguments.line.text).substr(0, skip_word(arguments.line.text, 0));
  const auto meant = did_you_mean(arguments.name, kInstructions);
  std::string hint;
  if (meant) {
    hint = cat("did you mean ", *meant, "?");
  } else if (arguments.keyword.first.line > 1) {
    hint = "is a \\ missing at the end of the previous line?";
  }
  fail(arguments.keyword, cat("unknown instruction ", quoted(written)), std::move(hint));
}

Flags InstructionParser::flags(const Arguments& arguments, std::vector<FlagSpec> known) const {
  return Flags(source_, arguments.line, arguments.flags, arguments.name, std::move(known));
}

void InstructionParser::need_arguments(const Arguments& arguments, std::string_view example) const {
  if (arguments.text().empty())
    fail(arguments.keyword, cat(arguments.name, " needs an argument"),
         cat("write it like: ", example));
}

Instruction InstructionParser::parse(const LogicalLine& line) const {
  const size_t end = skip_word(line.text, 0);
  const std::string name = upper(std::string_view(line.text).substr(0, end));
  LeadingFlags leading = take_flags(line.text, end);
  const Arguments arguments{line, name, line.range_of(0, end), std::move(leading.flags),
                            leading.rest};
  Instruction out;
  out.name = name;
  out.as_written = line.text.substr(0, end);
  out.text = line.text;
  out.range = line.range;
  out.body = body(arguments);
  return out;
}

Body InstructionParser::body(const Arguments& arguments) const {
  const std::string_view name = arguments.name;
  if (name == "RUN") return run(arguments);
  if (name == "COPY" || name == "ADD") return copy(arguments);
  if (name == "FROM") return from(arguments);
  if (name == "ENV") return Env{pairs(arguments)};
  if (name == "LABEL") return Label{pairs(arguments)};
  if (name == "ARG") return arg(arguments);
  if (name == "WORKDIR") return Workdir{single(arguments, "WORKDIR /app")};
  if (name == "USER") return User{single(arguments, "USER name:group")};
  if (name == "STOPSIGNAL") return Stopsignal{single(arguments, "STOPSIGNAL SIGTERM")};
  if (name == "MAINTAINER") return Maintainer{single(arguments, "LABEL maintainer=name").text};
  if (name == "EXPOSE") return expose(arguments);
  if (name == "VOLUME") return volume(arguments);
  if (name == "CMD") return cmd(arguments);
  if (name == "ENTRYPOINT") return entrypoint(arguments);
  if (name == "SHELL") return shell(arguments);
  if (name == "HEALTHCHECK") return healthcheck(arguments);
  if (name == "ONBUILD") return onbuild(arguments);
  unknown_instruction(arguments);
}

From InstructionParser::from(const Arguments& arguments) const {
  constexpr std::string_view kExample = "FROM image:tag AS name";
  const Flags given = flags(arguments, {{"platform", FlagKind::value}});
  need_arguments(arguments, kExample);
  const auto words = split_at_blanks(arguments.line.text, arguments.begin);
  From out;
  out.image = arguments.word(words[0]);
  out.platform = given.value("platform");
  if (words.size() == 1) return out;
  if (lower(words[1].text) != "as")
    fail(arguments.range(words[1]), cat("FROM: expected AS, not ", quoted(words[1].text)),
         cat("write it like: ", kExample));
  if (words.size() != 3) {
    fail(arguments.range(words[words.size() > 3 ? 3 : 1]), "FROM: AS needs exactly one name",
         cat("write it like: ", kExample));
  }
  out.as_keyword = words[1].text;
  out.alias_as_written = words[2].text;
  out.alias = lower(words[2].text);
  if (!valid_stage_name(out.alias)) {
    fail(arguments.range(words[2]), cat("invalid stage name ", quoted(words[2].text)),
         "a stage name is a letter followed by letters, digits, - _ and .");
  }
  return out;
}

Arg InstructionParser::arg(const Arguments& arguments) const {
  no_flags(arguments);
  need_arguments(arguments, "ARG NAME=default");
  Arg out;
  for (const Token& token :
       split_outside_quotes(arguments.line.text, arguments.begin, directives_.escape)) {
    const size_t equals = token.text.find('=');
    if (equals == 0)
      fail(arguments.range(token), "ARG: a name may not be empty", "write ARG NAME=default");
    ArgPair pair;
    pair.name = arguments.word(token);
    if (equals != std::string::npos) {
      pair.value = Word{token.text.substr(equals + 1),
                        arguments.line.range_of(token.begin + equals + 1, token.end)};
      pair.name = {token.text.substr(0, equals),
                   arguments.line.range_of(token.begin, token.begin + equals)};
    }
    out.pairs.push_back(std::move(pair));
  }
  return out;
}

// ENV and LABEL: `name=value …`, or the old `name value`, decided by the first word.
std::vector<Pair> InstructionParser::pairs(const Arguments& arguments) const {
  const LogicalLine& line = arguments.line;
  no_flags(arguments);
  need_arguments(arguments, cat(arguments.name, " name=value"));
  const auto words = split_outside_quotes(line.text, arguments.begin, directives_.escape);
  if (words[0].text.find('=') == std::string::npos) {
    const size_t end = skip_word(line.text, arguments.begin);
    const size_t value = skip_blanks(line.text, end);
    if (value == line.text.size()) {
      fail(arguments.range(words[0]),
           cat(arguments.name, ": ", quoted(words[0].text), " has no value"),
           cat("write ", arguments.name, " name=value"));
    }
    const Token key{line.text.substr(arguments.begin, end - arguments.begin), arguments.begin, end};
    const Token rest{line.text.substr(value), value, line.text.size()};
    return {{arguments.word(key), arguments.word(rest), true}};
  }
  std::vector<Pair> out;
  for (const Token& token : words) {
    const size_t equals = token.text.find('=');
    if (equals == std::string::npos) {
      fail(arguments.range(token), cat(arguments.name, ": no = in ", quoted(token.text)),
           "write name=value, and quote a value that contains spaces: name=\"a b\"");
    }
    if (equals == 0) fail(arguments.range(token), cat(arguments.name, ": a name may not be empty"));
    out.push_back({{token.text.substr(0, equals), line.range_of(token.begin, token.begin + equals)},
                   {token.text.substr(equals + 1),
                    line.range_of(std::min(token.begin + equals + 1, token.end - 1), token.end)},
                   false});
  }
  return out;
}

Word InstructionParser::single(const Arguments& arguments, std::string_view example) const {
  no_flags(arguments);
  need_arguments(arguments, example);
  return arguments.rest();
}

Expose InstructionParser::expose(const Arguments& arguments) const {
  no_flags(arguments);
  need_arguments(arguments, "EXPOSE 80/tcp");
  Expose out;
  for (const Token& token : split_at_blanks(arguments.line.text, arguments.begin))
    out.ports.push_back(arguments.word(token));
  return out;
}

Volume InstructionParser::volume(const Arguments& arguments) const {
  no_flags(arguments);
  need_arguments(arguments, "VOLUME /data");
  Volume out{word_list(arguments)};
  if (out.paths.empty())
    fail(arguments.range(), "VOLUME needs at least one path", "write it like: VOLUME /data");
  for (const Word& path : out.paths) {
    if (trim(path.text).empty()) fail(path.range, "VOLUME: a path may not be empty");
  }
  return out;
}

Onbuild InstructionParser::onbuild(const Arguments& arguments) const {
  no_flags(arguments);
  need_arguments(arguments, "ONBUILD COPY . /app");
  const LogicalLine inner = tail(arguments.line, arguments.begin);
  const size_t end = skip_word(inner.text, 0);
  const std::string name = upper(std::string_view(inner.text).substr(0, end));
  if (name == "ONBUILD" || name == "FROM" || name == "MAINTAINER")
    fail(inner.range_of(0, end), cat("ONBUILD: ", name, " cannot be a trigger"));
  Onbuild out;
  out.text = inner.text;
  for (const Heredoc& heredoc : inner.heredocs)
    out.text += cat("\n", heredoc.content, heredoc.name);
  out.inner = std::make_shared<const Instruction>(parse(inner));
  return out;
}

}  // namespace mini::dockerfile
