// The HTTP and TLS half of mini: a separate program around libcurl, because libcurl cannot be
// linked into a static binary. It does one request after another for the mini at the other end of
// its standard input, as user nobody when it can, and decides nothing: no redirect is followed, no
// credential is looked up, no proxy is taken from the environment.
#include <curl/curl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/registry/transport/wire.h"

namespace mini::registry::wire {
namespace {

constexpr int kPeer = STDIN_FILENO;
constexpr uid_t kNobody = 65534;
constexpr long kConnectSeconds = 30;
constexpr size_t kReplyLimit = 64 << 10;  // of the answer to a request with a body

void lose_privileges() {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0 ||
                         setresuid(kNobody, kNobody, kNobody) != 0)) {
    // In a user namespace without that id there is nothing to become.
    if (errno != EINVAL && errno != EPERM) _exit(1);
  }
  // Other processes of user nobody must not read the credentials in here.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_FSIZE, &none);
  if (chdir("/") != 0) _exit(1);
}

// When mini is gone there is nothing left to do.
void receive(void* to, size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t got = read(kPeer, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) _exit(0);
    at += got;
    size -= static_cast<size_t>(got);
  }
}

void send(const void* data, size_t size) {
  auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t sent = ::send(kPeer, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) _exit(0);
    at += sent;
    size -= static_cast<size_t>(sent);
  }
}

void send(Kind kind, const std::string& text) {
  const Frame frame{kind, static_cast<uint32_t>(text.size())};
  send(&frame, sizeof frame);
  send(text.data(), text.size());
}

Frame receive_frame() {
  Frame frame;
  receive(&frame, sizeof frame);
  if (frame.size > kLongestFrame) _exit(1);
  return frame;
}

struct Request {
  std::string method, url, authorities, proxy;
  std::vector<std::string> headers;
  bool has_body = false;
  curl_off_t length = 0;
};

Request receive_request() {
  Request request;
  for (;;) {
    const Frame frame = receive_frame();
    std::string text(frame.size, '\0');
    receive(text.data(), text.size());
    switch (frame.kind) {
      case Kind::method:
        request.method = text;
        break;
      case Kind::url:
        request.url = text;
        break;
      case Kind::header:
        request.headers.push_back(text);
        break;
      case Kind::authorities:
        request.authorities += text;
        break;
      case Kind::proxy:
        request.proxy = text;
        break;
      case Kind::length:
        request.has_body = true;
        request.length = strtoll(text.c_str(), nullptr, 10);
        break;
      case Kind::go:
        return request;
      default:
        _exit(1);
    }
  }
}

class Exchange {
 public:
  Exchange(CURL* curl, const Request& request) : curl_(curl), request_(request) {}

  void run() {
    prepare();
    const CURLcode code = curl_easy_perform(curl_);
    curl_slist_free_all(headers_);
    while (request_.has_body && !body_ended_) next_piece(true);
    const char* why = error_[0] ? error_ : curl_easy_strerror(code);
    send(Kind::end, std::to_string(code) + "\n" + (code == CURLE_OK ? "" : why));
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(curl_, option, value) != CURLE_OK) _exit(1);
  }

  void prepare() {
    curl_easy_reset(curl_);
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_BUFFERSIZE, 256L << 10);
    set(CURLOPT_ERRORBUFFER, error_);
    set(CURLOPT_PROXY, request_.proxy.c_str());
    set(CURLOPT_NOPROXY, "");
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!request_.authorities.empty()) {
      curl_blob pem{const_cast<char*>(request_.authorities.data()), request_.authorities.size(),
                    CURL_BLOB_COPY};
      set(CURLOPT_CAINFO_BLOB, &pem);
    }
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, watch_peer);
    if (request_.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request_.has_body) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
      set(CURLOPT_INFILESIZE_LARGE, request_.length);
      set(CURLOPT_READFUNCTION, give_body);
      set(CURLOPT_READDATA, this);
    }
    if (request_.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    for (const std::string& header : request_.headers)
      headers_ = curl_slist_append(headers_, header.c_str());
    headers_ = curl_slist_append(headers_, "Expect:");
    set(CURLOPT_HTTPHEADER, headers_);
  }

  // The last of several heads counts: a 100 may come before it.
  static size_t take_header(const char* data, size_t one, size_t size, void* object) {
    auto* self = static_cast<Exchange*>(object);
    std::string line(data, one * size);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (line.compare(0, 5, "HTTP/") == 0) {
      long status = 0;
      curl_easy_getinfo(self->curl_, CURLINFO_RESPONSE_CODE, &status);
      self->status_ = status;
      self->head_ = std::to_string(status) + "\n";
    } else if (!line.empty()) {
      self->head_ += line + "\n";
      if (self->head_.size() > kLongestFrame) return 0;
    } else if (self->status_ >= 200 && !self->head_sent_) {
      send(Kind::head, self->head_);
      self->head_sent_ = true;
    }
    return one * size;
  }

  static size_t take_body(const char* data, size_t one, size_t size, void* object) {
    auto* self = static_cast<Exchange*>(object);
    const size_t length = one * size;
    if (self->request_.has_body) {
      // mini is still writing: so much must fit into the socket.
      if ((self->replied_ += length) > kReplyLimit) return length;
    }
    send(Kind::body, std::string(data, length));
    return length;
  }

  static size_t give_body(char* to, size_t one, size_t size, void* object) {
    auto* self = static_cast<Exchange*>(object);
    if (self->piece_left_ == 0 && !self->body_ended_) self->next_piece(false);
    if (self->body_ended_) return 0;
    const size_t length = std::min(self->piece_left_, one * size);
    receive(to, length);
    self->piece_left_ -= length;
    return length;
  }

  // The next frame of the body; `drop` is for a body that the server did not want.
  void next_piece(bool drop) {
    std::string rubbish;
    if (drop) {
      rubbish.resize(piece_left_);
      receive(rubbish.data(), rubbish.size());
      piece_left_ = 0;
    }
    const Frame frame = receive_frame();
    if (frame.kind == Kind::body_end) {
      body_ended_ = true;
    } else if (frame.kind == Kind::body) {
      piece_left_ = frame.size;
    } else {
      _exit(1);
    }
  }

  static int watch_peer(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    pollfd peer{kPeer, 0, 0};
    return poll(&peer, 1, 0) > 0 ? 1 : 0;
  }

  CURL* curl_;
  const Request& request_;
  curl_slist* headers_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};
  std::string head_;
  long status_ = 0;
  bool head_sent_ = false, body_ended_ = false;
  size_t piece_left_ = 0, replied_ = 0;
};

}  // namespace

int serve() {
  lose_privileges();
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 1;
  CURL* curl = curl_easy_init();
  if (!curl) return 1;
  for (;;) {
    const Request request = receive_request();
    Exchange(curl, request).run();
  }
}

}  // namespace mini::registry::wire

int main() {
  return mini::registry::wire::serve();
}
