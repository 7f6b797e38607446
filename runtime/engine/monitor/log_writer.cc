#include "runtime/engine/monitor/log_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/log_format.h"

namespace mini::engine {
namespace {

constexpr size_t kLongestLine = 16 << 10;  // Docker's

}  // namespace

LogWriter::LogWriter(std::string path, int64_t max_size, int max_files)
    : path_(std::move(path)), max_size_(max_size), max_files_(max_files) {}

void LogWriter::write(bool is_stderr, std::string_view data) {
  if (path_.empty() || data.empty()) return;
  const std::string time = rfc3339_nano(now_ns());
  std::string& waiting = waiting_[is_stderr ? 1 : 0];
  std::string lines;
  while (!data.empty()) {
    const size_t end = data.find('\n');
    const size_t room = kLongestLine - waiting.size();
    const size_t take = end == std::string_view::npos ? data.size() : end + 1;
    if (take > room) {
      waiting += data.substr(0, room);
      data.remove_prefix(room);
    } else if (end == std::string_view::npos) {
      waiting += data;
      break;
    } else {
      waiting += data.substr(0, take);
      data.remove_prefix(take);
    }
    append_log_line(lines, is_stderr, waiting, time);
    waiting.clear();
    if (static_cast<int64_t>(lines.size()) > max_size_ / 2) {
      append(lines);
      lines.clear();
    }
  }
  if (!lines.empty()) append(lines);
}

void LogWriter::flush() {
  const std::string time = rfc3339_nano(now_ns());
  for (int stream = 0; stream < 2; ++stream) {
    if (waiting_[stream].empty()) continue;
    std::string line;
    append_log_line(line, stream == 1, waiting_[stream], time);
    waiting_[stream].clear();
    append(line);
  }
}

void LogWriter::append(const std::string& lines) {
  try {
    if (fd_ && size_ > 0 && size_ + static_cast<int64_t>(lines.size()) > max_size_) rotate();
    open();
    write_all(fd_.get(), lines, path_);
    size_ += static_cast<int64_t>(lines.size());
  } catch (const SysError&) {
    lost_ = true;  // a container outlives a full disk; the next line may find room again
  }
}

void LogWriter::create() {
  if (path_.empty()) return;
  try {
    open();
  } catch (const SysError&) {
    lost_ = true;
  }
}

void LogWriter::open() {
  if (fd_) return;
  fd_ = open_file(path_, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0640);
  struct stat info;
  if (fstat(fd_.get(), &info) < 0) throw SysError(path_);
  size_ = info.st_size;
}

void LogWriter::rotate() {
  fd_.reset();
  size_ = 0;
  if (max_files_ <= 1) {
    unlink(path_.c_str());
    return;
  }
  for (int i = max_files_ - 1; i > 0; --i) {
    const std::string from = i == 1 ? path_ : cat(path_, '.', i - 1);
    if (exists(from)) rename_path(from, cat(path_, '.', i));
  }
}

}  // namespace mini::engine
