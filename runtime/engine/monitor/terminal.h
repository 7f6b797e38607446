// Our own terminal, while a container's or an exec's is shown in it: raw, its size forwarded.
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "runtime/base/fd.h"

namespace mini::engine {

// Raw from construction to destruction. Does nothing unless it is a terminal.
class RawTerminal {
 public:
  explicit RawTerminal(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  int fd_ = -1;
  termios before_;
};

// Rows and columns of the terminal on one of our standard streams.
std::optional<std::pair<uint16_t, uint16_t>> terminal_size();
void set_terminal_size(int terminal, uint16_t rows, uint16_t columns);

// Readable when the terminal has changed its size.
class SizeChanges {
 public:
  SizeChanges();
  int fd() const { return fd_.get(); }
  void take() const;

 private:
  Fd fd_;
};

// Throws Error (usage) when a terminal is asked for on both sides and our standard input is none.
void check_terminal(bool tty, bool stdin_open);

}  // namespace mini::engine
