#include "src/api.h"

#include <httplib.h>

#include <nlohmann/json.hpp>

#include "src/page.h"
#include "src/sqlite.h"

namespace tracing {
namespace {

using httplib::Request;
using httplib::Response;
using OrderedJson = nlohmann::ordered_json;

constexpr char kJson[] = "application/json";
constexpr char kText[] = "text/plain; charset=utf-8";
// What is too large is read this far before the connection is given up, so that the sender sees the answer.
constexpr size_t kMaxDrained = 4 * kMaxBody;
// A query waits at most this long for spans that were accepted before it.
constexpr std::chrono::milliseconds kSettle{1000};
// A connection holds a thread until it has been idle for kKeepAlive seconds; a thread that waits costs some 20 KiB.
constexpr size_t kThreads = 64;
constexpr time_t kKeepAlive = 2;

void answer(Response& response, int status, std::string body, const char* type) {
  response.status = status;
  response.body = std::move(body);
  response.set_header("Content-Type", type);
}

// The items as a JSON list, without a second copy of a large answer.
std::string listed(std::string items) {
  items.insert(items.begin(), '[');
  items.push_back(']');
  return items;
}

Parameters parameters_of(const Request& request) {
  return [&request](const char* name) -> std::optional<std::string> {
    if (!request.has_param(name)) return std::nullopt;
    return request.get_param_value(name);
  };
}

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// The rest of the body would be taken for the next request.
void refuse_unread(Response& response, int status, const std::string& why) {
  response.set_header("Connection", "close");
  answer(response, status, why, kText);
}

std::string names(const std::vector<std::string>& values) { return nlohmann::json(values).dump(); }

struct Counters {
  std::atomic<int64_t> messages{0}, messages_dropped{0}, bytes{0};
};

// The handlers, one for each kind of question; shared by all threads of the server.
class Api {
 public:
  explicit Api(Parts parts) : parts_(parts) {}

  // Asks the archive, once it holds what was accepted before.
  template <typename Function>
  auto read(Function use) {
    parts_.intake.settle(kSettle);
    return parts_.readers.with(use);
  }

  void take_spans(const Request& request, Response& response, const httplib::ContentReader& reader) {
    ++counters_.messages;
    std::string body;
    if (!read_body(request, response, reader, body)) {
      ++counters_.messages_dropped;
      return;
    }
    counters_.bytes += static_cast<int64_t>(body.size());
    std::vector<StoredSpan> spans;
    try {
      spans = to_store(body);
    } catch (const BadInput&) {
      ++counters_.messages_dropped;
      throw;
    }
    if (!spans.empty() && !parts_.intake.offer(std::move(spans))) {
      ++counters_.messages_dropped;
      response.set_header("Retry-After", "1");
      return answer(response, 503, "spans come faster than they can be written\n", kText);
    }
    response.status = 202;
  }

  std::string services() { return names(read([](ArchiveReader& reader) { return reader.services(); })); }

  std::string span_names(const Request& request) {
    std::string service = lower(required(parameters_of(request), "serviceName"));
    return names(read([&](ArchiveReader& reader) { return reader.span_names(service); }));
  }

  std::string remote_services(const Request& request) {
    std::string service = lower(required(parameters_of(request), "serviceName"));
    return names(read([&](ArchiveReader& reader) { return reader.remote_services(service); }));
  }

  std::string tag_keys() { return names(parts_.settings.tag_keys); }

  std::string tag_values(const Request& request) {
    std::string key = required(parameters_of(request), "key");
    if (key.empty()) throw BadInput("key: is empty");
    return names(read([&](ArchiveReader& reader) { return reader.tag_values(key); }));
  }

  void traces(const Request& request, Response& response) {
    Query query = read_query(parameters_of(request), now_ms());
    bool cut = false;
    std::string list = read([&](ArchiveReader& reader) { return reader.traces(query, kMaxAnswer, cut); });
    if (cut) response.set_header("X-Truncated", "true");
    answer(response, 200, listed(std::move(list)), kJson);
  }

  void trace(const Request& request, Response& response) {
    std::string id = normal_trace_id(request.matches[1].str());
    std::string spans = read([&](ArchiveReader& reader) { return reader.trace(id); });
    if (spans.empty()) return answer(response, 404, id + " not found\n", kText);
    answer(response, 200, listed(std::move(spans)), kJson);
  }

  void many_traces(const Request& request, Response& response) {
    std::string list;
    size_t bytes = 0;
    for (const std::string& id : trace_ids(required(parameters_of(request), "traceIds"))) {
      std::string spans = read([&](ArchiveReader& reader) { return reader.trace(id); });
      if (spans.empty()) continue;
      bytes += spans.size();
      if (bytes > kMaxAnswer) {
        response.set_header("X-Truncated", "true");
        break;
      }
      list += (list.empty() ? "[" : ",[") + spans + ']';
    }
    answer(response, 200, listed(std::move(list)), kJson);
  }

  std::string dependencies(const Request& request) {
    Window window = read_window(parameters_of(request), std::nullopt);
    return read([&](ArchiveReader& reader) { return reader.dependencies(window); }).to_json();
  }

  void health(const Request&, Response& response) {
    std::string failure = parts_.intake.failure();
    const char* status = failure.empty() ? "UP" : "DOWN";
    OrderedJson storage{{"status", status}};
    if (!failure.empty()) storage["details"] = {{"error", failure}};
    OrderedJson zipkin{{"status", status}, {"details", {{"SQLite", storage}}}};
    answer(response, failure.empty() ? 200 : 503, OrderedJson{{"status", status}, {"zipkin", zipkin}}.dump(), kJson);
  }

  std::string metrics() {
    Tally tally = parts_.intake.tally();
    return OrderedJson{{"counter.zipkin_collector.messages.http", counters_.messages.load()},
                       {"counter.zipkin_collector.messages_dropped.http", counters_.messages_dropped.load()},
                       {"counter.zipkin_collector.bytes.http", counters_.bytes.load()},
                       {"counter.zipkin_collector.spans.http", tally.accepted},
                       {"counter.zipkin_collector.spans_dropped.http", tally.dropped},
                       {"gauge.tracing.stored_spans", tally.stored},
                       {"gauge.tracing.stored_bytes", tally.stored_bytes}}
        .dump();
  }

 private:
  static std::vector<std::string> trace_ids(const std::string& text) {
    if (text.empty()) throw BadInput("traceIds: is empty");
    std::vector<std::string> ids;
    for (size_t start = 0; start <= text.size();) {
      size_t end = std::min(text.find(',', start), text.size());
      std::string id = normal_trace_id(text.substr(start, end - start));
      if (std::find(ids.begin(), ids.end(), id) != ids.end()) throw BadInput("traceIds: " + id + " comes twice");
      ids.push_back(std::move(id));
      start = end + 1;
    }
    if (ids.size() == 1) throw BadInput("traceIds: for a single trace there is /api/v2/trace/{traceId}");
    return ids;
  }

  static std::vector<StoredSpan> to_store(const std::string& body) {
    std::vector<StoredSpan> stored;
    if (body.empty()) return stored;
    for (Span& span : parse_spans(body)) {
      std::string json = to_json(span);
      if (json.size() > kMaxSpanBytes) {
        throw BadInput("span " + span.id + ": is larger than " + std::to_string(kMaxSpanBytes) + " bytes");
      }
      stored.push_back({std::move(span), std::move(json)});
    }
    return stored;
  }

  static bool read_body(const Request& request, Response& response, const httplib::ContentReader& reader,
                        std::string& body) {
    std::string encoding = lower(request.get_header_value("Content-Encoding"));
    std::string type = lower(request.get_header_value("Content-Type"));
    if (!encoding.empty() && encoding != "identity" && encoding != "gzip") {
      refuse_unread(response, 415, "content-encoding: only gzip is understood\n");
      return false;
    }
    for (const char* other : {"application/x-protobuf", "application/x-thrift", "multipart/form-data"}) {
      if (type.rfind(other, 0) != 0) continue;
      refuse_unread(response, 415, "content-type: only JSON is understood\n");
      return false;
    }
    size_t bytes = 0;
    bool complete = reader([&](const char* data, size_t size) {
      bytes += size;
      if (bytes <= kMaxBody) body.append(data, size);
      return bytes <= kMaxDrained;
    });
    if (bytes > kMaxBody || response.status == 413) {
      refuse_unread(response, 413, "the message is larger than " + std::to_string(kMaxBody) + " bytes\n");
      return false;
    }
    if (!complete) refuse_unread(response, 400, "the body is cut off or not gzip\n");
    return complete;
  }

  Parts parts_;
  Counters counters_;
};

// Requests that are turned away before a byte of their body is read.
httplib::Server::HandlerResponse screen(const Request& request, Response& response) {
  using Handled = httplib::Server::HandlerResponse;
  bool post = request.method == "POST" && (request.path == "/api/v2/spans" || request.path == "/zipkin/api/v2/spans");
  if (request.method != "GET" && request.method != "HEAD" && !post) {
    refuse_unread(response, 404, "not found\n");
    return Handled::Handled;
  }
  if (post && request.get_header_value("Sec-Fetch-Site") == "cross-site") {
    refuse_unread(response, 403, "a page of another site may not send spans\n");
    return Handled::Handled;
  }
  // Many overlapping ranges would make a large answer out of a small request.
  if (request.ranges.size() > 1) {
    response.status = 416;
    return Handled::Handled;
  }
  return Handled::Unhandled;
}

void explain(const Request&, Response& response, std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const BadInput& error) {
    answer(response, 400, std::string(error.what()) + '\n', kText);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tracing: %s\n", error.what());
    answer(response, 500, "the archive cannot be read; the log says why\n", kText);
  }
}

void mount_api(httplib::Server& server, const std::shared_ptr<Api>& api) {
  auto path = [](const char* name) { return std::string("(?:/zipkin)?/api/v2/") + name; };
  auto json = [](auto make) {
    return [make](const Request& request, Response& response) { answer(response, 200, make(request), kJson); };
  };
  server.Post(path("spans"), [api](const Request& request, Response& response, const httplib::ContentReader& reader) {
    api->take_spans(request, response, reader);
  });
  server.Get(path("services"), json([api](const Request&) { return api->services(); }));
  server.Get(path("spans"), json([api](const Request& request) { return api->span_names(request); }));
  server.Get(path("remoteServices"), json([api](const Request& request) { return api->remote_services(request); }));
  server.Get(path("autocompleteKeys"), json([api](const Request&) { return api->tag_keys(); }));
  server.Get(path("autocompleteValues"), json([api](const Request& request) { return api->tag_values(request); }));
  server.Get(path("dependencies"), json([api](const Request& request) { return api->dependencies(request); }));
  server.Get(path("traces"), [api](const Request& request, Response& response) { api->traces(request, response); });
  server.Get(path("traceMany"), [api](const Request& request, Response& response) { api->many_traces(request, response); });
  server.Get(path("trace/([^/]+)"), [api](const Request& request, Response& response) { api->trace(request, response); });
  server.Get("/health", [api](const Request& request, Response& response) { api->health(request, response); });
  server.Get("/metrics", json([api](const Request&) { return api->metrics(); }));
  server.Get("/info", json([](const Request&) {
    return OrderedJson{{"zipkin", {{"version", TRACING_VERSION}, {"commit", "mini"}}}}.dump();
  }));
}

void mount_page(httplib::Server& server) {
  auto redirect = [](const Request&, Response& response) { response.set_redirect("/zipkin/"); };
  // The page's own addresses, which are Zipkin's: what is shown is in the address.
  const std::string views = "/zipkin/(?:|dependency|traces/[0-9a-f]+)";
  for (const PageFile& file : page_files()) {
    std::string path = file.name == "index.html" ? views : "/zipkin/" + std::string(file.name);
    server.Get(path, [&file](const Request&, Response& response) {
      response.set_header("Cache-Control", "no-cache");
      response.set_header("Content-Security-Policy",
                          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
                          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'");
      response.set_content(file.content.data(), file.content.size(), std::string(file.type));
    });
  }
  server.Get("/", redirect);
  server.Get("/zipkin", redirect);
  server.Get("/zipkin/config.json", [](const Request&, Response& response) {
    OrderedJson dependency{{"enabled", true}, {"lowErrorRate", 0.5}, {"highErrorRate", 0.75}};
    OrderedJson config{{"environment", ""}, {"queryLimit", 10}, {"defaultLookback", 900000}, {"searchEnabled", true},
                       {"logsUrl", nullptr}, {"supportUrl", nullptr}, {"archivePostUrl", nullptr},
                       {"archiveUrl", nullptr}, {"dependency", dependency}};
    answer(response, 200, config.dump(), kJson);
  });
}

}  // namespace

void mount(httplib::Server& server, Parts parts) {
  server.set_payload_max_length(kMaxBody);
  server.set_keep_alive_max_count(10000);
  server.set_keep_alive_timeout(kKeepAlive);
  server.set_read_timeout(3, 0);
  server.set_write_timeout(5, 0);
  server.set_tcp_nodelay(true);
  server.set_default_headers({{"X-Content-Type-Options", "nosniff"}, {"Referrer-Policy", "no-referrer"}});
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_pre_routing_handler(screen);
  server.set_exception_handler(explain);
  server.set_error_handler([](const Request&, Response& response) {
    if (response.body.empty() && response.status == 404) answer(response, 404, "not found\n", kText);
  });
  mount_api(server, std::make_shared<Api>(parts));
  mount_page(server);
}

}  // namespace tracing
