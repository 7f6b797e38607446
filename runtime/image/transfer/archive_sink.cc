#include "runtime/image/transfer/archive_sink.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/files/tar_writer.h"

namespace mini::image {
namespace {

// What a tar has around the files' contents, which go to the descriptor without passing through
// here.
void write_tar(int fd, const std::function<void(files::TarWriter&)>& write) {
  files::HashStream out(fd);
  files::TarWriter tar(out);
  write(tar);
  out.finish();
}

}  // namespace

void ArchiveSink::file(const std::string& path, std::string_view content) {
  file(path, content.size(), [&](int fd) { write_all(fd, content, path); });
}

void TarSink::directory(const std::string& path) {
  files::TarEntry entry(files::EntryType::directory, path);
  entry.mode = 0755;
  write_tar(out_, [&](files::TarWriter& tar) { tar.entry(entry); });
}

void TarSink::file(const std::string& path, uint64_t size,
                   const std::function<void(int fd)>& write) {
  files::TarEntry entry(files::EntryType::file, path);
  entry.mode = 0644;
  entry.size = size;
  write_tar(out_, [&](files::TarWriter& tar) { tar.entry(entry); });
  write(out_);
  write_tar(out_, [&](files::TarWriter& tar) { tar.pad(size); });
}

void TarSink::finish() {
  write_tar(out_, [](files::TarWriter& tar) { tar.end(); });
}

DirectorySink::DirectorySink(const std::string& directory)
    : root_([&] {
        make_directories(directory);
        return open_file(directory, O_RDONLY | O_DIRECTORY);
      }()),
      name_(directory) {}

void DirectorySink::directory(const std::string& path) {
  if (mkdirat(root_.get(), path.c_str(), 0755) < 0 && errno != EEXIST)
    throw SysError(cat(name_, '/', path));
}

void DirectorySink::file(const std::string& path, uint64_t,
                         const std::function<void(int fd)>& write) {
  Fd fd = open_at(root_.get(), path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
  write(fd.get());
  fd.close(cat(name_, '/', path));
}

}  // namespace mini::image
