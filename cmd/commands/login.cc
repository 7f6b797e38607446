// login, logout: passwords for registries, kept where Docker keeps them.
#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/output/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"
#include "runtime/registry/distribution/repository.h"

namespace mini::cmd {
namespace {

constexpr size_t kLongest = 64 << 10;

// "docker.io", "https://host/v1/", "host:5000" -> the name as references have it.
std::string registry_name(const std::string& given) {
  const std::string name = given.empty() ? "docker.io" : registry::registry_of_key(given);
  if (image::Reference::parse(cat(name, "/x")).registry != name)
    throw Error(cat("registry ", quoted(name), ": not a registry name"),
                "a registry name has a dot or a port, or is localhost", ErrorKind::usage);
  return name;
}

std::string read_line(int fd) {
  std::string line;
  char c;
  while (line.size() < kLongest && ::read(fd, &c, 1) == 1 && c != '\n') line += c;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// Shows nothing of what is typed.
std::string ask(const std::string& question, bool hidden) {
  if (isatty(STDIN_FILENO) != 1)
    throw Error("login: standard input is not a terminal", "give --username and --password-stdin",
                ErrorKind::usage);
  std::fputs(question.c_str(), stderr);
  termios before{};
  const bool changed = hidden && tcgetattr(STDIN_FILENO, &before) == 0;
  if (changed) {
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  std::string line = read_line(STDIN_FILENO);
  if (changed) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::fputs("\n", stderr);
  }
  return line;
}

}  // namespace

int login(const Session& session, const Args& args) {
  Flags flags("login [flags] [REGISTRY]", "Logs in to a registry and stores the credentials.");
  std::string user, password, server;
  bool from_stdin = false;
  flags.value("-u,--username NAME", user, "user name");
  flags.value("-p,--password PASSWORD", password,
              "password; visible to other users: prefer --password-stdin");
  flags.flag("--password-stdin", from_stdin, "read the password from standard input");
  flags.argument("REGISTRY", server, false, "registry (default docker.io)");
  if (!flags.parse(args)) return 0;
  if (from_stdin && !password.empty())
    throw Error("flags --password and --password-stdin: cannot be combined", "", ErrorKind::usage);
  if (from_stdin && user.empty())
    throw Error("login: --password-stdin needs --username", "", ErrorKind::usage);
  const std::string name = registry_name(server);
  if (!password.empty())
    std::fputs("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n",
               stderr);
  if (user.empty()) user = ask("Username: ", false);
  if (from_stdin) password = read_line(STDIN_FILENO);
  if (password.empty() && !from_stdin) password = ask("Password: ", true);
  if (user.empty() || password.empty() || user.find(':') != std::string::npos)
    throw Error("login: needs a user name without a colon, and a password", "", ErrorKind::usage);

  const registry::Credential credential{user, password, ""};
  registry::check_password(name, registry::Settings::load(session.config), credential);
  const auto file = registry::CredentialFile::standard();
  file.store(name, credential);
  if (file.helper_of(name).empty())
    std::fprintf(stderr, "WARNING! The password is not encrypted in %s (mode 0600).\n",
                 printable(file.path()).c_str());
  put("Login Succeeded\n");
  return 0;
}

int logout(const Session&, const Args& args) {
  Flags flags("logout [REGISTRY]", "Removes the stored credentials of a registry.");
  std::string server;
  flags.argument("REGISTRY", server, false, "registry (default docker.io)");
  if (!flags.parse(args)) return 0;
  const std::string name = registry_name(server);
  if (registry::CredentialFile::standard().erase(name))
    put(cat("Removing login credentials for ", printable(registry::credential_key(name)), "\n"));
  else
    put(cat("Not logged in to ", printable(name), "\n"));
  return 0;
}

}  // namespace mini::cmd
