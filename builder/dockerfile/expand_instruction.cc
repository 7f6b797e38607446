// Which fields of which instruction hold variables.
#include <algorithm>
#include <utility>

#include "builder/dockerfile/expand.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

class Expander {
 public:
  Expander(const Source& source, const Directives& directives, const Lookup& lookup,
           UsedVariables* used, std::set<std::string>* missing)
      : source_(source), lookup_(lookup), used_(used) {
    options_.escape = directives.escape;
    options_.missing = missing;
  }

  std::string text(const Word& word) const {
    return located(word, [&] { return expand_word(word.text, lookup_, options_, used_); });
  }
  void in_place(Word& word) const { word.text = text(word); }
  void in_place(std::optional<Word>& word) const {
    if (word) in_place(*word);
  }
  void in_place(std::vector<Word>& words) const {
    for (Word& word : words) in_place(word);
  }

  void operator()(From& from) const {
    in_place(from.image);
    in_place(from.platform);
  }
  void operator()(Run& run) const;
  void operator()(Copy& copy) const;
  void operator()(Workdir& workdir) const { in_place(workdir.path); }
  void operator()(Env& env) const { in_place(env.pairs); }
  void operator()(Label& label) const { in_place(label.pairs); }
  void operator()(Arg& arg) const {
    for (ArgPair& pair : arg.pairs) {
      in_place(pair.name);
      in_place(pair.value);
    }
  }
  void operator()(User& user) const { in_place(user.user); }
  void operator()(Expose& expose) const;
  void operator()(Volume& volume) const { in_place(volume.paths); }
  void operator()(Stopsignal& stopsignal) const { in_place(stopsignal.signal); }
  // The shell of the container, not the builder, expands these; ONBUILD is expanded when it is
  // triggered.
  void operator()(Cmd&) const {}
  void operator()(Entrypoint&) const {}
  void operator()(Healthcheck&) const {}
  void operator()(Shell&) const {}
  void operator()(Onbuild&) const {}
  void operator()(Maintainer&) const {}

 private:
  void in_place(std::vector<Pair>& pairs) const {
    for (Pair& pair : pairs) {
      in_place(pair.key);
      in_place(pair.value);
    }
  }

  void source_pattern(Word& word) const;

  template <class Work>
  auto located(const Word& word, Work&& work) const -> decltype(work()) {
    try {
      return work();
    } catch (const ExpandError& error) {
      Range range = word.range;
      // Exact where the text stands in the file as it is: on one line, no quotes taken off.
      const int length = range.last.column - range.first.column + 1;
      if (range.first.line == range.last.line && length == static_cast<int>(word.text.size()))
        range.first.column += static_cast<int>(error.offset());
      throw DockerfileError(source_, range, error.what(), error.hint());
    }
  }

  const Source& source_;
  const Lookup& lookup_;
  UsedVariables* used_;
  ExpandOptions options_;
};

void Expander::operator()(Run& run) const {
  for (RunMount& mount : run.mounts) {
    if (!mount.variables) continue;
    const auto expand = [&](const std::string& value) { return text({value, mount.text.range}); };
    mount.value = parse_mount(source_, mount.text, expand);
    mount.variables = false;
  }
}

// A source is a pattern: an escaped wildcard has to stay escaped until it is matched.
void Expander::source_pattern(Word& word) const {
  ExpandOptions options = options_;
  options.raw_escapes = true;
  word.text = located(word, [&] { return expand_word(word.text, lookup_, options, used_); });
  if (options.escape != '\\')
    std::replace(word.text.begin(), word.text.end(), options.escape, '\\');
}

void Expander::operator()(Copy& copy) const {
  for (Word& source : copy.sources) source_pattern(source);
  in_place(copy.destination);
  in_place(copy.chown);
  in_place(copy.chmod);
  in_place(copy.checksum);
  in_place(copy.excludes);
  for (Heredoc& file : copy.inline_files) {
    if (!file.expand) continue;
    ExpandOptions options = options_;
    options.escape = '\\';  // regardless of the directive, as in a shell
    options.plain_quotes = true;
    const Word content{file.content, file.range};
    file.content =
        located(content, [&] { return expand_word(content.text, lookup_, options, used_); });
  }
}

void Expander::operator()(Expose& expose) const {
  std::vector<Word> ports;
  for (const Word& word : expose.ports) {
    auto words = located(word, [&] { return expand_words(word.text, lookup_, options_, used_); });
    for (std::string& port : words) ports.push_back({std::move(port), word.range});
  }
  expose.ports = std::move(ports);
}

}  // namespace

Instruction expand_instruction(const Source& source, const Instruction& instruction,
                               const Directives& directives, const Lookup& lookup,
                               UsedVariables* used, std::set<std::string>* missing) {
  Instruction out = instruction;
  std::visit(Expander(source, directives, lookup, used, missing), out.body);
  return out;
}

std::string expand_at(const Source& source, const Word& word, const Directives& directives,
                      const Lookup& lookup, UsedVariables* used) {
  return Expander(source, directives, lookup, used, nullptr).text(word);
}

}  // namespace mini::dockerfile
