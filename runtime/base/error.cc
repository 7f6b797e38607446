#include "runtime/base/error.h"

#include <cerrno>
#include <cstring>

#include "runtime/base/text.h"

namespace mini {
namespace {

// Not strerror(3): that one may translate, and is not safe between threads.
std::string describe(int error_number) {
  const char* text = strerrordesc_np(error_number);
  return text ? std::string(text) : cat("errno ", error_number);
}

}  // namespace

SysError::SysError(const std::string& what) : SysError(errno, what) {}

SysError::SysError(int error_number, const std::string& what)
    : Error(cat(what, ": ", describe(error_number))), code_(error_number) {}

}  // namespace mini
