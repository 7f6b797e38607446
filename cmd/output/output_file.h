// The file of -o: complete or absent. It has no name before `commit`, so that a killed mini leaves
// nothing; anything but a regular file (a device, a FIFO) is written directly; no name means
// standard output, which may not be a terminal.
#pragma once

#include <string>

#include "runtime/base/fd.h"

namespace mini::cmd {

class OutputFile {
 public:
  OutputFile(const std::string& path, const std::string& command);
  ~OutputFile();  // without `commit`: nothing is left
  int fd() const { return fd_.get(); }
  void commit();

 private:
  std::string path_, temporary_;
  bool nameless_ = false;
  Fd fd_;
};

}  // namespace mini::cmd
