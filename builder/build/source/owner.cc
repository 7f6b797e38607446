#include "builder/build/source/owner.h"

#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr size_t kTableLimit = 4 << 20;
constexpr unsigned long long kMaxId = 0xfffffffeU;  // the last number means "unchanged"

// The fields of the line "name:…" of a passwd or group file.
std::optional<std::vector<std::string>> find_line(const files::View& rootfs,
                                                  const std::string& path, const std::string& name,
                                                  size_t fields) {
  for (const std::string& line : split(rootfs.read_regular(path, kTableLimit).value_or(""), '\n')) {
    std::vector<std::string> parts = split(line, ':');
    if (parts.size() >= fields && parts[0] == name) return parts;
  }
  return {};
}

uint32_t id_field(const std::string& text, const std::string& path) {
  const std::optional<unsigned long long> id = parse_number(text, kMaxId);
  if (!id) throw Error(cat("/", path, " in the image: bad id ", quoted(text)));
  return static_cast<uint32_t>(*id);
}

Owner resolve_user(const files::View& rootfs, const std::string& user) {
  if (const auto id = parse_number(user, kMaxId)) {
    return {static_cast<uint32_t>(*id), static_cast<uint32_t>(*id)};
  }
  const auto line = find_line(rootfs, "etc/passwd", user, 4);
  if (!line) {
    throw Error(cat("user ", quoted(user), ": not in the image's /etc/passwd"),
                "create it in an earlier RUN, or use a numeric ID", ErrorKind::not_found);
  }
  return {id_field((*line)[2], "etc/passwd"), id_field((*line)[3], "etc/passwd")};
}

uint32_t resolve_group(const files::View& rootfs, const std::string& group) {
  if (const auto id = parse_number(group, kMaxId)) return static_cast<uint32_t>(*id);
  const auto line = find_line(rootfs, "etc/group", group, 3);
  if (!line) {
    throw Error(cat("group ", quoted(group), ": not in the image's /etc/group"),
                "create it in an earlier RUN, or use a numeric ID", ErrorKind::not_found);
  }
  return id_field((*line)[2], "etc/group");
}

}  // namespace

Owner resolve_owner(const files::View& rootfs, const std::string& text) {
  const size_t colon = text.find(':');
  const std::string user = text.substr(0, colon);
  Owner owner;
  if (!user.empty()) owner = resolve_user(rootfs, user);
  if (colon != std::string::npos && colon + 1 < text.size()) {
    owner.gid = resolve_group(rootfs, text.substr(colon + 1));
  }
  return owner;
}

Owner resolve_owner_or_root(const files::View& rootfs, const std::string& text) {
  try {
    return resolve_owner(rootfs, text);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    return {};
  }
}

}  // namespace mini::build
