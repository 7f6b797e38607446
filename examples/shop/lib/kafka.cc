#include "lib/kafka.h"

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace shop {
namespace {

constexpr const char* kTopics[] = {"order", "catalog"};
constexpr size_t kBatch = 64;

using Settings = std::vector<std::pair<const char*, std::string>>;

rd_kafka_conf_t* configure(const Settings& settings) {
  rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
  char why[256];
  for (const auto& [name, value] : settings) {
    if (::rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
      ::rd_kafka_conf_destroy(conf);
      throw std::invalid_argument(std::string("kafka: ") + why);
    }
  }
  return conf;
}

rd_kafka_t* open(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  char why[256];
  rd_kafka_t* handle = ::rd_kafka_new(type, conf, why, sizeof why);
  if (handle) return handle;
  ::rd_kafka_conf_destroy(conf);
  throw std::runtime_error(std::string("kafka: ") + why);
}

}  // namespace

struct KafkaProducer::State {
  rd_kafka_t* handle = nullptr;
  size_t failed = 0;  // of the batch at hand; reports come on the thread that flushes
  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++static_cast<State*>(opaque)->failed;
  }
};

KafkaProducer::KafkaProducer(const std::string& brokers) : state_(std::make_unique<State>()) {
  rd_kafka_conf_t* conf = configure({{"bootstrap.servers", brokers}, {"acks", "all"}, {"enable.idempotence", "true"},
                                     {"message.timeout.ms", "8000"}, {"linger.ms", "0"}});
  ::rd_kafka_conf_set_dr_msg_cb(conf, State::on_report);
  ::rd_kafka_conf_set_opaque(conf, state_.get());
  state_->handle = open(RD_KAFKA_PRODUCER, conf);
}

KafkaProducer::~KafkaProducer() {
  ::rd_kafka_purge(state_->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  ::rd_kafka_flush(state_->handle, 1000);
  ::rd_kafka_destroy(state_->handle);
}

bool KafkaProducer::deliver(const std::vector<Event>& events) {
  state_->failed = 0;
  for (const Event& event : events) {
    for (const char* topic : kTopics) {
      auto error = ::rd_kafka_producev(state_->handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                       RD_KAFKA_V_KEY(event.id.data(), event.id.size()),
                                       RD_KAFKA_V_VALUE(const_cast<char*>(event.body.data()), event.body.size()), RD_KAFKA_V_END);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) ++state_->failed;
    }
  }
  if (::rd_kafka_flush(state_->handle, 10000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    ::rd_kafka_purge(state_->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    ::rd_kafka_flush(state_->handle, 1000);
    return false;
  }
  return state_->failed == 0;
}

struct KafkaConsumer::State {
  rd_kafka_t* handle = nullptr;
  Take take;
  std::atomic<bool> ended{false};
  std::thread thread;

  std::vector<std::string> next_batch() {
    std::vector<std::string> bodies;
    for (int wait = 200; bodies.size() < kBatch; wait = 0) {
      rd_kafka_message_t* message = ::rd_kafka_consumer_poll(handle, wait);
      if (!message) break;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        bodies.emplace_back(static_cast<const char*>(message->payload), message->len);
      }
      ::rd_kafka_message_destroy(message);
    }
    return bodies;
  }

  void hand_on(const std::vector<std::string>& bodies) {
    while (!ended) {
      try {
        take(bodies);
        ::rd_kafka_commit(handle, nullptr, 0);
        return;
      } catch (const DatabaseError& error) {
        std::fprintf(stderr, "kafka: events wait: %s\n", error.what());
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
      }
    }
  }

  void work() {
    while (!ended) {
      auto bodies = next_batch();
      if (!bodies.empty()) hand_on(bodies);
    }
  }
};

KafkaConsumer::KafkaConsumer(const std::string& brokers, Take take) : state_(std::make_unique<State>()) {
  state_->take = std::move(take);
  state_->handle = open(RD_KAFKA_CONSUMER, configure({{"bootstrap.servers", brokers}, {"group.id", "catalog-service"},
                                                      {"enable.auto.commit", "false"}, {"auto.offset.reset", "earliest"},
                                                      {"session.timeout.ms", "6000"}, {"allow.auto.create.topics", "true"},
                                                      {"topic.metadata.refresh.interval.ms", "2000"}}));
  ::rd_kafka_poll_set_consumer(state_->handle);
  rd_kafka_topic_partition_list_t* topics = ::rd_kafka_topic_partition_list_new(1);
  ::rd_kafka_topic_partition_list_add(topics, "catalog", RD_KAFKA_PARTITION_UA);
  auto error = ::rd_kafka_subscribe(state_->handle, topics);
  ::rd_kafka_topic_partition_list_destroy(topics);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(std::string("kafka: ") + ::rd_kafka_err2str(error));
  state_->thread = std::thread([this] { state_->work(); });
}

KafkaConsumer::~KafkaConsumer() {
  state_->ended = true;
  state_->thread.join();
  ::rd_kafka_consumer_close(state_->handle);
  ::rd_kafka_destroy(state_->handle);
}

}  // namespace shop
