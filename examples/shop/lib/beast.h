// Boost.Asio and Boost.Beast under short names. Only for http_client.cc and http_server.cc: slow to compile.
#pragma once
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "lib/http_message.h"

namespace shop {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using beast::error_code;

inline void add_headers(http::fields& fields, const Headers& headers) {
  for (const auto& [name, value] : headers.items()) fields.insert(name, value);
}

}  // namespace shop
