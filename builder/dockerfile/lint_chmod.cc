// RUN chmod or chown on what an earlier COPY brought: every touched file is stored a second time.
#include <algorithm>
#include <set>

#include "builder/dockerfile/glob.h"
#include "builder/dockerfile/lint_rules.h"
#include "builder/dockerfile/words.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

constexpr size_t kLongestPath = 4096;  // the kernel's; what is longer names no file

std::string resolve(const std::string& directory, std::string_view path) {
  return path.starts_with('/') ? clean_pattern(path) : clean_pattern(cat(directory, "/", path));
}

// Simple commands of a shell text: split at ; & | and newlines, which is exact enough for a hint.
std::vector<std::vector<Token>> simple_commands(std::string_view script) {
  std::vector<std::vector<Token>> out;
  for (size_t begin = 0; begin <= script.size();) {
    const size_t end = std::min(script.find_first_of(";&|\n", begin), script.size());
    out.push_back(split_at_blanks(script.substr(begin, end - begin), 0));
    begin = end + 1;
  }
  return out;
}

std::string cure(std::string_view program, std::string_view value) {
  // COPY takes the whole mode, not a change of it.
  const bool change = program == "chmod" && !parse_number(value);
  return cat("write COPY --", program, "=", change ? "755" : printable(value), " … instead",
             change ? " (or the mode that it needs)" : "");
}

class StageFiles {
 public:
  void copied(const Copy& copy);
  void changed(const Instruction& instruction, const Run& run, Warnings& out) const;
  void enter(const std::string& path) {
    if (path.size() + workdir_.size() < kLongestPath) workdir_ = resolve(workdir_, path);
  }

 private:
  bool holds(const std::string& path, bool recursive) const;
  std::set<std::string> paths_;
  std::string workdir_ = "/";
};

void StageFiles::copied(const Copy& copy) {
  const std::string& written = copy.destination.text;
  const std::string destination = resolve(workdir_, written);
  const bool directory = written.ends_with('/') || written == "." || written == ".." ||
                         copy.sources.size() + copy.inline_files.size() > 1;
  if (!directory) paths_.insert(destination);
  for (const Word& source : copy.sources) {
    // A directory's contents are copied, a file goes below the destination; which it is cannot be
    // known here.
    const std::string_view name = std::string_view(source.text).substr(source.text.rfind('/') + 1);
    if (name.empty() || name == "." || has_glob(name)) {
      paths_.insert(destination);
    } else if (directory) {
      paths_.insert(resolve(destination, name));
    }
  }
  for (const Heredoc& file : copy.inline_files) {
    if (directory) paths_.insert(resolve(destination, file.name));
  }
}

// Was this path, something above it, or (for -R) something below it copied?
bool StageFiles::holds(const std::string& path, bool recursive) const {
  if (path.size() > kLongestPath) return false;
  for (std::string_view above = path; above.size() > 1; above = above.substr(0, above.rfind('/'))) {
    if (paths_.contains(std::string(above))) return true;
  }
  if (!recursive) return false;
  const std::string below = path == "/" ? path : path + "/";
  const auto next = paths_.lower_bound(below);
  return next != paths_.end() && next->starts_with(below);
}

void StageFiles::changed(const Instruction& instruction, const Run& run, Warnings& out) const {
  if (paths_.empty() || run.command.exec) return;
  if (run.script().find("chmod") == std::string::npos &&
      run.script().find("chown") == std::string::npos) {
    return;
  }
  for (const std::vector<Token>& words : simple_commands(run.script())) {
    if (words.size() < 3 || (words[0].text != "chmod" && words[0].text != "chown")) continue;
    bool recursive = false;
    std::string value;
    for (const Token& word : std::span(words).subspan(1)) {
      if (word.text.starts_with('-') && value.empty()) {
        recursive = recursive || word.text == "--recursive" ||
                    (word.text[1] != '-' && word.text.find('R') != std::string::npos);
      } else if (value.empty()) {
        value = word.text;
      } else if (const std::string path = resolve(workdir_, word.text); holds(path, recursive)) {
        out.push_back({"ChmodDoublesLayer", instruction.range,
                       cat(words[0].text, " of ", quoted(path),
                           ", which an earlier COPY added, stores it a second time"),
                       cure(words[0].text, value)});
        return;
      }
    }
  }
}

}  // namespace

void lint_chmod(const Dockerfile& file, Warnings& out) {
  for (const Stage& stage : file.stages) {
    StageFiles files;
    for (const Instruction& instruction : stage.instructions) {
      if (const Workdir* workdir = instruction.as<Workdir>()) files.enter(workdir->path.text);
      if (const Copy* copy = instruction.as<Copy>()) files.copied(*copy);
      if (const Run* run = instruction.as<Run>()) files.changed(instruction, *run, out);
    }
  }
}

}  // namespace mini::dockerfile
