// System calls without a C library, for x86_64 and aarch64. A result in [-4095, -1] is a negated
// errno. Nothing here allocates or keeps state.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

namespace mini::container::sys {

inline long raw(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc 0"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
               : "memory");
  return x0;
#else
#error "the launcher knows x86_64 and aarch64"
#endif
}

inline long word(long value) {
  return value;
}
inline long word(int value) {
  return value;
}
inline long word(unsigned value) {
  return static_cast<long>(value);
}
inline long word(unsigned short value) {
  return value;
}
inline long word(unsigned long value) {
  return static_cast<long>(value);
}
inline long word(const void* value) {
  return reinterpret_cast<long>(value);
}

template <class... Args>
long call(long number, Args... args) {
  long words[6] = {word(args)...};
  return raw(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

inline void close(int fd) {
  if (fd >= 0) call(SYS_close, fd);
}
[[noreturn]] inline void exit(int code) {
  for (;;) call(SYS_exit_group, code);
}

}  // namespace mini::container::sys
