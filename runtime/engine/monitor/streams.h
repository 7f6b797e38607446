// The standard streams of a container as its monitor holds them: output read from pipes or the
// terminal and handed on, input queued for a process that may not read it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/poll_round.h"

namespace mini::engine {

// Where output goes: a descriptor that may be slow and is not ours alone, so it stays blocking and
// is written only when poll allows it.
class OutputTarget {
 public:
  explicit OutputTarget(int fd);  // -1: nowhere, always content

  bool idle() const { return pending_.empty(); }
  bool closed() const { return closed_; }  // its reader has gone
  void write(std::string_view data);
  void watch(PollRound& round);
  void flush();  // waits until it has taken everything

 private:
  void write_some(bool wait);

  int fd_;
  bool blocks_ = false, closed_ = false;
  std::string pending_;
};

// One output stream of a container. Nothing more is read until its target has taken what was read:
// a slow reader slows the container, as a pipe would. When the target's reader is gone, the source
// is closed, and the container hears of it in the same way.
class OutputStream {
 public:
  using Sink = std::function<void(std::string_view data)>;

  OutputStream(Fd source, int target, Sink sink);

  // `may_read`: somebody else asks for a pause when false.
  void watch(PollRound& round, bool may_read);
  // Takes what is there without waiting; then closes the source.
  void drain();
  void flush() { target_.flush(); }

 private:
  size_t read_some();

  Fd source_;
  OutputTarget target_;
  Sink sink_;
};

// What clients typed, until the container reads it. Never blocks.
class InputQueue {
 public:
  // `owned`: a pipe, closed at the end of the input. A terminal is borrowed and never closed here.
  explicit InputQueue(Fd pipe);
  explicit InputQueue(int terminal);

  bool has_room() const;
  void add(std::string_view data);
  void close_when_empty();
  void watch(PollRound& round);

 private:
  void write_some();

  Fd pipe_;
  int fd_;
  bool ending_ = false;
  std::string queue_;
};

}  // namespace mini::engine
