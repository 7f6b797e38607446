// Copies single files with all that belongs to them: content, owner, mode, times, the extended
// attributes that layers keep, and POSIX ACLs. Everything is named by a directory's descriptor and
// a name in it, and no link is followed, whoever made it and whoever swaps names meanwhile. Throws
// SysError; `shown` is for errors.
#pragma once

#include <string>

#include "runtime/base/fd.h"
#include "runtime/files/view.h"

namespace mini::files {

// Whether the extended attributes go along: not when what is copied gets another owner.
enum class CopyAttributes { yes, no };

// A regular file of no kernel file system, for reading; anything else is refused before it is
// opened, because opening a device may already do something.
Fd open_regular(int directory, const std::string& name, const std::string& shown);
// Owner, mode, attributes and times of an open file or directory. Owner first: changing it clears
// set-user-id.
void copy_metadata(int from, int to, const Node& node, const std::string& shown,
                   CopyAttributes attributes = CopyAttributes::yes);
// The content that `from` has from here on.
void copy_content(int from, int to, const std::string& shown);
// Anything but a directory or a socket, to a name that is free. Owner, mode and times are
// those in `entry`.
void copy_file(const OpenEntry& entry, int parent, const std::string& name,
               const std::string& shown, CopyAttributes attributes = CopyAttributes::yes);

}  // namespace mini::files
