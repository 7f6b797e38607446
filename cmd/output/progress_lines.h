// A command's output, which comes in pieces, as lines; keeps the last ones. Bounded: 1 MiB in all,
// 4 KiB a line.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace mini::cmd {

class OutputLines {
 public:
  // Returns the lines that are complete now, printable, without line ends; a carriage return ends a
  // line as well.
  std::vector<std::string> add(std::string_view piece);
  std::vector<std::string> flush();  // what has no line end yet
  const std::deque<std::string>& kept() const { return kept_; }
  size_t dropped() const { return dropped_; }

 private:
  void end_line(std::vector<std::string>& out);
  std::string open_;
  std::deque<std::string> kept_;
  size_t bytes_ = 0, dropped_ = 0;
};

}  // namespace mini::cmd
