#include "lib/kafka.h"

namespace shop {
namespace {

[[noreturn]] void refuse() {
  throw std::invalid_argument("KAFKA_BROKERS: this build has no Kafka support; build with -DSHOP_KAFKA=ON");
}

}  // namespace

struct KafkaProducer::State {};
KafkaProducer::KafkaProducer(const std::string&) { refuse(); }
KafkaProducer::~KafkaProducer() = default;
bool KafkaProducer::deliver(const std::vector<Event>&) { refuse(); }

struct KafkaConsumer::State {};
KafkaConsumer::KafkaConsumer(const std::string&, Take) { refuse(); }
KafkaConsumer::~KafkaConsumer() = default;

}  // namespace shop
