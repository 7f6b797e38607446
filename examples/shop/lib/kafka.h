// Events over Kafka, in builds with SHOP_KAFKA: topics `order` and `catalog`, the same JSON on both. deliver() returns true when the brokers have every
// event on all their replicas; what it was not told of it sends again, so a consumer may see an event twice. The consumer commits what it has handed
// on only after that was taken, and hands the same batch on again until it is. Without SHOP_KAFKA, KAFKA_BROKERS is refused at the start.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/outbox.h"

namespace shop {

class KafkaProducer {
 public:
  explicit KafkaProducer(const std::string& brokers);
  ~KafkaProducer();
  bool deliver(const std::vector<Event>& events);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class KafkaConsumer {
 public:
  // `take` gets the bodies of up to 64 events of topic `catalog`, on a thread of the consumer's; it throws DatabaseError to get them again.
  using Take = std::function<void(const std::vector<std::string>& bodies)>;
  KafkaConsumer(const std::string& brokers, Take take);
  ~KafkaConsumer();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shop
