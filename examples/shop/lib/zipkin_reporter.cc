#include "lib/zipkin_reporter.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace shop {
namespace {

constexpr auto kGather = std::chrono::milliseconds(100);

// Bytes that are not ASCII text are escaped or replaced: a path from outside may hold anything, and JSON must be UTF-8.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= 32 && c < 127) {
      out += c;
    } else {
      out += '?';
    }
  }
  out += '"';
}

void append_member(std::string& out, const char* key, std::string_view value) {
  out.append(",\"").append(key).append("\":");
  append_string(out, value);
}

const char* name_of(SpanKind kind) {
  switch (kind) {
    case SpanKind::server: return "SERVER";
    case SpanKind::client: return "CLIENT";
    case SpanKind::producer: return "PRODUCER";
    case SpanKind::consumer: return "CONSUMER";
    case SpanKind::local: break;
  }
  return "";
}

void append_span(std::string& out, const Span& span, const std::string& local) {
  out += "{\"traceId\":";
  append_string(out, span.context.trace_id);
  append_member(out, "id", span.context.span_id);
  if (!span.context.parent_id.empty()) append_member(out, "parentId", span.context.parent_id);
  if (span.kind != SpanKind::local) append_member(out, "kind", name_of(span.kind));
  append_member(out, "name", span.name);
  out.append(",\"timestamp\":").append(std::to_string(span.timestamp));
  out.append(",\"duration\":").append(std::to_string(span.duration));
  if (span.shared) out += ",\"shared\":true";
  if (span.context.sampling == Sampling::debug) out += ",\"debug\":true";
  out.append(",\"localEndpoint\":").append(local);
  if (!span.remote.empty()) {
    out += ",\"remoteEndpoint\":{\"serviceName\":";
    append_string(out, span.remote);
    out += '}';
  }
  if (!span.tags.empty()) {
    out += ",\"tags\":{";
    bool first = true;
    for (const auto& [key, value] : span.tags) {
      if (!first) out += ',';
      first = false;
      append_string(out, key);
      out += ':';
      append_string(out, value);
    }
    out += '}';
  }
  out += '}';
}

}  // namespace

std::string spans_json(const std::vector<Span>& spans, const std::string& service, uint16_t port) {
  std::string local = "{\"serviceName\":";
  append_string(local, service);
  if (port != 0) local += ",\"port\":" + std::to_string(port);
  local += '}';
  std::string out = "[";
  for (const Span& span : spans) {
    if (out.size() > 1) out += ',';
    append_span(out, span, local);
  }
  return out += ']';
}

ZipkinReporter::ZipkinReporter(const std::string& url, std::string service, uint16_t port, size_t bound)
    : service_(std::move(service)), port_(port), bound_(bound) {
  if (url.empty()) return;
  client_ = std::make_unique<HttpClient>(parse_url(url), 1);
  thread_ = std::thread([this] { work(); });
}

ZipkinReporter::~ZipkinReporter() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ZipkinReporter::add(Span&& span) {
  if (!client_) return;
  std::lock_guard lock(mutex_);
  if (queue_.size() >= bound_) {
    ++dropped_;
    return;
  }
  queue_.push_back(std::move(span));
  // The thread looks by itself every 100 ms: waking it for each span would cost more than the span.
  if (queue_.size() == bound_ / 2) arrived_.notify_one();
}

void ZipkinReporter::work() {
  // Of this thread only: where the processors are busy, requests come first.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 10);
  for (bool ended = false; !ended;) {
    std::vector<Span> batch;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait_for(lock, kGather, [&] { return ended_ || queue_.size() >= bound_ / 2; });
      ended = ended_;
      batch.swap(queue_);
    }
    if (!batch.empty()) post(batch, std::chrono::milliseconds(ended ? 500 : 2000));
  }
}

void ZipkinReporter::post(const std::vector<Span>& batch, std::chrono::milliseconds time) {
  std::string why;
  try {
    Request request;
    request.method = "POST";
    request.target = client_->url().path + "/api/v2/spans";
    request.headers.add("Content-Type", "application/json");
    request.body = spans_json(batch, service_, port_);
    Response answer = client_->send(request, Clock::now() + time);
    if (answer.status / 100 == 2) {
      sent_ += batch.size();
      return;
    }
    why = "status " + std::to_string(answer.status);
  } catch (const CallError& error) {
    why = error.what();
  }
  if (dropped_ == 0) std::fprintf(stderr, "tracing: %s; spans are dropped\n", why.c_str());
  dropped_ += batch.size();
  rest(std::chrono::seconds(1));
}

void ZipkinReporter::rest(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, time, [&] { return ended_; });
}

}  // namespace shop
