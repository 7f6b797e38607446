// The three functions that a compiler may call on its own, and two more.
#include "runtime/container/launcher/launcher.h"

extern "C" {

void* memset(void* to, int value, size_t size) {
  auto* bytes = static_cast<volatile unsigned char*>(to);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(value);
  return to;
}

void* memcpy(void* __restrict to, const void* __restrict from, size_t size) {
  auto* out = static_cast<volatile unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  for (size_t i = 0; i < size; ++i) out[i] = in[i];
  return to;
}

size_t strlen(const char* text) {
  const volatile char* end = text;
  while (*end) ++end;
  return static_cast<size_t>(end - text);
}
}

namespace mini::container {

size_t length(const char* text) {
  return strlen(text);
}

char* decimal(long number, char (&out)[kDigits]) {
  char* at = out + kDigits - 1;
  *at = 0;
  do {
    *--at = static_cast<char>('0' + number % 10);
  } while (number /= 10);
  return at;
}

}  // namespace mini::container
