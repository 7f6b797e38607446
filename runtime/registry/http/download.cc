#include "runtime/registry/http/download.h"

#include "runtime/base/text.h"
#include "runtime/registry/http/client.h"

namespace mini::registry {
namespace {

constexpr int kHops = 10;

Request request_to(const Url& url, const DownloadRequest& wanted) {
  Request request;
  request.url = url;
  request.proxy = proxy_for(url, process_environment());
  request.headers = {"User-Agent: mini/" MINI_VERSION, "Accept: */*"};
  if (!wanted.etag.empty()) request.headers.push_back(cat("If-None-Match: ", wanted.etag));
  if (wanted.etag.empty() && !wanted.last_modified.empty())
    request.headers.push_back(cat("If-Modified-Since: ", wanted.last_modified));
  return request;
}

// The first response that is not a redirect.
ResponseHead follow(Transport& transport, const DownloadRequest& wanted) {
  Url url = Url::parse(wanted.url);
  for (int hop = 0; hop <= kHops; ++hop) {
    ResponseHead head = transport.start(request_to(url, wanted));
    if (!head.is_redirect()) return head;
    const Url to = url.resolve(head.header("location"));
    if (url.scheme == "https" && to.scheme != "https")
      throw Error(cat("redirects to ", to.origin(), ", which is not encrypted"));
    while (!transport.read().empty()) continue;
    url = to;
  }
  throw Error(cat("redirects more than ", kHops, " times"));
}

Downloaded attempt(Transport& transport, const DownloadRequest& wanted, const DownloadSink& sink) {
  const ResponseHead head = follow(transport, wanted);
  const bool conditional = !wanted.etag.empty() || !wanted.last_modified.empty();
  Downloaded result;
  result.unchanged = head.status == 304 && conditional;
  result.etag = head.header("etag");
  result.last_modified = head.header("last-modified");
  result.file_name = disposition_name(head.header("content-disposition"));
  if (!result.unchanged && head.status != 200) {
    throw StatusError(head.status, cat("HTTP status ", head.status), "",
                      head.status == 404 ? ErrorKind::not_found : ErrorKind::failed,
                      head.header("retry-after"));
  }
  if (result.unchanged) return result;
  sink.begin();
  uint64_t size = 0;
  for (std::string_view piece = transport.read(); !piece.empty(); piece = transport.read()) {
    size += piece.size();
    if (size > wanted.limit) throw Error(cat("larger than ", wanted.limit, " bytes"));
    sink.piece(piece);
  }
  return result;
}

}  // namespace

Downloaded download(const Settings& settings, const DownloadRequest& request,
                    const DownloadSink& sink) {
  if (settings.offline)
    throw Error(
        cat(printable(request.url), ": not fetched, \"offline\" is set in mini's config.json"));
  return with_context(printable(request.url), [&] {
    RetryPlan plan(settings.attempts, settings.retry_delay_ms);
    for (;;) {
      try {
        Transport transport(settings.timeout_ms, request.cancel_fd);
        return attempt(transport, request, sink);
      } catch (const Error& error) {
        if (!wait_to_retry(plan, error)) throw;
      }
    }
  });
}

std::string disposition_name(std::string_view field) {
  for (const std::string& part : split(field, ';')) {
    const std::string_view text = trim(part);
    const size_t equals = text.find('=');
    if (equals == text.npos || lower(trim(text.substr(0, equals))) != "filename") continue;
    std::string_view value = trim(text.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return {};
}

}  // namespace mini::registry
