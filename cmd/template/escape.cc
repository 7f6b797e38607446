#include <cctype>

#include "cmd/template/functions.h"
#include "cmd/template/unquote.h"
#include "runtime/base/text.h"

namespace mini::templates {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

std::string unicode_escape(uint32_t code) {
  std::string digits;
  for (int shift = 12; shift >= 0; shift -= 4) digits += kHex[(code >> shift) & 15];
  return "\\u" + digits;
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\0':
        out += "\xef\xbf\xbd";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_js(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const uint32_t code = next_rune(text, at);
    const std::string piece = text.substr(start, at - start);
    if (code == '\\' || code == '\'' || code == '"') {
      out += cat("\\", piece);
    } else if (code == '<' || code == '>' || code == '&' || code == '=' || code < ' ' ||
               (code < 0x10000 && printable(piece) != piece)) {
      out += unicode_escape(code);
    } else {
      out += piece;
    }
  }
  return out;
}

std::string escape_query(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~')) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace mini::templates
