// The typed instructions of a Dockerfile, as written: nothing is expanded (see expand.h) and
// nothing is looked up. A Word keeps its place in the file for errors. Values that cannot depend on
// a variable are checked already.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "builder/dockerfile/lines.h"
#include "builder/dockerfile/mount.h"
#include "builder/dockerfile/source.h"

namespace mini::dockerfile {

struct From {
  Word image;  // reference, stage name or "scratch"; may hold variables
  std::optional<Word> platform;
  std::string alias;  // lower case; empty without AS
  std::string alias_as_written;
  std::string as_keyword;  // "AS" as written
};

// `RUN x` (shell form: the text goes to the shell) or `RUN ["x"]` (exec form).
struct CommandLine {
  bool exec = false;
  std::string shell;              // of the shell form
  std::vector<std::string> argv;  // of the exec form; may be empty for CMD and ENTRYPOINT ("none")
};

enum class RunNetwork { standard, none, host };  // --network=default|none|host
enum class RunSecurity { sandbox, insecure };    // --security=

struct Run {
  CommandLine command;
  std::vector<Heredoc> heredocs;
  std::vector<RunMount> mounts;
  RunNetwork network = RunNetwork::standard;
  RunSecurity security = RunSecurity::sandbox;

  // What the shell is to run: the shell form followed by its here-documents, or, when the command
  // is nothing but one here-document, that document. In the latter case the text may begin with
  // "#!" and is then a separate program, not shell input.
  std::string script() const;
  bool is_one_document() const;
  bool is_script_file() const;  // the "#!" case
};

struct Copy {
  bool is_add = false;
  std::vector<Word> sources;          // without the inline files
  std::vector<Heredoc> inline_files;  // COPY <<name: a file of that name; expanded unless quoted
  Word destination;
  std::optional<Word> from;  // COPY only: stage name, index or image; never holds a variable
  std::optional<Word> chown, chmod;
  bool link = false;
  bool parents = false;
  std::vector<Word> excludes;
  // ADD only
  std::optional<Word> checksum;
  bool keep_git_dir = false;
  std::optional<bool> unpack;
};

struct Workdir {
  Word path;
};

struct Pair {
  Word key, value;
  bool legacy = false;  // ENV key value
};
struct Env {
  std::vector<Pair> pairs;
};
struct Label {
  std::vector<Pair> pairs;
};

struct ArgPair {
  Word name;
  std::optional<Word> value;
};
struct Arg {
  std::vector<ArgPair> pairs;
};

struct User {
  Word user;
};
struct Expose {
  std::vector<Word> ports;  // one Word may expand to several ports
};
struct Volume {
  std::vector<Word> paths;
};
struct Shell {
  std::vector<std::string> argv;  // not empty
};
struct Stopsignal {
  Word signal;
};
struct Cmd {
  CommandLine command;
};
struct Entrypoint {
  CommandLine command;
};

// Durations in nanoseconds; 0 means the default.
struct Healthcheck {
  bool none = false;
  CommandLine test;
  int64_t interval = 0, timeout = 0, start_period = 0, start_interval = 0;
  int retries = 0;
};

struct Instruction;
struct Onbuild {
  std::string
      text;  // the trigger as it goes into the image's config; parse_trigger() reads it again
  std::shared_ptr<const Instruction> inner;
};

struct Maintainer {
  std::string name;
};

using Body = std::variant<From, Run, Copy, Workdir, Env, Label, Arg, User, Expose, Volume, Shell,
                          Stopsignal, Cmd, Entrypoint, Healthcheck, Onbuild, Maintainer>;

struct Instruction {
  std::string name;        // upper case: "COPY"
  std::string as_written;  // "copy"
  std::string text;  // the whole logical line: "COPY --from=a b c", for people and for history
  Range range;       // without here-documents
  Body body;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&body);
  }
};

// Instruction keywords in upper case, for suggestions and checks.
bool is_instruction(std::string_view upper_name);

}  // namespace mini::dockerfile
