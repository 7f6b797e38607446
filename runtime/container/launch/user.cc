// Docker's --user and USER, looked up in the image's own files. Nothing of the image runs and no
// name service of the host is asked (CVE-2019-14271).
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/container/launch/launch.h"

namespace mini::container {
namespace {

// Real ones have a few hundred lines; a bigger file is an attack on our memory (CVE-2024-9676).
constexpr size_t kFileLimit = 1 << 20;
// setuid(2) takes -1 for "leave it".
constexpr unsigned long long kLargestId = 0xfffffffe;

struct Accounts {
  const ReadAccountFile& read;
  std::vector<std::vector<std::string>> lines(const char* path) const {
    std::vector<std::vector<std::string>> out;
    const auto text = read(path, kFileLimit);
    if (!text) return out;
    for (const auto& line : split(*text, '\n')) {
      if (!trim(line).empty() && line[0] != '#') out.push_back(split(trim(line), ':'));
    }
    return out;
  }
  std::vector<std::vector<std::string>> users() const { return with_size(lines("/etc/passwd"), 4); }
  std::vector<std::vector<std::string>> groups() const { return with_size(lines("/etc/group"), 3); }

 private:
  static std::vector<std::vector<std::string>> with_size(
      std::vector<std::vector<std::string>> lines, size_t least) {
    std::erase_if(lines, [&](const auto& fields) { return fields.size() < least; });
    return lines;
  }
};

std::optional<uint32_t> id_of(std::string_view text) {
  const auto number = parse_number(text, kLargestId);
  if (!number) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

bool looks_numeric(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A number is an id, never a name, and one that is too large is an error (CVE-2026-30892,
// CVE-2026-46680).
std::optional<uint32_t> numeric(const std::string& text, const char* what) {
  if (const auto id = id_of(text)) return id;
  if (looks_numeric(text))
    throw Error(cat(what, " ", text, ": out of range"), cat("ids go from 0 to ", kLargestId));
  return std::nullopt;
}

uint32_t group_id(const Accounts& accounts, const std::string& name) {
  if (const auto id = numeric(name, "group")) return *id;
  for (const auto& fields : accounts.groups()) {
    if (fields[0] != name) continue;
    if (const auto id = id_of(fields[2])) return *id;
    throw Error(cat("group ", quoted(name), ": /etc/group of the image has no valid id for it"));
  }
  throw Error(cat("group ", quoted(name), ": not found in /etc/group of the image"),
              "use a numeric id, or create the group in the image");
}

std::vector<uint32_t> groups_of_member(const Accounts& accounts, const std::string& name) {
  std::vector<uint32_t> out;
  for (const auto& fields : accounts.groups()) {
    if (fields.size() < 4) continue;
    const auto members = split(fields[3], ',');
    const auto id = id_of(fields[2]);
    if (id && std::ranges::find(members, name) != members.end()) out.push_back(*id);
  }
  return out;
}

void add_unique(std::vector<uint32_t>& groups, uint32_t gid) {
  if (std::ranges::find(groups, gid) == groups.end()) groups.push_back(gid);
}

// The account's line in /etc/passwd decides what the user part left open: the group, the home, and
// the name behind a number.
std::string fill_from_passwd(const Accounts& accounts, const std::string& name, ResolvedUser& out) {
  const auto uid = numeric(name, "user");
  if (uid) out.user.uid = *uid;
  for (const auto& fields : accounts.users()) {
    const auto listed = id_of(fields[2]);
    if (uid ? listed != uid : fields[0] != name) continue;
    const auto gid = id_of(fields[3]);
    if (!listed || !gid)
      throw Error(cat("user ", quoted(name), ": /etc/passwd of the image has no valid ids for it"));
    out.user.uid = *listed;
    out.user.gid = *gid;
    if (fields.size() > 5 && !fields[5].empty()) out.home = fields[5];
    return fields[0];
  }
  if (uid) return "";
  throw Error(cat("user ", quoted(name), ": not found in /etc/passwd of the image"),
              "use a numeric id, or create the user in the image");
}

}  // namespace

ResolvedUser resolve_user(int rootfs_fd, const std::string& user,
                          const std::vector<std::string>& groups) {
  const int copy = fcntl(rootfs_fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw SysError("root file system");
  const Root root(Fd(copy), "image");
  return resolve_user_in(
      [&](const std::string& path, size_t limit) { return root.read_regular(path, limit); }, user,
      groups);
}

ResolvedUser resolve_user_in(const ReadAccountFile& read, const std::string& user,
                             const std::vector<std::string>& groups) {
  const Accounts accounts{read};
  const size_t colon = user.find(':');
  const std::string user_part = user.substr(0, colon);
  const std::string group_part = colon == std::string::npos ? "" : user.substr(colon + 1);
  if (colon != std::string::npos && group_part.empty())
    throw Error(cat("user ", quoted(user), ": no group after the colon"));

  ResolvedUser out;
  const std::string name = fill_from_passwd(accounts, user_part.empty() ? "0" : user_part, out);
  if (!group_part.empty()) {
    out.user.gid = group_id(accounts, group_part);
  } else if (!name.empty()) {
    out.user.additional_gids = groups_of_member(accounts, name);
  }
  for (const auto& group : groups) add_unique(out.user.additional_gids, group_id(accounts, group));
  // Leaving a group must not open what its members are refused (CVE-2022-2990): the primary group
  // is always among them.
  if (std::ranges::find(out.user.additional_gids, out.user.gid) == out.user.additional_gids.end()) {
    out.user.additional_gids.insert(out.user.additional_gids.begin(), out.user.gid);
  }
  return out;
}

}  // namespace mini::container
