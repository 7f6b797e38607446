#include "runtime/engine/monitor/logs.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/log_format.h"

namespace mini::engine {
namespace {

// One log file, read line by line; a line that is still being written waits.
class LogFile {
 public:
  explicit LogFile(Fd fd) : fd_(std::move(fd)) {}

  // The next whole line, without its end; nothing at the present end of the file.
  std::optional<std::string> next() {
    for (;;) {
      if (const size_t end = buffer_.find('\n', at_); end != std::string::npos) {
        std::string line = buffer_.substr(at_, end - at_);
        at_ = end + 1;
        return line;
      }
      buffer_.erase(0, at_);
      at_ = 0;
      char piece[64 << 10];
      ssize_t size;
      do {
        size = ::read(fd_.get(), piece, sizeof piece);
      } while (size < 0 && errno == EINTR);
      if (size < 0) throw SysError("container log");
      if (size == 0) return {};
      buffer_.append(piece, static_cast<size_t>(size));
    }
  }
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
  std::string buffer_;
  size_t at_ = 0;
};

std::optional<LogFile> open_log(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno == ENOENT) return {};
  if (!fd) throw SysError(path);
  return LogFile(std::move(fd));
}

bool same_file(int fd, const std::string& path) {
  struct stat opened, named;
  return fstat(fd, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

class Reader {
 public:
  Reader(const ContainerStore& store, const Record& record, const LogsOptions& options,
         const LogSink& sink)
      : store_(store),
        id_(record.id),
        path_(store.log_path(record.id)),
        options_(options),
        sink_(sink) {}

  void run() {
    // Watching begins before reading, so that nothing falls in between.
    if (options_.follow) begin_watch();
    read_old();
    if (options_.tail) show_tail();
    while (options_.follow && !done_) follow();
  }

 private:
  void begin_watch() {
    watch_ = Fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch_) throw SysError("inotify");
    if (inotify_add_watch(watch_.get(), store_.directory(id_).c_str(),
                          IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE_SELF) < 0) {
      throw SysError(cat("watch the log of container ", id_.substr(0, 12)));
    }
  }

  // All files that there are are opened before the first is read: a rotation meanwhile then takes
  // nothing away.
  void read_old() {
    std::vector<LogFile> files;
    if (auto newest = open_log(path_)) files.push_back(std::move(*newest));
    for (int i = 1;; ++i) {
      auto older = open_log(cat(path_, '.', i));
      if (!older) break;
      files.push_back(std::move(*older));
    }
    std::reverse(files.begin(), files.end());
    for (LogFile& file : files) read(file);
    if (!files.empty()) current_.emplace(std::move(files.back()));
  }

  void read(LogFile& file) {
    while (!done_) {
      const std::optional<std::string> line = file.next();
      if (!line) return;
      std::optional<LogLine> parsed = parse_log_line(*line);
      if (!parsed || (options_.since_ns && parsed->time_ns < *options_.since_ns)) continue;
      if (options_.until_ns && parsed->time_ns > *options_.until_ns) {
        done_ = true;
        return;
      }
      if (options_.tail && !following_) {
        keep(std::move(*parsed));
      } else {
        show(*parsed);
      }
    }
  }

  // Parts of one long line count as one.
  void keep(LogLine line) {
    const bool ends = line.text.ends_with('\n');
    last_.push_back(std::move(line));
    if (ends) ++ends_;
    const uint64_t wanted = *options_.tail;
    while (ends_ > wanted || (wanted == 0 && !last_.empty())) {
      if (last_.front().text.ends_with('\n')) --ends_;
      last_.pop_front();
    }
  }

  void show_tail() {
    following_ = true;
    const bool was_done = done_;  // --until has ended the reading, not the showing
    done_ = false;
    for (const LogLine& line : last_) show(line);
    last_.clear();
    done_ = done_ || was_done;
  }

  void show(const LogLine& line) {
    if (done_) return;
    bool& inside = inside_[line.is_stderr ? 1 : 0];
    const std::string text =
        options_.timestamps && !inside ? cat(line.time, ' ', line.text) : line.text;
    inside = !line.text.ends_with('\n');
    if (!sink_(line.is_stderr, text)) done_ = true;
  }

  void follow() {
    following_ = true;
    // Asked before the last look at the file: what was written before the end is then there.
    const std::optional<Record> record = store_.load(id_);
    const bool live = record && is_live(*record);
    if (current_) read(*current_);
    if (!current_ || !same_file(current_->fd(), path_)) {
      auto next = open_log(path_);
      if (next) {
        current_.emplace(std::move(*next));
        return;
      }
    }
    if (!live) done_ = true;
    if (!done_) wait_for_change();
  }

  void wait_for_change() {
    // The end of a container is not always a change of its log: look again now and then.
    constexpr int kLookAgain = 500;
    pollfd ready{watch_.get(), POLLIN, 0};
    poll(&ready, 1, kLookAgain);
    char events[4096];
    while (::read(watch_.get(), events, sizeof events) > 0) {
    }
  }

  const ContainerStore& store_;
  std::string id_, path_;
  const LogsOptions& options_;
  const LogSink& sink_;
  Fd watch_;
  std::optional<LogFile> current_;
  std::deque<LogLine> last_;
  uint64_t ends_ = 0;
  bool inside_[2] = {false, false};  // a long line has been shown in part
  bool done_ = false, following_ = false;
};

}  // namespace

void read_logs(const ContainerStore& store, const std::string& name, const LogsOptions& options,
               const LogSink& sink) {
  const Record record = store.find(name);
  if (record.host.log_driver == "none") {
    throw Error(cat("container ", record.name, ": has no log (--log-driver none)"));
  }
  Reader(store, record, options, sink).run();
}

}  // namespace mini::engine
