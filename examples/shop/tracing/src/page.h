// The files of the page, built into the program.
#pragma once

#include <string_view>

namespace tracing {

std::string_view page_html();
std::string_view page_css();
std::string_view page_js();

}  // namespace tracing
