#include "cmd/output/listing.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cmd/template/template.h"
#include "cmd/template/value.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using Row = nlohmann::ordered_json;

// Terminal columns, near enough: one per code point.
size_t width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string unescape(const std::string& format) {
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '\\' && i + 1 < format.size() &&
        (format[i + 1] == 't' || format[i + 1] == 'n'))
      out += format[++i] == 't' ? '\t' : '\n';
    else
      out += format[i];
  }
  return out;
}

// Line breaks come from the template as well as from values, and are harmless.
std::string printable_lines(const std::string& text) {
  std::vector<std::string> lines = split(text, '\n');
  for (std::string& line : lines) line = printable(line);
  return join(lines, "\n");
}

}  // namespace

Listing::Listing(Titles titles, std::vector<std::string> columns)
    : titles_(std::move(titles)), columns_(std::move(columns)) {}

void Listing::add(Row row) {
  rows_.push_back(std::move(row));
}
size_t Listing::size() const {
  return rows_.size();
}

void Listing::print(const std::string& format) const {
  if (format == "json" || format == "{{json .}}") {
    std::string out;
    for (const Row& row : rows_) out += templates::json_text(row) + "\n";
    return put(out);
  }
  if (format.empty() || format == "table") {
    std::vector<std::vector<std::string>> lines(1);
    for (const std::string& field : columns_)
      for (const auto& [name, title] : titles_)
        if (name == field) lines[0].push_back(title);
    for (const Row& row : rows_) {
      std::vector<std::string> cells;
      for (const std::string& field : columns_)
        cells.push_back(printable(templates::text_of(row.at(field))));
      lines.push_back(std::move(cells));
    }
    return put(align(lines));
  }
  if (format.starts_with("table ")) return print_template_table(format.substr(6));
  const templates::Template text(unescape(format));
  std::string out;
  for (const Row& row : rows_) out += printable_lines(text.render(row)) + "\n";
  put(out);
}

void Listing::print_template_table(const std::string& format) const {
  const templates::Template text(unescape(format));
  std::vector<std::vector<std::string>> lines{split(text.header(titles_), '\t')};
  for (const Row& row : rows_) {
    std::vector<std::string> cells = split(text.render(row), '\t');
    for (std::string& cell : cells) cell = printable(cell);
    lines.push_back(std::move(cells));
  }
  put(align(lines));
}

// Of docker's tables.
constexpr size_t kGap = 3, kLeastColumn = 10;

std::string align(const std::vector<std::vector<std::string>>& lines) {
  std::vector<size_t> widths;
  for (const auto& cells : lines) {
    if (cells.size() > widths.size()) widths.resize(cells.size());
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width(cells[i]));
  }
  std::string out;
  for (const auto& cells : lines) {
    for (size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size())
        out.append(std::max(widths[i] + kGap, kLeastColumn) - width(cells[i]), ' ');
    }
    out += '\n';
  }
  return out;
}

void print_objects(const std::vector<Row>& objects, const std::string& format) {
  if (format.empty() || format == "json")
    return put(templates::json_text(Row(objects), format.empty() ? 4 : -1) + "\n");
  const templates::Template text(format);
  std::string out;
  for (const Row& object : objects) out += printable_lines(text.render(object)) + "\n";
  put(out);
}

void check_format(const std::string& format) {
  if (format.empty() || format == "json") return;
  try {
    const templates::Template parsed(format);
  } catch (const Error& error) {
    throw Error(error.what(), error.hint(), ErrorKind::bad_template);
  }
}

void print_object(const Row& object, const std::string& format) {
  if (format == "json") return put(templates::json_text(object) + "\n");
  put(printable_lines(templates::Template(format).render(object)) + "\n");
}

void put(const std::string& text) {
  if (fwrite(text.data(), 1, text.size(), stdout) == text.size() && fflush(stdout) == 0) return;
  if (errno == EPIPE) std::exit(1);
  throw SysError("standard output");
}

}  // namespace mini::cmd
