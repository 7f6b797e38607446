// The functions of a template: Go's own (package text/template) and docker's (json, split, join,
// title, lower, upper, pad, truncate). `and` and `or` are not here: they do not evaluate all of
// their operands. What is wrong is an Error whose text is the reason alone; template.cc adds where.
#pragma once

#include <string>
#include <vector>

#include "cmd/template/value.h"

namespace mini::templates {

bool is_template_function(const std::string& name);           // with `and` and `or`
std::string near_template_function(const std::string& name);  // empty: none
Value call_template_function(const std::string& name, std::vector<Value>& operands);

// printf.cc: fmt.Sprintf and fmt.Sprint.
std::string format_values(const std::vector<Value>& operands);
std::string print_values(const std::vector<Value>& operands);
std::string quoted_go(const std::string& text);  // %q

// escape.cc
std::string escape_html(const std::string& text);
std::string escape_js(const std::string& text);
std::string escape_query(const std::string& text);

}  // namespace mini::templates
