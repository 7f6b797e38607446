#include "cmd/flags/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {

namespace {

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

// "--no-cache STAGE" is a flag to CLI11, but the text after its "=" is not a boolean.
bool is_boolean(const CLI::Option& option) {
  return !takes_value(option) && option.get_type_name().empty();
}

// "-m,--memory SIZE"
struct Declared {
  explicit Declared(const char* text)
      : names(text, std::strcspn(text, " ")),
        value_name(text[names.size()] ? text + names.size() + 1 : "VALUE") {}
  std::string names, value_name;
};

std::string shown_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? cat('-', option.get_snames().front())
                                     : cat("--", option.get_lnames().front());
}

[[noreturn]] void bad_value(const std::string& name, const std::string& text, const char* what,
                            const char* cure) {
  throw Error(cat("flag ", name, " ", quoted(text), ": ", what), cure, ErrorKind::bad_flag);
}

// What Go's strconv.ParseBool takes.
void require_boolean(const std::string& name, const std::string& text) {
  constexpr std::string_view kBooleans[] = {"1", "t", "T", "true",  "True",  "TRUE",
                                            "0", "f", "F", "false", "False", "FALSE"};
  if (std::find(std::begin(kBooleans), std::end(kBooleans), text) == std::end(kBooleans))
    bad_value(name, text, "not a boolean", "true or false");
}

int64_t whole_number(const std::string& name, const std::string& text) {
  const bool negative = text.starts_with('-');
  const auto number = parse_number(std::string_view(text).substr(negative), INT64_MAX);
  if (!number) bad_value(name, text, "not a whole number", "");
  return negative ? -static_cast<int64_t>(*number) : static_cast<int64_t>(*number);
}

std::string command_of(const std::string& usage) {
  return usage.substr(0, usage.find(" ["));
}

}  // namespace

struct Flags::Impl {
  CLI::App app;
  std::string usage, summary;
  bool help = false;
  std::vector<std::string> arguments;  // what is not a flag
  std::vector<std::string>* command = nullptr;
  size_t command_minimum = 0;
  struct Positional {
    std::string name, help;
    bool required;
    std::string* one;
    std::vector<std::string>* many;  // the last one only
  };
  std::vector<Positional> positionals;
  struct Only {
    std::string name, allowed, why, cure;
    std::string text;  // of the last occurrence
  };
  std::deque<Only> only;  // CLI11 holds on to the texts

  Impl(const std::string& usage_text, const std::string& summary_text)
      : app("", "mini " + command_of(usage_text)), usage(usage_text), summary(summary_text) {
    app.set_help_flag();
    app.add_flag("--help", help, "print this help");
  }

  const CLI::Option* find(const std::string& name) const {
    const CLI::Option* option = app.get_option_no_throw(name);
    return option || name != "-h" ? option : app.get_option_no_throw("--help");
  }

  [[noreturn]] void unknown_flag(const std::string& flag) const {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    std::vector<std::string_view> candidates(names.begin(), names.end());
    auto near = did_you_mean(flag, candidates);
    throw Error(
        cat("unknown flag: ", printable(flag)),
        near ? cat("did you mean ", *near, "?") : cat("see `mini ", command_of(usage), " --help`"),
        ErrorKind::bad_flag);
  }

  [[noreturn]] void bad_flag(const std::string& what) const {
    throw Error(what, cat("usage: mini ", usage), ErrorKind::bad_flag);
  }

  [[noreturn]] void bad_arguments(const std::string& what) const {
    throw Error(cat(command_of(usage), ": ", what), cat("usage: mini ", usage),
                ErrorKind::arguments);
  }

  CLI::Option* declare(CLI::Option* option, const Declared& declared) {
    return option->type_name(declared.value_name);
  }
  // CLI11 would name its own types in the error.
  void number(const char* names, const char* text, const std::function<void(int64_t)>& take) {
    const Declared declared(names);
    CLI::Option* option = app.add_option(declared.names, CLI::callback_t(), text);
    option->each([take, name = shown_name(*option)](const std::string& value) {
      take(whole_number(name, value));
    });
    declare(option, declared)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  void assign_arguments();
  void check_only() const;
  std::string help_of(const CLI::Option& option) const;

  std::vector<std::string> normalize(const std::vector<std::string>& args);
  size_t normalize_long(const std::vector<std::string>& args, size_t index,
                        std::vector<std::string>& out);
  size_t normalize_short(const std::vector<std::string>& args, size_t index,
                         std::vector<std::string>& out);
  const std::string& value_after(const std::vector<std::string>& args, size_t index,
                                 const std::string& name) {
    if (index + 1 >= args.size()) bad_flag(cat("flag ", name, ": needs a value"));
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
    if (equals != std::string::npos && is_boolean(*option))
      require_boolean(name, word.substr(equals + 1));
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
      if (is_boolean(*option)) require_boolean(name, word.substr(at + 2));
      out.push_back(cat("--", option->get_lnames().front(), word.substr(at + 1)));
      return index + 1;
    }
    out.push_back(name == "-h" ? shown_name(*option) : name);
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

void Flags::Impl::assign_arguments() {
  if (command) {
    if (arguments.size() < command_minimum) bad_arguments("too few arguments");
    *command = std::move(arguments);
    return;
  }
  size_t used = 0;
  for (const Positional& positional : positionals) {
    if (used == arguments.size()) {
      if (positional.required) bad_arguments(cat("argument ", positional.name, " is missing"));
      break;
    }
    if (positional.one) {
      *positional.one = arguments[used++];
    } else {
      positional.many->assign(arguments.begin() + static_cast<ptrdiff_t>(used), arguments.end());
      used = arguments.size();
    }
  }
  if (used < arguments.size()) bad_arguments(cat("unexpected argument ", quoted(arguments[used])));
}

void Flags::Impl::check_only() const {
  for (const Only& flag : only) {
    if (app.count(flag.name) == 0 || flag.text == flag.allowed) continue;
    throw Error(cat("flag ", flag.name, " ", quoted(flag.text), ": ", flag.why), flag.cure,
                ErrorKind::bad_flag);
  }
}

Flags::Flags(const std::string& usage, const std::string& summary)
    : impl_(std::make_unique<Impl>(usage, summary)) {}
Flags::~Flags() = default;

void Flags::flag(const char* names, bool& out, const char* help) {
  impl_->app.add_flag(names, out, help);
}

void Flags::value(const char* names, std::string& out, const char* help) {
  const Declared declared(names);
  impl_->declare(impl_->app.add_option(declared.names, out, help), declared)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}
void Flags::value(const char* names, std::optional<std::string>& out, const char* help) {
  const Declared declared(names);
  impl_
      ->declare(impl_->app.add_option_function<std::string>(
                    declared.names, [&out](const std::string& text) { out = text; }, help),
                declared)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}
void Flags::value(const char* names, int64_t& out, const char* help) {
  impl_->number(names, help, [&out](int64_t number) { out = number; });
}
void Flags::value(const char* names, std::optional<int64_t>& out, const char* help) {
  impl_->number(names, help, [&out](int64_t number) { out = number; });
}
void Flags::values(const char* names, std::vector<std::string>& out, const char* help) {
  const Declared declared(names);
  // One value an occurrence, taken as it is: CLI11's own vectors would split "[a,b]".
  impl_
      ->declare(impl_->app.add_option(declared.names,
                                      CLI::callback_t([&out](const CLI::results_t& texts) {
                                        out = texts;
                                        return true;
                                      }),
                                      help),
                declared)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}
void Flags::optional_values(const char* names, std::vector<std::string>& out, const char* bare,
                            const char* help) {
  const Declared declared(names);
  impl_->declare(impl_->app.add_flag(cat(declared.names, "{", bare, "}"), out, help), declared);
}
void Flags::hide(const char* name) {
  impl_->app.get_option(name)->group("");
}

void Flags::only(const char* names, const char* allowed, const char* why, const char* cure) {
  const Declared declared(names);
  const std::string name = declared.names.substr(declared.names.find("--"));
  Impl::Only& flag = impl_->only.emplace_back(Impl::Only{name, allowed, why, cure, {}});
  if (std::string_view(names).find(' ') == std::string_view::npos) {
    impl_->app.add_flag_function(
        declared.names, [&flag](int64_t count) { flag.text = count > 0 ? "true" : "false"; });
  } else {
    value(names, flag.text, why);
  }
  hide(flag.name.c_str());
}

void Flags::argument(const char* name, std::string& out, bool required, const char* help) {
  impl_->positionals.push_back({name, help, required, &out, nullptr});
}
void Flags::arguments(const char* name, std::vector<std::string>& out, bool required,
                      const char* help) {
  impl_->positionals.push_back({name, help, required, nullptr, &out});
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
    impl_->bad_flag(printable(error.what()));
  }
  if (impl_->help) {
    print_help();
    return false;
  }
  impl_->check_only();
  impl_->assign_arguments();
  return true;
}

// "  -m, --memory SIZE", with the help in a column of its own, on the next line where the names are
// too long for it.
std::string Flags::Impl::help_of(const CLI::Option& option) const {
  constexpr size_t kColumn = 32;
  const bool help_alone = option.check_lname("help") && !app.get_option_no_throw("-h");
  const bool has_short = help_alone || !option.get_snames().empty();
  std::string out = help_alone  ? "  -h"
                    : has_short ? cat("  -", option.get_snames().front())
                                : "    ";
  for (size_t i = 0; i < option.get_lnames().size(); ++i)
    out += cat(i > 0 || has_short ? ", --" : "  --", option.get_lnames()[i]);
  if (const std::string value = option.get_type_name(); !value.empty())
    out += takes_value(option) ? cat(' ', value) : cat("[=", value, ']');
  const size_t gap = out.size() + 2 <= kColumn ? kColumn - out.size() : 0;
  return cat(out, gap ? std::string(gap, ' ') : cat('\n', std::string(kColumn, ' ')),
             option.get_description(), '\n');
}

void Flags::print_help() const {
  std::string text = cat("Usage: mini ", impl_->usage, "\n\n", impl_->summary, "\n");
  std::string arguments;
  for (const auto& positional : impl_->positionals)
    if (!positional.help.empty())
      arguments +=
          cat("  ", positional.name,
              std::string(std::max<size_t>(30, positional.name.size() + 2) - positional.name.size(),
                          ' '),
              positional.help, '\n');
  if (!arguments.empty()) text += cat("\nArguments:\n", arguments);
  text += "\nFlags:\n";
  for (const CLI::Option* option : impl_->app.get_options())
    if (!option->get_group().empty()) text += impl_->help_of(*option);
  std::fputs(text.c_str(), stdout);
}

}  // namespace mini::cmd
