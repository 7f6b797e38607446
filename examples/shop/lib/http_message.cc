#include "lib/http_message.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace shop {
namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                                  std::string_view::npos;
  });
}

bool is_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < 32 && c != '\t') || c == 127; });
}

std::string_view next_line(std::string_view& rest) {
  size_t end = rest.find("\r\n");
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return line;
}

std::string_view trim(std::string_view text) {
  size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

bool parse_headers(std::string_view rest, Headers& headers) {
  while (!rest.empty()) {
    std::string_view line = next_line(rest);
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
    if (!is_token(name) || !is_text(value)) return false;
    headers.add(std::string(name), std::string(value));
  }
  return true;
}

const char* reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
  }
  return "Status";
}

void append(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers.items()) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

const std::string* Headers::find(std::string_view name) const {
  for (const auto& item : items_) {
    if (same_name(item.first, name)) return &item.second;
  }
  return nullptr;
}

size_t Headers::count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(items_.begin(), items_.end(),
                                           [&](const auto& item) { return same_name(item.first, name); }));
}

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::optional<Request> parse_request_head(std::string_view head) {
  std::string_view line = next_line(head);
  size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  Request request;
  std::string_view version = line.substr(last + 1);
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  request.http_1_0 = version == "HTTP/1.0";
  bool good = is_token(request.method) && request.target[0] == '/' && is_text(request.target) &&
              request.target.find_first_of(" \t") == std::string::npos &&
              (request.http_1_0 || version == "HTTP/1.1");
  if (!good || !parse_headers(head, request.headers)) return std::nullopt;
  return request;
}

std::optional<Response> parse_response_head(std::string_view head) {
  std::string_view line = next_line(head);
  Response response;
  if (line.size() < 12 || line.substr(0, 7) != "HTTP/1." || line[8] != ' ') return std::nullopt;
  auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, response.status);
  if (error != std::errc() || end != line.data() + 12 || response.status < 100) return std::nullopt;
  if (!parse_headers(head, response.headers)) return std::nullopt;
  const std::string* type = response.headers.find("Content-Type");
  response.content_type = type ? *type : "";
  return response;
}

std::optional<size_t> content_length(const Headers& headers) {
  const std::string* text = headers.find("Content-Length");
  if (!text) return 0;
  size_t value = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  bool good = error == std::errc() && end == text->data() + text->size() && headers.count("Content-Length") == 1;
  return good ? std::optional(value) : std::nullopt;
}

std::string write_request(const Request& request, std::string_view host) {
  std::string out;
  out.reserve(512 + request.body.size());
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  append(out, request.headers);
  if (!request.body.empty() || request.method != "GET") {
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  return out.append("\r\n").append(request.body);
}

std::string write_response(const Response& response, bool keep_alive, bool with_body) {
  std::string out;
  out.reserve(256 + response.body.size());
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason(response.status));
  out.append("\r\nContent-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  if (!response.content_type.empty()) out.append("Content-Type: ").append(response.content_type).append("\r\n");
  append(out, response.headers);
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append("\r\n");
  if (with_body) out.append(response.body);
  return out;
}

}  // namespace shop
