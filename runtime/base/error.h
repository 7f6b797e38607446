// Errors that a person reads. Thrown everywhere except in the launcher's child, caught in `main`
// (and where a step, a container or a file name is known and worth adding, by `with_context`).
// `what()` is lower case, without a full stop, and names the object first; `hint()` is the cure, a
// full sentence fragment printed on a line of its own, or empty. `kind()` lets a caller choose the
// exit code without reading text.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace mini {

enum class ErrorKind {
  failed,          // anything else
  usage,           // the request is invalid: a value, or a combination of flags
  bad_flag,        // a flag is unknown, lacks its value, or its value is not of its type
  arguments,       // too few or too many arguments, or no such command
  bad_template,    // --format is not a template
  not_found,       // the named object does not exist
  conflict,        // it exists already, is in use or in the wrong state
  not_executable,  // the container's command was found and cannot be executed (exit code 126)
  no_command,      // the container's command was not found (exit code 127)
};

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, std::string hint = {},
                 ErrorKind kind = ErrorKind::failed)
      : std::runtime_error(message), hint_(std::move(hint)), kind_(kind) {}

  const std::string& hint() const { return hint_; }
  ErrorKind kind() const { return kind_; }

 private:
  std::string hint_;
  ErrorKind kind_;
};

// A system call that failed: the message ends in ": <strerror>".
class SysError : public Error {
 public:
  // Uses the calling thread's errno.
  explicit SysError(const std::string& what);
  SysError(int error_number, const std::string& what);

  int code() const { return code_; }

 private:
  int code_;
};

// Runs `work`; an Error that leaves it gets "`context`: " in front, and keeps its hint and kind.
template <class Work>
auto with_context(const std::string& context, Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(context + ": " + error.what(), error.hint(), error.kind());
  }
}

}  // namespace mini
