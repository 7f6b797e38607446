// HTTP messages as the services see them. What is on the wire is Boost.Beast's matter, in http_client.cc and http_server.cc.
#pragma once
#include <strings.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shop {

class Headers {
 public:
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }
  // The first of that name, which compares without case; or null.
  const std::string* find(const char* name) const {
    for (const auto& item : items_) {
      if (::strcasecmp(item.first.c_str(), name) == 0) return &item.second;
    }
    return nullptr;
  }
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  // as it came: path and query
  Headers headers;
  std::string body;
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  Headers headers;  // of an answer to send: further ones; of one that came: none
};

}  // namespace shop
