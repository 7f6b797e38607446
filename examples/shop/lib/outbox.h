// Events that must arrive although the consumer may be down: an event is written in the same transaction as the order that it tells of, and a thread
// delivers it until it is taken. At least once: the consumer must know an event that it has had (by eventId). Oldest first, in batches.
// An event carries its trace (`b3`), so that the consumer's span continues it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/database.h"

namespace shop {

struct Event {
  std::string id, body;  // body: JSON
};

class Outbox {
 public:
  // Returns whether all of the batch is safe with the consumer.
  using Deliver = std::function<bool(const std::vector<Event>&)>;
  static std::vector<std::string> schema();

  Outbox(Database& database, Deliver deliver);
  ~Outbox();
  // Within a transaction; then wake() when it is done.
  void add(Connection& connection, const Event& event);
  void wake();

 private:
  void work();
  bool deliver_some();

  Database& database_;
  const Deliver deliver_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool waiting_ = true, ended_ = false;  // waiting_: there may be events
  std::thread thread_;
};

}  // namespace shop
