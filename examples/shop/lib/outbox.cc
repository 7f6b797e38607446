#include "lib/outbox.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "lib/trace.h"

namespace shop {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLeast{50}, kMost{1000};

}  // namespace

std::vector<std::string> Outbox::schema() {
  return {"CREATE TABLE IF NOT EXISTS outbox (event_id VARCHAR(64) PRIMARY KEY, created BIGINT NOT NULL, body TEXT NOT NULL)"};
}

Outbox::Outbox(Database& database, Deliver deliver) : database_(database), deliver_(std::move(deliver)) {
  thread_ = std::thread([this] { work(); });
}

Outbox::~Outbox() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

void Outbox::add(Connection& connection, const Event& event) {
  database_.run(connection, "INSERT INTO outbox (event_id, created, body) VALUES (?, ?, ?)",
                {event.id, now_micros(), event.body});
}

void Outbox::wake() {
  {
    std::lock_guard lock(mutex_);
    waiting_ = true;
  }
  woken_.notify_one();
}

void Outbox::work() {
  for (milliseconds pause{0};;) {
    {
      std::unique_lock lock(mutex_);
      if (pause.count() > 0) woken_.wait_for(lock, pause, [&] { return ended_; });
      woken_.wait(lock, [&] { return ended_ || waiting_; });
      if (ended_) return;
      waiting_ = false;
    }
    bool well = false;
    try {
      well = deliver_some();
    } catch (const DatabaseError& error) {
      std::fprintf(stderr, "outbox: %s\n", error.what());
    }
    pause = well ? milliseconds(0) : std::clamp(pause * 2, kLeast, kMost);
    if (!well) wake();
  }
}

// False: try again later. After a full batch there may be more, so it wakes itself.
bool Outbox::deliver_some() {
  constexpr size_t kBatch = 64;
  std::vector<Event> batch;
  for (const Row& row : database_.read("SELECT event_id, body FROM outbox ORDER BY created, event_id LIMIT 64")) {
    batch.push_back({text(row, 0), text(row, 1)});
  }
  if (batch.empty()) return true;
  if (!deliver_(batch)) return false;
  database_.transaction([&](Connection& connection) {
    for (const Event& event : batch) connection.run("DELETE FROM outbox WHERE event_id = ?", {event.id});
  });
  if (batch.size() == kBatch) wake();
  return true;
}

}  // namespace shop
