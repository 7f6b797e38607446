// How every listing prints: a table (left aligned, columns of at least 10 and three blanks
// between), --format json (one object a line), a Go template a row, or "table TEMPLATE". Rows are
// JSON objects with Docker's field names; hostile bytes in cells are escaped in tables.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace mini::cmd {

class Listing {
 public:
  // Field -> column title, for all fields that have one; `columns`: the fields of the default
  // table.
  using Titles = std::vector<std::pair<std::string, std::string>>;
  Listing(Titles titles, std::vector<std::string> columns);

  void add(nlohmann::ordered_json row);
  // `format`: empty for the default table. To standard output.
  void print(const std::string& format) const;
  size_t size() const;

 private:
  void print_template_table(const std::string& text) const;
  Titles titles_;
  std::vector<std::string> columns_;
  std::vector<nlohmann::ordered_json> rows_;
};

// Cells aligned as above, each line ended; the last column is not padded.
std::string align(const std::vector<std::vector<std::string>>& lines);

// "inspect"-like output: a JSON array, or --format applied to each object and a line end.
void print_objects(const std::vector<nlohmann::ordered_json>& objects, const std::string& format);
// Throws Error (bad_template): before anything is looked up, as docker's inspect does.
void check_format(const std::string& format);
// One object: its JSON in one line, or the template applied to it.
void print_object(const nlohmann::ordered_json& object, const std::string& format);

// To standard output, whole; a closed pipe ends mini quietly, a full disk is an Error.
void put(const std::string& text);

}  // namespace mini::cmd
