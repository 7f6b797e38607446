// What mini and its transport say to each other over a socket pair: frames of one letter, a length
// and that many bytes. mini describes a request and ends it with `go`; body pieces and `body_end`
// follow when a length was announced. The transport answers with `head` (a status and the header
// lines), pieces of the body, and always with `end`. Shared by both programs, so plain types only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mini::registry::wire {

enum class Kind : uint32_t {
  method = 'M',  // "GET"
  url = 'U',
  header = 'H',       // "Name: value", once for each
  authorities = 'C',  // PEM, trusted besides the host's
  proxy = 'P',        // "" for none
  length = 'L',       // of the body, decimal
  go = 'G',
  body = 'B',
  body_end = 'Z',
  head = 'S',  // "200\nname: value\n…"
  end = 'E',   // "<curl's code>\n<what it says>"; code 0: all is well
};

struct Frame {
  Kind kind;
  uint32_t size;
};

constexpr size_t kLongestFrame = 1 << 20;

}  // namespace mini::registry::wire
