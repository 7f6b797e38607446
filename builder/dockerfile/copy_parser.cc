// COPY and ADD.
#include <map>

#include "builder/dockerfile/heredoc.h"
#include "builder/dockerfile/instruction_parser.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {

// A JSON array or words between blanks.
std::vector<Word> InstructionParser::word_list(const Arguments& arguments) const {
  JsonArray json = parse_json_array(arguments.line.text, arguments.begin);
  if (json.form == JsonForm::mixed) {
    fail(arguments.range(),
         cat(arguments.name, ": the JSON array has an element that is not a string"),
         "write each element in double quotes");
  }
  std::vector<Word> out;
  if (json.form == JsonForm::strings) {
    for (const Token& item : json.items) {
      if (item.text.find('\0') != std::string::npos)
        fail(arguments.range(item), cat(arguments.name, ": a path cannot contain a NUL character"));
      out.push_back(arguments.word(item));
    }
    return out;
  }
  if (resembles_json_array(arguments.text())) {
    warnings_.push_back(
        {"MalformedJSONArray", arguments.range(),
         "looks like a JSON array but is not valid JSON, so it is split at spaces",
         "JSON needs double quotes, commas between the elements, and nothing after the ]"});
  }
  for (const Token& token : split_at_blanks(arguments.line.text, arguments.begin))
    out.push_back(arguments.word(token));
  return out;
}

// `<<` and the name behind it are one word.
static std::vector<Word> join_heredoc_marks(std::vector<Word> words) {
  std::vector<Word> out;
  for (Word& word : words) {
    if (!out.empty() && is_heredoc_mark(out.back().text)) {
      out.back().text += cat(' ', word.text);
      out.back().range.last = word.range.last;
    } else {
      out.push_back(std::move(word));
    }
  }
  return out;
}

Copy InstructionParser::copy(const Arguments& arguments) const {
  const bool is_add = arguments.name == "ADD";
  std::vector<FlagSpec> known = {{"chown", FlagKind::value},
                                 {"chmod", FlagKind::value},
                                 {"link", FlagKind::boolean},
                                 {"exclude", FlagKind::list}};
  if (is_add) {
    known.insert(known.end(), {{"checksum", FlagKind::value},
                               {"keep-git-dir", FlagKind::boolean},
                               {"unpack", FlagKind::boolean}});
  } else {
    known.insert(known.end(), {{"from", FlagKind::value}, {"parents", FlagKind::boolean}});
  }
  const Flags given = flags(arguments, std::move(known));
  need_arguments(arguments, cat(arguments.name, " source destination"));

  const bool has_heredocs = !arguments.line.heredocs.empty();
  std::vector<Word> words = word_list(arguments);
  if (has_heredocs) words = join_heredoc_marks(std::move(words));
  if (words.size() < 2) {
    fail(arguments.range(), cat(arguments.name, " needs at least a source and a destination"),
         cat("write it like: ", arguments.name, " source destination"));
  }
  Copy out;
  out.is_add = is_add;
  out.destination = std::move(words.back());
  words.pop_back();
  if (has_heredocs && parse_heredoc_word(out.destination.text))
    fail(out.destination.range, cat(arguments.name, ": a here-document cannot be the destination"),
         "write the destination after it");
  std::map<std::string_view, const Heredoc*> documents;
  for (const Heredoc& heredoc : arguments.line.heredocs) documents[heredoc.name] = &heredoc;
  for (Word& word : words) {
    const auto mark = has_heredocs ? parse_heredoc_word(word.text) : std::nullopt;
    const auto document = mark ? documents.find(mark->name) : documents.end();
    if (document != documents.end()) {
      out.inline_files.push_back(*document->second);
    } else {
      out.sources.push_back(std::move(word));
    }
  }

  out.from = given.value("from");
  if (out.from && out.from->text.find('$') != std::string::npos) {
    fail(out.from->range, "COPY: --from cannot contain a variable",
         "give the image a stage of its own: FROM $IMAGE AS name, and write --from=name");
  }
  out.chown = given.value("chown");
  out.chmod = given.value("chmod");
  out.link = given.boolean("link").value_or(false);
  out.parents = given.boolean("parents").value_or(false);
  out.excludes = given.list("exclude");
  out.checksum = given.value("checksum");
  out.keep_git_dir = given.boolean("keep-git-dir").value_or(false);
  out.unpack = given.boolean("unpack");
  return out;
}

}  // namespace mini::dockerfile
