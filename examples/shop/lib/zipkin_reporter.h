// Sends spans to a Zipkin v2 collector, in batches, on a thread of its own. add() never blocks on the network: it puts the span into a bounded queue
// or counts it as dropped, so a slow or dead collector costs a request nothing. A batch that could not be sent is dropped and counted too; after
// a failure it waits a second. The destructor sends what is left; it takes two and a half seconds at most.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/http_client.h"
#include "lib/trace.h"

namespace shop {

class ZipkinReporter {
 public:
  // `url` as "http://tracing:9411"; empty: spans are taken and thrown away, uncounted.
  ZipkinReporter(const std::string& url, std::string service, uint16_t port, size_t bound = 1500);
  ~ZipkinReporter();
  void add(Span&& span);
  uint64_t sent() const { return sent_; }
  uint64_t dropped() const { return dropped_; }

 private:
  void work();
  void post(const std::vector<Span>& batch, std::chrono::milliseconds time);
  void rest(std::chrono::milliseconds time);

  const std::string service_;
  const uint16_t port_;
  const size_t bound_;
  std::unique_ptr<HttpClient> client_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Span> queue_;
  bool ended_ = false;
  std::atomic<uint64_t> sent_{0}, dropped_{0};
  std::thread thread_;
};

// A list of spans in Zipkin's v2 JSON.
std::string spans_json(const std::vector<Span>& spans, const std::string& service, uint16_t port);

}  // namespace shop
