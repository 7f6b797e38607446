// A command's flags and arguments: a thin layer over CLI11, so that one file pays for its headers
// and all commands behave alike. Docker's conventions: short flags combine (-it), booleans take
// =false, a flag may be given several times, flags and arguments mix unless what follows is a
// command line to run. `--help`, and `-h` where it has no other meaning, print the help. An unknown
// flag is refused with "did you mean". Bound variables keep their value when the flag is absent and
// must outlive `parse`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mini::cmd {

class Flags {
 public:
  // `usage` is what follows "mini ": "run [flags] IMAGE [COMMAND] [ARG...]".
  Flags(const std::string& usage, const std::string& summary);
  ~Flags();

  void flag(const char* names, bool& out, const char* help);  // "-d,--detach"
  // "-m,--memory SIZE": names, and what --help calls the value.
  void value(const char* names, std::string& out, const char* help);
  void value(const char* names, std::optional<std::string>& out, const char* help);
  void value(const char* names, int64_t& out, const char* help);
  void value(const char* names, std::optional<int64_t>& out, const char* help);
  void values(const char* names, std::vector<std::string>& out, const char* help);  // repeatable
  // "--no-cache STAGE" takes "--no-cache" and "--no-cache=STAGE": `bare` when no value is given;
  // repeatable.
  void optional_values(const char* names, std::vector<std::string>& out, const char* bare,
                       const char* help);
  void hide(const char* name);  // accepted, not shown by --help
  // A flag of docker's that mini takes, hidden, only with the value that asks for what is so
  // anyway; `parse` refuses any other, with the reason and the cure. "--name VALUE", or "--name"
  // for a boolean.
  void only(const char* names, const char* allowed, const char* why, const char* cure);

  void argument(const char* name, std::string& out, bool required, const char* help = "");
  void arguments(const char* name, std::vector<std::string>& out, bool required,
                 const char* help = "");
  // Flags end at the first argument, which with all that follows goes to `out`: run, exec, create,
  // top. Instead of `argument(s)`.
  void command(std::vector<std::string>& out, size_t minimum);

  bool given(const char* name) const;  // after parse: "--tail"
  // Throws Error: bad_flag for a flag, arguments for too few or too many of them. False when help
  // was asked for: it has been printed.
  bool parse(const std::vector<std::string>& args);

 private:
  void print_help() const;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mini::cmd
