#include "lib/names.h"

#include "tests/peer.h"

namespace shop {
namespace {

using namespace std::string_literals;

const std::string kAddress = "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x07"s;
const std::string kAlias = "\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0c"s;

std::string answer_to(const std::string& query, const std::string& records, int count, char code = 0) {
  std::string reply = query + records;
  reply[2] = static_cast<char>(0x81);
  reply[3] = static_cast<char>(0x80 | code);
  reply[7] = static_cast<char>(count);
  return reply;
}

// A name server that says to each query what `script` makes of it; nothing: no answer.
class NameServer {
 public:
  explicit NameServer(std::function<std::string(const std::string& query, int n)> script) : socket_(Socket::bound(SOCK_DGRAM)) {
    thread_ = std::thread([this, script] {
      for (int n = 0; !ended_; ++n) {
        if (!wait_for(socket_.get(), POLLIN, soon(20))) continue;
        char buffer[512];
        sockaddr_in from{};
        socklen_t size = sizeof from;
        ssize_t length = ::recvfrom(socket_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
        std::string reply = script(std::string(buffer, static_cast<size_t>(std::max<ssize_t>(length, 0))), asked_++);
        if (!reply.empty()) ::sendto(socket_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
      }
    });
  }
  ~NameServer() {
    ended_ = true;
    thread_.join();
  }
  std::string where() const { return "127.0.0.1:" + std::to_string(socket_.port()); }
  int asked() const { return asked_; }

 private:
  Socket socket_;
  std::atomic<bool> ended_{false};
  std::atomic<int> asked_{0};
  std::thread thread_;
};

std::string error_of(const std::string& host, Deadline deadline, const std::string& servers) {
  try {
    return "found " + resolve(host, deadline, servers);
  } catch (const NameError& error) {
    return error.what();
  }
}

TEST(Names, AddressesAndTheHostsFileNeedNoServer) {
  NameServer server([](const std::string&, int) { return ""; });
  EXPECT_EQ(resolve("10.0.0.9", soon(), server.where()), "10.0.0.9");
  EXPECT_EQ(resolve("localhost", soon(), server.where()), "127.0.0.1");
  EXPECT_EQ(server.asked(), 0);
}

TEST(Names, ServersAnswers) {
  struct Case { std::string records; int count; char code; std::string found; };
  for (const Case& c : std::vector<Case>{{kAddress, 1, 0, "found 10.0.0.7"},
                                         {kAlias + kAddress, 2, 0, "found 10.0.0.7"},
                                         {"", 0, 3, "host \"order-service\": Domain name not found"},
                                         {"", 0, 0, "host \"order-service\": DNS server returned answer with no data"}}) {
    NameServer server([&](const std::string& query, int) { return answer_to(query, c.records, c.count, c.code); });
    EXPECT_EQ(error_of("order-service", soon(), server.where()), c.found);
    EXPECT_EQ(server.asked(), 1);
  }
}

TEST(Names, LostAnswerIsAskedForAgainAndAForeignOneDoesNotCount) {
  NameServer server([](const std::string& query, int n) {
    std::string reply = answer_to(query, kAddress, 1);
    if (n == 0) reply[0] ^= 1;
    return reply;
  });
  EXPECT_EQ(resolve("order-service", soon(), server.where()), "10.0.0.7");
  EXPECT_EQ(server.asked(), 2);
}

TEST(Names, SilentServerEndsAtTheDeadline) {
  NameServer server([](const std::string&, int) { return ""; });
  EXPECT_EQ(error_of("order-service", soon(50), server.where()), "host \"order-service\": the name server did not answer in time");
}

}  // namespace
}  // namespace shop
