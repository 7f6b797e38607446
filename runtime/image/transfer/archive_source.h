// The files of an archive that may be hostile, one after another: of a tar, plain or compressed,
// from a file or a pipe, or of a directory. Nothing is unpacked. Names and links are taken from the
// archive's root (entry_name.h). A name may come twice: the later one counts. What leaves the root,
// devices and what else is not a file, directory or link are refused, naming the entry.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/files/decompressor.h"

namespace mini::image {

struct ArchiveFile {
  std::string path;
  uint64_t size = 0;
  std::optional<std::string> link;  // another path of the archive; then there is no content
  files::ByteSource content;        // what the visitor does not read is skipped
};
using ArchiveVisitor = std::function<void(const ArchiveFile&)>;

// `name` is for errors.
void read_archive(int fd, const std::string& name, const ArchiveVisitor& visit);
void read_archive_directory(const std::string& directory, const ArchiveVisitor& visit);

}  // namespace mini::image
