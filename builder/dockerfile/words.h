// How the text of one instruction is cut into pieces: at blanks, at blanks outside quotes, into
// leading `--flags`, or as a JSON array of strings. Pieces keep their place in the text. Pure and
// linear; quotes and escapes stay in the pieces unless said otherwise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mini::dockerfile {

// text[begin, end) gave `text`; the two differ when quotes were taken off.
struct Token {
  std::string text;
  size_t begin = 0;
  size_t end = 0;
};

bool is_blank(char c);  // what separates words: space, \t, \v, \f, \r, \n

size_t skip_blanks(std::string_view text, size_t from);
size_t skip_word(std::string_view text, size_t from);

std::vector<Token> split_at_blanks(std::string_view text, size_t from);
// ENV, LABEL and ARG: blanks inside quotes or behind `escape` do not separate.
std::vector<Token> split_outside_quotes(std::string_view text, size_t from, char escape);

// Words that begin with "--", up to the first other word or a bare "--"; quotes and backslashes are
// taken off, as BuildKit does.
struct LeadingFlags {
  std::vector<Token> flags;
  size_t rest = 0;  // where the arguments begin
};
LeadingFlags take_flags(std::string_view text, size_t from);

enum class JsonForm {
  none,     // no JSON array: another form is meant
  strings,  // an array of strings
  mixed,    // JSON, but not all elements are strings
};
struct JsonArray {
  JsonForm form = JsonForm::none;
  std::vector<Token> items;  // decoded
};
// The whole of text[from, …) as a JSON array.
JsonArray parse_json_array(std::string_view text, size_t from);
// No JSON array, but somebody seems to have meant one: ['a', 'b'].
bool resembles_json_array(std::string_view text);

}  // namespace mini::dockerfile
