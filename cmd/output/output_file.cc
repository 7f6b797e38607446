#include "cmd/output/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"

namespace mini::cmd {

OutputFile::OutputFile(const std::string& path, const std::string& command) : path_(path) {
  if (path.empty() || path == "-") {
    if (isatty(STDOUT_FILENO) == 1)
      throw Error(cat(command, ": standard output is a terminal"),
                  "name a file with -o, or redirect the output", ErrorKind::usage);
    fd_ = Fd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!fd_) throw SysError("standard output");
    return;
  }
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    fd_ = open_file(path, O_WRONLY);
    return;
  }
  temporary_ = cat(path, ".", random_hex(8));
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  fd_ = Fd(open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  nameless_ = static_cast<bool>(fd_);
  // Not every file system can do without a name.
  if (!nameless_) fd_ = open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL, 0600);
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void OutputFile::commit() {
  const std::string self = cat("/proc/self/fd/", fd_.get());
  if (nameless_ &&
      linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW) < 0)
    throw SysError(temporary_);
  fd_.close(path_.empty() ? "standard output" : path_);
  if (temporary_.empty()) return;
  rename_path(temporary_, path_);
  temporary_.clear();
}

}  // namespace mini::cmd
