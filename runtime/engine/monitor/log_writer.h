// A container's log on disk: lines as log_format.h has them, rotated by size so that it cannot grow
// without bound (log, log.1 newer … log.N older). The file is made with the first line. A full disk
// never stops the container: what cannot be written is dropped, and `lost` says so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/fd.h"

namespace mini::engine {

class LogWriter {
 public:
  LogWriter(std::string path, int64_t max_size, int max_files);
  // No log at all (--log-driver none).
  LogWriter() = default;

  // Makes the file now, so that it is there even when nothing is written.
  void create();
  // Whole lines are written at once; the rest of a line waits for its end, at most 16 KiB of it.
  void write(bool is_stderr, std::string_view data);
  // What has no line end yet (the container ended).
  void flush();
  bool lost() const { return lost_; }

 private:
  void append(const std::string& lines);
  void open();
  void rotate();

  std::string path_;
  int64_t max_size_ = 0, size_ = 0;
  int max_files_ = 1;
  std::string waiting_[2];
  Fd fd_;
  bool lost_ = false;
};

}  // namespace mini::engine
