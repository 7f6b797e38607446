// HTTP/1.1 messages (RFC 9112) as the server and the client share them: start line, headers, body. Header names compare without case. parse_* take
// the head without its last empty line and answer nothing for what is malformed: a bare CR, a control character, a space before the colon, a folded line.
// write_* add Content-Length themselves.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shop {

class Headers {
 public:
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }
  const std::string* find(std::string_view name) const;  // the first of that name
  size_t count(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  // as it came: path and query
  Headers headers;
  std::string body;
  bool http_1_0 = false;
  std::string_view path() const;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  Headers headers;  // further ones
};

bool same_name(std::string_view a, std::string_view b);
std::optional<Request> parse_request_head(std::string_view head);
std::optional<Response> parse_response_head(std::string_view head);
// nullopt: there is one and it makes no sense, or several differ.
std::optional<size_t> content_length(const Headers& headers);
std::string write_request(const Request& request, std::string_view host);
std::string write_response(const Response& response, bool keep_alive, bool with_body);

}  // namespace shop
