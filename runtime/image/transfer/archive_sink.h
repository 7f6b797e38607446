// Where an archive's files go: into one tar, which may be a pipe, or into a directory. Paths are
// our own, relative and clean, a directory before what is in it; times are 0, owners root's, so
// that the same content gives the same bytes. Throws SysError; what was written is worth nothing
// then.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/base/fd.h"

namespace mini::image {

class ArchiveSink {
 public:
  virtual ~ArchiveSink() = default;
  virtual void directory(const std::string& path) = 0;
  // `write` gives exactly `size` bytes to the descriptor.
  virtual void file(const std::string& path, uint64_t size,
                    const std::function<void(int fd)>& write) = 0;
  virtual void finish() = 0;

  void file(const std::string& path, std::string_view content);
};

class TarSink : public ArchiveSink {
 public:
  explicit TarSink(int out_fd) : out_(out_fd) {}
  using ArchiveSink::file;
  void directory(const std::string& path) override;
  void file(const std::string& path, uint64_t size,
            const std::function<void(int fd)>& write) override;
  void finish() override;

 private:
  const int out_;
};

class DirectorySink : public ArchiveSink {
 public:
  explicit DirectorySink(const std::string& directory);  // made when it is missing
  using ArchiveSink::file;
  void directory(const std::string& path) override;
  void file(const std::string& path, uint64_t size,
            const std::function<void(int fd)>& write) override;
  void finish() override {}

 private:
  const Fd root_;
  const std::string name_;
};

}  // namespace mini::image
