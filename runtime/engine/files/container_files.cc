#include "runtime/engine/files/container_files.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/private_mounts.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/sandbox_facts.h"

namespace mini::engine {
namespace {

// Namespaces are a thread's own.
void in_thread(const std::function<void()>& work) {
  std::exception_ptr error;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  if (error) std::rethrow_exception(error);
}

std::string self_fd(const Fd& fd) {
  return cat("/proc/self/fd/", fd.get());
}

// Nothing when its process has ended.
std::optional<Fd> root_of_process(const Record& record) {
  const std::optional<Fd> process = open_pidfd(record.state.process);
  if (!process) return {};
  Fd root;
  in_thread([&] {
    // Not /proc/PID/root, which the process may have changed.
    if (unshare(CLONE_FS) < 0) throw SysError("unshare");
    if (setns(process->get(), CLONE_NEWNS) < 0) {
      if (errno == ESRCH) return;
      throw SysError(cat("container ", record.name, ": its mount namespace"));
    }
    root = open_file("/", O_PATH | O_DIRECTORY);
  });
  if (!root) return {};
  return root;
}

void mount_overlay(const container::Spec::Overlay& overlay) {
  std::vector<Fd> held;
  const auto name = [&](const std::string& path) {
    return self_fd(held.emplace_back(open_file(path, O_PATH | O_DIRECTORY)));
  };
  std::string options = "lowerdir=";
  // Overlay takes a directory once; the upper of two that are the same hides the other.
  for (auto lower = overlay.lower.rbegin(); lower != overlay.lower.rend(); ++lower) {
    if (std::find(overlay.lower.rbegin(), lower, *lower) != lower) continue;
    if (!options.ends_with('=')) options += ':';
    options += name(*lower);
  }
  options += cat(",upperdir=", name(overlay.upper), ",workdir=", name(overlay.work),
                 ",redirect_dir=off,index=off,metacopy=off,xino=off");
  if (overlay.userxattr) options += ",userxattr";
  // mount(2) takes a page, and cuts off the rest without a word.
  constexpr size_t kOptionPage = 4096;
  if (options.size() >= kOptionPage)
    throw Error(cat("overlay: ", overlay.lower.size(), " layers exceed the limit of mount(2)"),
                "start the container: files of a running container can be copied");
  // On its own upper directory: any place does in a namespace that is ours alone.
  mount_privately("overlay", overlay.upper, "overlay", 0, options, "the container's files");
}

void mount_request(const Engine& engine, const MountRequest& request, const Root& root) {
  const bool volume = request.type == MountRequest::Type::volume;
  if (!volume && request.type != MountRequest::Type::bind) return;
  const std::string from =
      volume ? cat(engine.paths().root, "/volumes/", request.source, "/_data") : request.source;
  const std::string shown = cat("mount ", quoted(request.destination));
  const Fd source = open_file(from, O_PATH);
  struct stat info;
  if (fstat(source.get(), &info) < 0) throw SysError(shown);
  if (S_ISDIR(info.st_mode)) {
    root.make_directories(request.destination);
  } else if (!root.open_if_exists(request.destination, O_PATH)) {
    const auto [parent, name] = root.parent_of(request.destination, true);
    open_at(parent.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0755);
  }
  const Fd target = root.open(request.destination, O_PATH);
  mount_privately(self_fd(source), self_fd(target), nullptr, MS_BIND | MS_REC, {}, shown);
  if (!request.read_only) return;
  const Fd mounted = root.open(request.destination, O_PATH);
  mount_privately("none", self_fd(mounted), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, {}, shown);
}

void mount_and_work(const Engine& engine, const Record& record,
                    const std::function<void(const Root&)>& work) {
  const container::Spec::Overlay overlay = overlay_of(engine, record);
  prepare_mounts(engine, record, overlay);
  enter_private_mount_namespace();
  mount_overlay(overlay);
  const Root root(open_file(overlay.upper, O_PATH | O_DIRECTORY), cat("container ", record.name));
  for (const MountRequest& request : record.mounts) mount_request(engine, request, root);
  if (record.host.read_only)
    mount_privately("none", overlay.upper, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, {},
                    "the container's files");
  work(root);
}

}  // namespace

void with_container_files(const Engine& engine, const std::string& name,
                          const std::function<void(const Root&)>& work) {
  const Record found = engine.containers.find(name);
  std::optional<FileLock> lock = engine.containers.lock(found.id);
  const std::optional<Record> record = lock ? engine.containers.read(found.id) : std::nullopt;
  if (!record)
    throw Error(cat("container ", quoted(name), ": has been removed"), {}, ErrorKind::not_found);
  if (is_live(*record)) {
    if (auto root = root_of_process(*record)) {
      lock.reset();
      return work(Root(std::move(*root), cat("container ", record->name)));
    }
  }
  in_thread([&] { mount_and_work(engine, *record, work); });
}

}  // namespace mini::engine
