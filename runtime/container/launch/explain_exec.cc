#include "runtime/container/launch/explain_exec.h"

#include <elf.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/text.h"

namespace mini::container {
namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#else
constexpr unsigned kMachine = EM_AARCH64;
#endif

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86_64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390x";
    case EM_RISCV:
      return "riscv";
    default:
      return cat("machine ", machine);
  }
}

unsigned byte(std::string_view head, size_t at) {
  return at < head.size() ? static_cast<unsigned char>(head[at]) : 0;
}

std::string interpreter_of(std::string_view head) {
  std::string_view line = head.substr(2, head.find('\n') - 2);
  while (!line.empty() && (line[0] == ' ' || line[0] == '\t')) line.remove_prefix(1);
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

Error script(const std::string& what, std::string_view head) {
  const std::string interpreter = interpreter_of(head);
  if (!interpreter.empty() && interpreter.back() == '\r') {
    return Error(
        cat(what, ": its first line ends in CR LF, so the kernel looks for an interpreter named ",
            quoted(interpreter)),
        "save the script with Unix line ends (dos2unix)", ErrorKind::not_executable);
  }
  return Error(
      cat(what, ": its interpreter ", quoted(interpreter), " is missing or cannot be executed"),
      "install the interpreter in the image, or correct the #! line", ErrorKind::not_executable);
}

Error program(const std::string& what, std::string_view head) {
  const unsigned machine = byte(head, 18) | byte(head, 19) << 8;
  if (machine != kMachine) {
    return Error(cat(what, ": is a program for ", machine_name(machine), ", this machine is ",
                     machine_name(kMachine)),
                 "use an image for this architecture", ErrorKind::not_executable);
  }
  return Error(
      cat(what, ": its loader (dynamic linker) is missing in the image"),
      "link the program statically, or use a base image with the C library it was built for",
      ErrorKind::not_executable);
}

}  // namespace

Error explain_exec(const std::string& command, int error, std::string_view head, bool exists) {
  const std::string what = cat("exec: ", quoted(command));
  if (error == ENOENT || error == ENOTDIR) {
    if (command.find('/') != std::string::npos) {
      return Error(cat("exec: ", quoted(command), ": ", strerror(error)), "",
                   ErrorKind::no_command);
    }
    return Error(cat(what, ": executable file not found in $PATH"), "", ErrorKind::no_command);
  }
  if ((exists || error == ENOEXEC) && head.starts_with("#!")) return script(what, head);
  if ((exists || error == ENOEXEC || error == EINVAL) && head.starts_with(ELFMAG))
    return program(what, head);
  if (error == ENOEXEC) {
    return Error(cat(what, ": is neither a program nor a script"),
                 "a script starts with a line such as #!/bin/sh", ErrorKind::not_executable);
  }
  if (error == EACCES) {
    return Error(cat(what, ": permission denied"),
                 "is it a directory, or is its executable bit missing (chmod +x)?",
                 ErrorKind::not_executable);
  }
  return Error(cat(what, ": ", strerror(error)), "", ErrorKind::not_executable);
}

}  // namespace mini::container
