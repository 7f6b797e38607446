#include "src/page.h"

// PAGE_FOLDER is set by the build, which also compiles this again when one of the files changes.
#define EMBED(symbol, file)                                            \
  asm(".section .rodata\n" #symbol "_begin:\n.incbin \"" PAGE_FOLDER   \
      "/" file "\"\n" #symbol "_end:\n.byte 0\n.previous\n");          \
  extern "C" const char symbol##_begin[] __attribute__((visibility("hidden"))); \
  extern "C" const char symbol##_end[] __attribute__((visibility("hidden")))

EMBED(tracing_html, "index.html");
EMBED(tracing_css, "style.css");
EMBED(tracing_js, "app.js");

namespace tracing {

std::string_view page_html() { return {tracing_html_begin, tracing_html_end}; }
std::string_view page_css() { return {tracing_css_begin, tracing_css_end}; }
std::string_view page_js() { return {tracing_js_begin, tracing_js_end}; }

}  // namespace tracing
