#include "runtime/files/attributes.h"

#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::files {
namespace {

constexpr size_t kLongestList = 64 << 10;  // XATTR_LIST_MAX, XATTR_SIZE_MAX

// trusted.* needs CAP_SYS_ADMIN; overlay's option userxattr is for everyone else.
std::string_view overlay_prefix() {
  return geteuid() == 0 ? "trusted.overlay." : "user.overlay.";
}

// There are no *at calls for attributes before Linux 6.13: a link's are reached by the directory's
// own descriptor.
std::string entry_path(int directory, const char* name) {
  return cat("/proc/self/fd/", directory, '/', name);
}

std::vector<std::string> list_names(int fd, const char* name, const std::string& shown) {
  char few[1024];
  std::string many;
  const std::string path = name ? entry_path(fd, name) : std::string();
  const auto list = [&](char* to, size_t size) {
    return name ? llistxattr(path.c_str(), to, size) : flistxattr(fd, to, size);
  };
  ssize_t size = list(few, sizeof few);
  const char* data = few;
  if (size < 0 && errno == ERANGE) {
    many.resize(kLongestList);
    size = list(many.data(), many.size());
    data = many.data();
  }
  if (size < 0) {
    if (errno == ENOTSUP) return {};
    throw SysError(cat(shown, ": list the attributes"));
  }
  std::vector<std::string> names;
  for (std::string_view rest(data, static_cast<size_t>(size)); !rest.empty();) {
    const size_t end = rest.find('\0');
    names.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return names;
}

std::string get_value(int fd, const char* name, const std::string& key, const std::string& shown) {
  std::string value(256, '\0');
  for (;;) {
    const ssize_t size =
        name ? lgetxattr(entry_path(fd, name).c_str(), key.c_str(), value.data(), value.size())
             : fgetxattr(fd, key.c_str(), value.data(), value.size());
    if (size >= 0) {
      value.resize(static_cast<size_t>(size));
      return value;
    }
    if (errno != ERANGE || value.size() >= kLongestList)
      throw SysError(cat(shown, ": attribute ", quoted(key)));
    value.resize(kLongestList);
  }
}

void remove_attribute(int fd, const char* name, const std::string& key, const std::string& shown) {
  const int result = name ? lremovexattr(entry_path(fd, name).c_str(), key.c_str())
                          : fremovexattr(fd, key.c_str());
  if (result < 0 && errno != ENODATA)
    throw SysError(cat(shown, ": remove the attribute ", quoted(key)));
}

// What overlay wrote for its own use; true when the directory is opaque.
bool read_overlay_attribute(int fd, const char* name, const std::string& key, std::string_view what,
                            const std::string& shown) {
  if (what == "opaque") {
    if (get_value(fd, name, key, shown) == "y") return true;
  } else if (what != "redirect" && what != "metacopy" && what != "whiteout" &&
             what != "whiteouts") {
    return false;
  }
  throw Error(
      cat(shown, ": overlay's attribute ", key, " says that its content is in another layer"),
      "mount the overlay with redirect_dir=off,metacopy=off");
}

const char* implied_key() {
  return geteuid() == 0 ? "trusted.mini.implied" : "user.mini.implied";
}

}  // namespace

bool is_kept_attribute(std::string_view name) {
  // A key with '=' cannot be written in a PAX record.
  if (name.find('=') != std::string_view::npos) return false;
  return name == "security.capability" ||
         (name.starts_with("user.") && !name.starts_with("user.overlay.") &&
          !name.starts_with("user.mini."));
}

Attributes read_attributes(int fd, const char* name, bool normalise, const std::string& shown) {
  Attributes result;
  for (const std::string& key : list_names(fd, name, shown)) {
    if (is_kept_attribute(key)) {
      result.kept[key] = get_value(fd, name, key, shown);
      continue;
    }
    const std::string_view prefix = overlay_prefix();
    if (key.starts_with(prefix) &&
        read_overlay_attribute(fd, name, key, std::string_view(key).substr(prefix.size()), shown)) {
      result.opaque = true;
      continue;
    }
    if (normalise && !key.starts_with("security.")) remove_attribute(fd, name, key, shown);
  }
  return result;
}

bool is_opaque(int directory, bool userxattr) {
  char value = 0;
  const char* name = userxattr ? "user.overlay.opaque" : "trusted.overlay.opaque";
  return fgetxattr(directory, name, &value, 1) == 1 && value == 'y';
}

void copy_attributes(int from, int to, const std::string& shown) {
  for (const std::string& key : list_names(from, nullptr, shown)) {
    if (!is_kept_attribute(key) && !key.starts_with("system.posix_acl_")) continue;
    const std::string value = get_value(from, nullptr, key, shown);
    if (fsetxattr(to, key.c_str(), value.data(), value.size(), 0) < 0 && errno != EOPNOTSUPP)
      throw SysError(cat(shown, ": set the attribute ", quoted(key)));
  }
}

void set_attribute(int fd, const char* name, const std::string& key, std::string_view value,
                   const std::string& shown) {
  const int result =
      name ? lsetxattr(entry_path(fd, name).c_str(), key.c_str(), value.data(), value.size(), 0)
           : fsetxattr(fd, key.c_str(), value.data(), value.size(), 0);
  if (result < 0) throw SysError(cat(shown, ": set the attribute ", quoted(key)));
}

void set_opaque(int directory_fd, const std::string& shown) {
  set_attribute(directory_fd, nullptr, cat(overlay_prefix(), "opaque"), "y", shown);
}

void set_implied(int directory_fd, bool implied, const std::string& shown) {
  if (implied) {
    set_attribute(directory_fd, nullptr, implied_key(), "y", shown);
  } else {
    remove_attribute(directory_fd, nullptr, implied_key(), shown);
  }
}

bool is_implied(int directory_fd) {
  return fgetxattr(directory_fd, implied_key(), nullptr, 0) >= 0;
}

}  // namespace mini::files
