#include "runtime/container/launch/launcher_bytes.h"

asm(R"(
  .section .rodata
  .balign 16
  .global mini_launcher_begin
  .global mini_launcher_end
mini_launcher_begin:
  .incbin ")" MINI_LAUNCHER_BYTES R"("
mini_launcher_end:
  .previous
)");
extern "C" const char mini_launcher_begin[], mini_launcher_end[];

namespace mini::container {

std::string_view launcher_bytes() {
  return {mini_launcher_begin, static_cast<size_t>(mini_launcher_end - mini_launcher_begin)};
}

}  // namespace mini::container
