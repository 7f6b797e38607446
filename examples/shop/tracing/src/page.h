// The files of the page, built into the program. index.html is the answer to each of the page's own addresses; the others
// are asked for by name.
#pragma once

#include <span>
#include <string_view>

namespace tracing {

struct PageFile {
  std::string_view name, type, content;
};

std::span<const PageFile> page_files();

}  // namespace tracing
