#include "builder/dockerfile/mount.h"

#include <algorithm>
#include <array>

#include "runtime/base/size.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

constexpr std::array<std::string_view, 5> kTypes = {"bind", "cache", "tmpfs", "secret", "ssh"};
constexpr std::array<std::string_view, 3> kSharings = {"shared", "private", "locked"};

struct Key {
  std::string_view written, meaning;
};
constexpr Key kKeys[] = {
    {"type", "type"},       {"source", "source"},
    {"src", "source"},      {"target", "target"},
    {"dst", "target"},      {"destination", "target"},
    {"from", "from"},       {"readonly", "readonly"},
    {"ro", "readonly"},     {"readwrite", "readwrite"},
    {"rw", "readwrite"},    {"id", "id"},
    {"sharing", "sharing"}, {"mode", "mode"},
    {"uid", "uid"},         {"gid", "gid"},
    {"size", "size"},       {"required", "required"},
    {"env", "env"},
};

bool allowed(MountType type, std::string_view key) {
  static constexpr std::string_view kAllowed[] = {
      " source target from readonly readwrite ",
      " source target from id sharing mode uid gid readonly readwrite ",
      " target size readonly readwrite ",
      " source target id required mode uid gid env readonly ",
      " target id required mode uid gid ",
  };
  return kAllowed[static_cast<int>(type)].find(cat(" ", key, " ")) != std::string_view::npos;
}

struct Option {
  std::string key;  // as in Key::meaning
  std::string written;
  std::optional<std::string> value;
};

// One line of comma-separated values; a value that itself holds a comma is quoted: "target=/a,b".
std::optional<std::vector<std::string>> split_commas(std::string_view text) {
  std::vector<std::string> out(1);
  bool quoted_field = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted_field) {
      if (c != '"') {
        out.back() += c;
      } else if (text.substr(at + 1, 1) == "\"") {
        out.back() += text[++at];
      } else {
        quoted_field = false;
        if (at + 1 < text.size() && text[at + 1] != ',') return std::nullopt;
      }
    } else if (c == ',') {
      out.emplace_back();
    } else if (c == '"') {
      if (!out.back().empty()) return std::nullopt;
      quoted_field = true;
    } else {
      out.back() += c;
    }
  }
  if (quoted_field) return std::nullopt;
  return out;
}

class MountParser {
 public:
  MountParser(const Source& source, const Word& text) : source_(source), text_(text) {}

  Mount parse(const std::function<std::string(const std::string&)>& expand);

 private:
  [[noreturn]] void fail(const std::string& problem, std::string hint = {}) const {
    throw DockerfileError(source_, text_.range, problem, std::move(hint));
  }
  std::vector<Option> options() const;
  // False when the value depends on variables that are not known yet.
  bool expand_value(Option& option,
                    const std::function<std::string(const std::string&)>& expand) const;
  void set_type(std::string_view value);
  void set(const Option& option);
  void set_sharing(const std::string& value);
  bool boolean(const Option& option) const;
  uint32_t number(const Option& option, unsigned base) const;
  void complete(bool deferred);

  const Source& source_;
  const Word& text_;
  Mount out_;
  std::optional<bool> read_only_;
};

std::vector<Option> MountParser::options() const {
  const auto fields = split_commas(text_.text);
  if (!fields) fail(cat("mount ", quoted(text_.text), ": misplaced double quote"));
  std::vector<Option> out;
  for (const std::string& field : *fields) {
    const size_t equals = field.find('=');
    Option option;
    option.written = lower(std::string_view(field).substr(0, equals));
    if (equals != std::string::npos) option.value = field.substr(equals + 1);
    const Key* key = std::ranges::find(kKeys, std::string_view(option.written), &Key::written);
    if (key == std::end(kKeys)) {
      std::vector<std::string_view> names;
      for (const Key& known : kKeys) names.push_back(known.written);
      const auto meant = did_you_mean(option.written, names);
      fail(cat("unknown mount option ", quoted(option.written)),
           meant
               ? cat("did you mean ", *meant, "?")
               : cat("one of ", join(std::vector<std::string>(names.begin(), names.end()), ", ")));
    }
    option.key = key->meaning;
    const bool bare =
        option.key == "readonly" || option.key == "readwrite" || option.key == "required";
    if (!option.value && !bare)
      fail(cat("mount option ", quoted(option.written), " needs a value"),
           cat("write ", option.written, "=…"));
    out.push_back(std::move(option));
  }
  return out;
}

bool MountParser::expand_value(Option& option,
                               const std::function<std::string(const std::string&)>& expand) const {
  if (!option.value) return true;
  if (option.key == "from") {
    if (option.value->find('$') == std::string::npos) return true;
    fail("the from option of a mount cannot contain a variable",
         "give the image a stage of its own: FROM $IMAGE AS name, and write from=name");
  }
  if (expand) {
    option.value = expand(*option.value);
    return true;
  }
  // Quotes and escapes go away with the expansion, so they defer a value as a variable does.
  return option.value->find_first_of("$\\`'\"") == std::string::npos;
}

void MountParser::set_type(std::string_view value) {
  const std::string name = lower(value);
  const auto found = std::ranges::find(kTypes, std::string_view(name));
  if (found == kTypes.end()) {
    const auto meant = did_you_mean(name, kTypes);
    fail(cat("unknown mount type ", quoted(value)),
         meant ? cat("did you mean ", *meant, "?") : "one of bind, cache, tmpfs, secret and ssh");
  }
  out_.type = static_cast<MountType>(found - kTypes.begin());
}

void MountParser::set_sharing(const std::string& value) {
  const std::string name = lower(value);
  const auto found = std::ranges::find(kSharings, std::string_view(name));
  if (found == kSharings.end()) {
    const auto meant = did_you_mean(name, kSharings);
    fail(cat("unknown sharing mode ", quoted(value)),
         meant ? cat("did you mean ", *meant, "?") : "one of shared, private and locked");
  }
  out_.sharing = static_cast<MountSharing>(found - kSharings.begin());
}

bool MountParser::boolean(const Option& option) const {
  if (!option.value) return true;
  static constexpr std::string_view kTrue[] = {"1", "t", "T", "true", "TRUE", "True"};
  static constexpr std::string_view kFalse[] = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::ranges::find(kTrue, *option.value) != std::end(kTrue)) return true;
  if (std::ranges::find(kFalse, *option.value) != std::end(kFalse)) return false;
  fail(cat("mount option ", option.written, ": ", quoted(*option.value), " is not a boolean"));
}

uint32_t MountParser::number(const Option& option, unsigned base) const {
  uint64_t out = 0;
  bool good = !option.value->empty();
  for (const char c : *option.value) {
    good = good && c >= '0' && c < static_cast<char>('0' + base);
    if (good) out = out * base + static_cast<uint64_t>(c - '0');
    good = good && out <= 0xFFFFFFFF;
  }
  if (!good) {
    fail(cat("mount option ", option.written, ": ", quoted(*option.value), " is not ",
             base == 8 ? "an octal mode" : "a number"),
         base == 8 ? "write it like 0755"
                   : "user and group names are not supported here: use a numeric ID");
  }
  return static_cast<uint32_t>(out);
}

void MountParser::set(const Option& option) {
  if (option.key == "type") return;
  if (!allowed(out_.type, option.key)) {
    fail(cat("a mount of type ", mount_type_name(out_.type), " takes no option ",
             quoted(option.written)));
  }
  const std::string value = option.value.value_or("");
  if (option.key == "source") out_.source = value;
  if (option.key == "target") out_.target = value;
  if (option.key == "from") out_.from = value;
  if (option.key == "id") out_.id = value;
  if (option.key == "env") out_.env = value;
  if (option.key == "readonly") read_only_ = boolean(option);
  if (option.key == "readwrite") read_only_ = !boolean(option);
  if (option.key == "required") out_.required = boolean(option);
  if (option.key == "sharing") set_sharing(value);
  if (option.key == "mode") out_.mode = number(option, 8);
  if (option.key == "uid") out_.uid = number(option, 10);
  if (option.key == "gid") out_.gid = number(option, 10);
  if (option.key == "size") {
    const auto size = parse_size(value);
    if (!size || *size < 0)
      fail(cat("mount option size: ", quoted(value), " is not a size"), "write it like 64m");
    out_.size = static_cast<uint64_t>(*size);
  }
}

// What follows from all options together; `deferred`: some are not known yet.
void MountParser::complete(bool deferred) {
  const bool by_default =
      out_.type == MountType::bind || out_.type == MountType::secret || out_.type == MountType::ssh;
  out_.read_only = read_only_.value_or(by_default);
  if (deferred) return;
  const std::string_view name = mount_type_name(out_.type);
  if (out_.type == MountType::secret) {
    if (!out_.source.empty() && !out_.id.empty())
      fail("a secret mount takes either id or source, not both", "keep id");
    if (out_.id.empty()) out_.id = out_.source;
    if (out_.id.empty()) out_.id = out_.target.substr(out_.target.rfind('/') + 1);
    if (out_.id.empty())
      fail("a secret mount needs an id", "write id=name, as given by --secret id=name,src=file");
  } else if (out_.type == MountType::ssh) {
    if (out_.id.empty()) out_.id = "default";
  } else if (out_.target.empty()) {
    fail(cat("a mount of type ", name, " needs a target"), "write target=/path");
  }
  if (out_.type == MountType::cache && out_.id.empty()) out_.id = out_.target;
}

Mount MountParser::parse(const std::function<std::string(const std::string&)>& expand) {
  std::vector<Option> all = options();
  bool deferred = false;
  bool type_known = true;
  std::vector<const Option*> known;
  for (Option& option : all) {
    const bool ready = expand_value(option, expand);
    deferred = deferred || !ready;
    if (ready) known.push_back(&option);
    if (option.key != "type") continue;
    type_known = ready;
    if (ready) set_type(*option.value);
  }
  // Without the type nothing can be said about the rest.
  if (type_known) {
    for (const Option* option : known) set(*option);
  }
  complete(deferred);
  return std::move(out_);
}

}  // namespace

const char* mount_type_name(MountType type) {
  return kTypes[static_cast<int>(type)].data();
}

Mount parse_mount(const Source& source, const Word& text,
                  const std::function<std::string(const std::string&)>& expand) {
  return MountParser(source, text).parse(expand);
}

}  // namespace mini::dockerfile
