#include "runtime/engine/files/copy.h"

#include <fcntl.h>

#include <functional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/files/tree_copy.h"
#include "runtime/files/tree_tar.h"
#include "runtime/files/view.h"
#include "runtime/image/layer/layer_reader.h"

namespace mini::engine {
namespace {

std::string shown(const CopyPlace& place) {
  return place.root.name() == "/" ? quoted(place.path)
                                  : cat(place.root.name(), ": ", quoted(place.path));
}

bool names_content(const std::string& path) {
  return path == "." || path.ends_with("/.");
}

bool names_directory(const std::string& path) {
  return path.ends_with('/') || names_content(path);
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// What is to be copied, held.
struct Source {
  Fd parent;         // of anything but a directory
  std::string name;  // in `parent`
  Fd directory;
  files::Node node;
  std::string base;  // its name at the destination; empty: only its content is copied
  std::string shown;
};

void refuse_kernel_files(int fd, const std::string& shown) {
  if (on_kernel_file_system(fd, shown))
    throw Error(cat(shown, ": is on a kernel file system, which cannot be copied"));
}

Source open_source(const CopyPlace& from, bool follow_link) {
  Source source;
  source.shown = shown(from);
  const bool follow = follow_link || names_directory(from.path);
  const Fd found = [&] {
    auto fd = from.root.open_if_exists(from.path, O_PATH | (follow ? 0 : O_NOFOLLOW));
    if (!fd) throw Error(cat(source.shown, ": not found"), {}, ErrorKind::not_found);
    return std::move(*fd);
  }();
  source.node = files::node_of(found.get(), source.shown);
  refuse_kernel_files(found.get(), source.shown);
  if (!names_content(from.path)) source.base = base_name(without_slashes(from.path));
  if (source.base == "..") source.base = base_name(from.root.resolve(from.path));
  if (source.node.is_directory()) {
    source.directory = open_at(found.get(), ".", O_RDONLY | O_DIRECTORY);
    return source;
  }
  if (names_directory(from.path)) throw Error(cat(source.shown, ": not a directory"));
  // Resolved again by the kernel; a link at the last component is not followed.
  const std::string path = follow ? from.root.resolve(from.path) : from.path;
  std::tie(source.parent, source.name) = from.root.parent_of(path);
  return source;
}

// The source itself, "", and all below it, but no kernel file systems.
void visit_source(const Source& source,
                  const std::function<void(const files::OpenEntry&)>& visitor) {
  if (!source.directory) {
    files::OpenEntry file;
    static_cast<files::Node&>(file) = source.node;
    file.name = source.name;
    file.directory = source.parent.get();
    return visitor(file);
  }
  files::View::of_directory(source.directory.duplicate(), source.shown)
      .visit("", [&](const files::OpenEntry& entry) {
        const bool elsewhere = entry.is_directory() && entry.device != source.node.device;
        if (elsewhere && on_kernel_file_system(entry.directory, entry.path))
          return files::Visit::skip;
        visitor(entry);
        return files::Visit::take;
      });
}

struct Target {
  Fd directory;
  std::string name;  // in it; empty: the directory itself is filled
};

Target open_target(const CopyPlace& to, const Source& source) {
  const bool is_directory = source.node.is_directory();
  const std::string path = names_content(to.path) ? to.path : without_slashes(to.path);
  const auto found = to.root.open_if_exists(path, O_PATH);
  if (found && files::node_of(found->get(), shown(to)).is_directory()) {
    refuse_kernel_files(found->get(), shown(to));
    return {open_at(found->get(), ".", O_RDONLY | O_DIRECTORY), source.base};
  }
  if (found && (is_directory || names_directory(to.path)))
    throw Error(cat(shown(to), ": not a directory"));
  if (!found && names_directory(to.path) && !is_directory)
    throw Error(cat(shown(to), ": no such directory"), {}, ErrorKind::not_found);
  const std::string real = found ? to.root.resolve(path) : path;
  const size_t slash = real.rfind('/');
  const std::string parent = slash == std::string::npos ? "/" : cat(real.substr(0, slash), "/");
  const auto directory = to.root.open_if_exists(parent, O_PATH | O_DIRECTORY);
  if (!directory)
    throw Error(cat(to.root.name(), ": ", quoted(parent), ": no such directory"), {},
                ErrorKind::not_found);
  refuse_kernel_files(directory->get(), shown(to));
  auto [fd, name] = to.root.parent_of(real);
  return {std::move(fd), name};
}

}  // namespace

void copy_files(const CopyPlace& from, const CopyPlace& to, const files::CopyOptions& options) {
  const Source source = open_source(from, options.follow_link);
  Target target = open_target(to, source);
  files::TreeCopy copy(to.root, std::move(target.directory), options, shown(to));
  visit_source(source, [&](const files::OpenEntry& entry) {
    copy.add(join_path(target.name, entry.path), entry);
  });
  copy.finish();
}

void copy_to_tar(const CopyPlace& from, bool follow_link, int out_fd) {
  const Source source = open_source(from, follow_link);
  files::HashStream out(out_fd);
  files::TreeTar tar(out);
  visit_source(source, [&](const files::OpenEntry& entry) {
    tar.add(join_path(source.base, entry.path), entry);
  });
  tar.finish();
  out.finish();
}

void copy_from_tar(int in_fd, const CopyPlace& to, const StatePaths& paths) {
  image::ReadLimits limits;
  limits.whiteouts = false;
  limits.mark_implied = true;
  image::Draft draft(paths);
  image::read_layer(in_fd, "standard input", draft, limits);
  const auto target = to.root.open_if_exists(to.path, O_PATH);
  if (!target || !files::node_of(target->get(), shown(to)).is_directory())
    throw Error(cat(shown(to), ": no such directory"),
                "a tar archive is extracted into a directory", ErrorKind::not_found);
  const Root tree(draft.tree());
  files::CopyOptions options;
  options.implied_directories = true;
  copy_files({tree, "."}, to, options);
}

}  // namespace mini::engine
