#include "runtime/image/document/reference.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

constexpr std::string_view kDefaultRegistry = "docker.io";
constexpr std::string_view kDefaultPrefix = "library/";
constexpr size_t kLongestName = 255;  // registry and repository together
constexpr size_t kLongestTag = 128;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
}

[[noreturn]] void refuse(std::string_view text, const std::string& why, std::string hint = {}) {
  throw Error(cat("image name ", quoted(text.substr(0, 300)), ": ", why), std::move(hint),
              ErrorKind::usage);
}

// [a-z0-9]+ joined by one of ".", "_", "__" or any number of "-".
bool is_path_component(std::string_view text) {
  size_t i = 0;
  const auto letters = [&] {
    const size_t begin = i;
    while (i < text.size() && (is_lower(text[i]) || is_digit(text[i]))) ++i;
    return i > begin;
  };
  if (!letters()) return false;
  while (i < text.size()) {
    if (text[i] == '.') {
      ++i;
    } else if (text[i] == '_') {
      i += text.substr(i).starts_with("__") ? 2 : 1;
    } else if (text[i] == '-') {
      while (i < text.size() && text[i] == '-') ++i;
    } else {
      return false;
    }
    if (!letters()) return false;
  }
  return true;
}

bool is_host_component(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '-' || (is_word(c) && c != '_'); });
}

bool is_ipv6(std::string_view text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']' &&
         text.find_first_not_of("0123456789abcdefABCDEF:", 1) == text.size() - 1;
}

bool is_registry(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && (text.front() != '[' || text[colon - 1] == ']')) {
    if (!parse_number(text.substr(colon + 1), 65535)) return false;
    text = text.substr(0, colon);
  }
  if (is_ipv6(text)) return true;
  const auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), is_host_component);
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > kLongestTag || !is_word(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// Docker's rule for what is a host: it has a dot, a port or an upper-case letter, or is
// "localhost".
bool looks_like_registry(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), is_upper);
}

void check_repository(std::string_view text, const std::string& repository) {
  if (std::any_of(repository.begin(), repository.end(), is_upper)) {
    refuse(text, "the repository must be in lower case", cat("write ", quoted(lower(repository))));
  }
  for (const std::string& component : split(repository, '/')) {
    if (is_path_component(component)) continue;
    refuse(text,
           component.empty() ? std::string("a part of the repository is empty")
                             : cat("the part ", quoted(component), " is not allowed"),
           "use lower-case letters and digits, separated by single '.', '_', '__' or '-'");
  }
}

}  // namespace

Reference Reference::parse(std::string_view text) {
  Reference result;
  std::string_view rest = text;
  if (rest.empty()) refuse(text, "it is empty");
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    const std::string_view digest = rest.substr(at + 1);
    if (!Digest::is_valid(digest)) {
      refuse(text, "the part after '@' is not a digest",
             "a digest is sha256: and 64 hexadecimal digits");
    }
    result.digest = Digest::parse(digest);
    rest = rest.substr(0, at);
  }
  const size_t last_slash = rest.rfind('/');
  const size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos &&
      (last_slash == std::string_view::npos || colon > last_slash)) {
    result.tag = rest.substr(colon + 1);
    if (!is_tag(result.tag)) {
      refuse(text, cat("the tag ", quoted(result.tag.substr(0, 150)), " is not allowed"),
             "a tag has 1 to 128 letters, digits, '_', '.' and '-', and starts with none of '.' "
             "and '-'");
    }
    rest = rest.substr(0, colon);
  }
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && looks_like_registry(rest.substr(0, slash))) {
    result.registry = rest.substr(0, slash);
    if (!is_registry(result.registry))
      refuse(text, cat("the registry ", quoted(result.registry), " is not a host name"));
    if (result.registry == "index.docker.io") result.registry = kDefaultRegistry;
    rest = rest.substr(slash + 1);
  } else {
    result.registry = kDefaultRegistry;
  }
  result.repository = rest;
  if (result.repository.empty()) refuse(text, "the repository is empty");
  check_repository(text, result.repository);
  if (rest == text && Digest::is_valid(cat("sha256:", rest))) {
    refuse(text, "64 hexadecimal digits are an image id, not a name");
  }
  if (result.registry == kDefaultRegistry && result.repository.find('/') == std::string::npos) {
    result.repository.insert(0, kDefaultPrefix);
  }
  if (result.registry.size() + 1 + result.repository.size() > kLongestName) {
    refuse(text, cat("registry and repository are longer than ", kLongestName, " bytes"));
  }
  if (result.tag.empty() && !result.digest) result.tag = "latest";
  return result;
}

namespace {

std::string with_suffix(std::string name, const Reference& reference) {
  if (!reference.tag.empty()) name += cat(':', reference.tag);
  if (reference.digest) name += cat('@', reference.digest->str());
  return name;
}

}  // namespace

std::string Reference::full() const {
  return with_suffix(cat(registry, '/', repository), *this);
}

std::string Reference::familiar() const {
  return with_suffix(familiar_name(), *this);
}

std::string Reference::familiar_name() const {
  if (registry != kDefaultRegistry) return cat(registry, '/', repository);
  const std::string_view path = repository;
  if (path.starts_with(kDefaultPrefix) &&
      path.find('/', kDefaultPrefix.size()) == std::string_view::npos) {
    return std::string(path.substr(kDefaultPrefix.size()));
  }
  return repository;
}

}  // namespace mini::image
