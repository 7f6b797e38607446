// One file by http or https (RFC 9110), for `ADD URL` and a remote build context: follows
// redirects, but never from https to http; sends no credentials; tries again what may go better the
// next time, from the beginning; takes at most the given number of bytes. A server that answers
// 304 to the validators of an earlier download sends no body. Throws Error naming the URL; a status
// that is not 200 or 304 is a StatusError.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/registry/http/settings.h"

namespace mini::registry {

struct Downloaded {
  bool unchanged = false;           // 304: nothing was given to the sink
  std::string etag, last_modified;  // for the next time; empty: the server has none
  std::string file_name;  // of Content-Disposition (RFC 6266); not to be trusted as a path
};

struct DownloadRequest {
  std::string url;
  std::string etag, last_modified;  // of an earlier download; empty: fetch in any case
  uint64_t limit = 0;               // bytes
  int cancel_fd = -1;               // readable: give up
};

struct DownloadSink {
  std::function<void()> begin;  // also before every further attempt: forget what came before
  std::function<void(std::string_view piece)> piece;
};

Downloaded download(const Settings& settings, const DownloadRequest& request,
                    const DownloadSink& sink);

// The file name of a Content-Disposition field; empty when it has none.
std::string disposition_name(std::string_view field);

}  // namespace mini::registry
