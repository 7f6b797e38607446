// Which extended attributes a layer keeps, and overlay's private ones
// (Documentation/filesystems/overlayfs). Kept: security.capability and user.*, as peers do. The
// rest is the host's (security labels) or overlay's, and is in no digest.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace mini::files {

bool is_kept_attribute(std::string_view name);
// Overlay's mark on a directory that hides what is below it in the layers below. `userxattr`: the
// mount option of that name.
bool is_opaque(int directory, bool userxattr);

struct Attributes {
  std::map<std::string, std::string> kept;
  bool opaque = false;
};

// Of the open file `fd`, or with `name` of the entry `name` in the directory `fd` (a link itself,
// not its target). With `normalise`, attributes that are not kept are removed, except the host's
// security labels. `shown` is for errors. Throws Error when overlay recorded that the content is
// elsewhere (redirect, metacopy).
Attributes read_attributes(int fd, const char* name, bool normalise, const std::string& shown);

// Those that are kept, and POSIX ACLs, which no layer has. What the file system of `to` cannot hold
// is left out.
void copy_attributes(int from, int to, const std::string& shown);
void set_attribute(int fd, const char* name, const std::string& key, std::string_view value,
                   const std::string& shown);
void set_opaque(int directory_fd, const std::string& shown);

// A mark on a directory of an unpacked archive that no entry of it names: it is there only because
// something lies below, so what has its place already keeps its metadata.
void set_implied(int directory_fd, bool implied, const std::string& shown);
bool is_implied(int directory_fd);

}  // namespace mini::files
