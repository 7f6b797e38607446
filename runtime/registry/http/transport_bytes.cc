#include "runtime/registry/http/transport_bytes.h"

asm(R"(
  .section .rodata
  .balign 16
  .global mini_transport_begin
  .global mini_transport_end
mini_transport_begin:
  .incbin ")" MINI_TRANSPORT_BYTES R"("
mini_transport_end:
  .previous
)");
extern "C" const char mini_transport_begin[], mini_transport_end[];

namespace mini::registry {

std::string_view transport_bytes() {
  return {mini_transport_begin, static_cast<size_t>(mini_transport_end - mini_transport_begin)};
}

}  // namespace mini::registry
