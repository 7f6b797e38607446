#include "cmd/flags/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {

namespace {

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

std::string command_of(const std::string& usage) {
  return usage.substr(0, usage.find(" ["));
}

}  // namespace

struct Flags::Impl {
  CLI::App app;
  std::string usage, summary;
  bool help = false;
  std::vector<std::string> arguments;  // what is no flag
  std::vector<std::string>* command = nullptr;
  size_t command_minimum = 0;
  struct Positional {
    std::string name;
    bool required;
    std::string* one;
    std::vector<std::string>* many;  // the last one only
  };
  std::vector<Positional> positionals;

  Impl(const std::string& usage_text, const std::string& summary_text)
      : app("", "mini " + command_of(usage_text)), usage(usage_text), summary(summary_text) {
    app.set_help_flag();
    app.option_defaults()->group("Flags");
    app.add_flag("--help", help, "print this help");
  }

  const CLI::Option* find(const std::string& name) const { return app.get_option_no_throw(name); }

  [[noreturn]] void unknown_flag(const std::string& flag) const {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    std::vector<std::string_view> candidates(names.begin(), names.end());
    auto near = did_you_mean(flag, candidates);
    throw Error(
        cat("unknown flag: ", printable(flag)),
        near ? cat("did you mean ", *near, "?") : cat("see `mini ", command_of(usage), " --help`"),
        ErrorKind::usage);
  }

  [[noreturn]] void bad_usage(const std::string& what) const {
    throw Error(what, cat("usage: mini ", usage), ErrorKind::usage);
  }

  void add_positional(Positional positional, const char* text);
  void assign_arguments();

  std::vector<std::string> normalize(const std::vector<std::string>& args);
  size_t normalize_long(const std::vector<std::string>& args, size_t index,
                        std::vector<std::string>& out);
  size_t normalize_short(const std::vector<std::string>& args, size_t index,
                         std::vector<std::string>& out);
  const std::string& value_after(const std::vector<std::string>& args, size_t index,
                                 const std::string& name) {
    if (index + 1 >= args.size()) bad_usage(cat("flag ", name, ": needs a value"));
    return args[index + 1];
  }
};

// CLI11 reads "--name=" as if the next word were its value, and cannot stop at the first argument
// while it refuses unknown flags: so flags are brought into the form "--name value" first. Returns
// the index after what was used.
size_t Flags::Impl::normalize_long(const std::vector<std::string>& args, size_t index,
                                   std::vector<std::string>& out) {
  const std::string& word = args[index];
  const size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const CLI::Option* option = find(name);
  if (!option) unknown_flag(name);
  if (!takes_value(*option)) {
    out.push_back(word);
    return index + 1;
  }
  out.push_back(name);
  if (equals != std::string::npos) {
    out.push_back(word.substr(equals + 1));
    return index + 1;
  }
  out.push_back(value_after(args, index, name));
  return index + 2;
}

size_t Flags::Impl::normalize_short(const std::vector<std::string>& args, size_t index,
                                    std::vector<std::string>& out) {
  const std::string& word = args[index];
  for (size_t at = 1; at < word.size(); ++at) {
    const std::string name{'-', word[at]};
    const CLI::Option* option = find(name);
    if (!option) unknown_flag(at == 1 ? word : name);
    if (!takes_value(*option) && at + 1 < word.size() && word[at + 1] == '=') {  // -i=false
      if (option->get_lnames().empty()) unknown_flag(word);
      out.push_back(cat("--", option->get_lnames().front(), word.substr(at + 1)));
      return index + 1;
    }
    out.push_back(name);
    if (!takes_value(*option)) continue;
    if (at + 1 < word.size()) {
      out.push_back(word.substr(at + 1 + (word[at + 1] == '=')));
      return index + 1;
    }
    out.push_back(value_after(args, index, name));
    return index + 2;
  }
  return index + 1;
}

std::vector<std::string> Flags::Impl::normalize(const std::vector<std::string>& args) {
  std::vector<std::string> out;
  std::vector<std::string>& rest = arguments;
  for (size_t index = 0; index < args.size();) {
    const std::string& word = args[index];
    if (word == "--") {
      rest.insert(rest.end(), args.begin() + static_cast<ptrdiff_t>(index) + 1, args.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      if (command) {
        rest.assign(args.begin() + static_cast<ptrdiff_t>(index), args.end());
        break;
      }
      rest.push_back(word);
      ++index;
    } else {
      index = word[1] == '-' ? normalize_long(args, index, out) : normalize_short(args, index, out);
    }
  }
  return out;
}

// CLI11 knows them for --help only: it would split "[a,b]".
void Flags::Impl::add_positional(Positional positional, const char* text) {
  const CLI::callback_t ignore = [](const CLI::results_t&) { return true; };
  app.add_option(positional.name, ignore, text)->type_name("")->group("Arguments");
  positionals.push_back(std::move(positional));
}

void Flags::Impl::assign_arguments() {
  if (command) {
    if (arguments.size() < command_minimum) bad_usage("too few arguments");
    *command = std::move(arguments);
    return;
  }
  size_t used = 0;
  for (const Positional& positional : positionals) {
    if (used == arguments.size()) {
      if (positional.required) bad_usage(cat(positional.name, ": missing"));
      break;
    }
    if (positional.one) {
      *positional.one = arguments[used++];
    } else {
      positional.many->assign(arguments.begin() + static_cast<ptrdiff_t>(used), arguments.end());
      used = arguments.size();
    }
  }
  if (used < arguments.size()) bad_usage(cat("unexpected argument: ", printable(arguments[used])));
}

Flags::Flags(const std::string& usage, const std::string& summary)
    : impl_(std::make_unique<Impl>(usage, summary)) {}
Flags::~Flags() = default;

void Flags::flag(const char* names, bool& out, const char* help) {
  impl_->app.add_flag(names, out, help);
}

void Flags::value(const char* names, std::string& out, const char* help) {
  impl_->app.add_option(names, out, help)
      ->type_name("")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}
void Flags::value(const char* names, int64_t& out, const char* help) {
  impl_->app.add_option(names, out, help)
      ->type_name("")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}
void Flags::value(const char* names, std::optional<std::string>& out, const char* help) {
  impl_->app
      .add_option_function<std::string>(
          names, [&out](const std::string& text) { out = text; }, help)
      ->type_name("")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}
void Flags::value(const char* names, std::optional<int64_t>& out, const char* help) {
  impl_->app
      .add_option_function<int64_t>(
          names, [&out](const int64_t& number) { out = number; }, help)
      ->type_name("")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}
void Flags::values(const char* names, std::vector<std::string>& out, const char* help) {
  // One value an occurrence, taken as it is: CLI11's own vectors would split "[a,b]".
  impl_->app
      .add_option(names, CLI::callback_t([&out](const CLI::results_t& texts) {
                    out = texts;
                    return true;
                  }),
                  help)
      ->type_name("")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}
void Flags::optional_values(const char* names, std::vector<std::string>& out, const char* bare,
                            const char* help) {
  impl_->app.add_flag(cat(names, "{", bare, "}"), out, help);
}
void Flags::hide(const char* name) {
  impl_->app.get_option(name)->group("");
}

void Flags::argument(const char* name, std::string& out, bool required, const char* help) {
  impl_->add_positional({name, required, &out, nullptr}, help);
}
void Flags::arguments(const char* name, std::vector<std::string>& out, bool required,
                      const char* help) {
  impl_->add_positional({name, required, nullptr, &out}, help);
}
void Flags::command(std::vector<std::string>& out, size_t minimum) {
  impl_->command = &out;
  impl_->command_minimum = minimum;
}

bool Flags::given(const char* name) const {
  return impl_->app.count(name) > 0;
}

bool Flags::parse(const std::vector<std::string>& args) {
  std::vector<std::string> words = impl_->normalize(args);
  std::reverse(words.begin(), words.end());
  try {
    impl_->app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    impl_->bad_usage(printable(error.what()));
  }
  if (impl_->help) {
    print_help();
    return false;
  }
  impl_->assign_arguments();
  return true;
}

void Flags::print_help() const {
  std::string text = impl_->app.help();
  const size_t flags = text.find("\nArguments:") != std::string::npos ? text.find("\nArguments:")
                                                                      : text.find("\nFlags:");
  text = cat("Usage: mini ", impl_->usage, "\n\n", impl_->summary, "\n",
             flags == std::string::npos ? "" : text.substr(flags));
  std::fputs(text.c_str(), stdout);
}

}  // namespace mini::cmd
