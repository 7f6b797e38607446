#include "src/page.h"

#include <array>

// PAGE_FOLDER is set by the build, which also compiles this again when one of the files changes.
#define EMBED(symbol, file)                                            \
  asm(".section .rodata\n" #symbol "_begin:\n.incbin \"" PAGE_FOLDER   \
      "/" file "\"\n" #symbol "_end:\n.byte 0\n.previous\n");          \
  extern "C" const char symbol##_begin[] __attribute__((visibility("hidden"))); \
  extern "C" const char symbol##_end[] __attribute__((visibility("hidden")))

EMBED(page_html, "index.html");
EMBED(page_style, "style.css");
EMBED(page_app, "app.js");
EMBED(page_dependency, "dependency.js");
EMBED(page_layout, "layout.js");
EMBED(page_search, "search.js");
EMBED(page_shared, "shared.js");
EMBED(page_theme, "theme.js");
EMBED(page_tree, "tree.js");
EMBED(page_waterfall, "waterfall.js");
EMBED(page_words, "words.js");

namespace tracing {
namespace {

constexpr char kScript[] = "text/javascript; charset=utf-8";

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<size_t>(end - begin)}; }

}  // namespace

std::span<const PageFile> page_files() {
  static const std::array files{
      PageFile{"index.html", "text/html; charset=utf-8", between(page_html_begin, page_html_end)},
      PageFile{"style.css", "text/css; charset=utf-8", between(page_style_begin, page_style_end)},
      PageFile{"app.js", kScript, between(page_app_begin, page_app_end)},
      PageFile{"dependency.js", kScript, between(page_dependency_begin, page_dependency_end)},
      PageFile{"layout.js", kScript, between(page_layout_begin, page_layout_end)},
      PageFile{"search.js", kScript, between(page_search_begin, page_search_end)},
      PageFile{"shared.js", kScript, between(page_shared_begin, page_shared_end)},
      PageFile{"theme.js", kScript, between(page_theme_begin, page_theme_end)},
      PageFile{"tree.js", kScript, between(page_tree_begin, page_tree_end)},
      PageFile{"waterfall.js", kScript, between(page_waterfall_begin, page_waterfall_end)},
      PageFile{"words.js", kScript, between(page_words_begin, page_words_end)},
  };
  return files;
}

}  // namespace tracing
