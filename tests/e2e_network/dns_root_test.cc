// The name server with honest and hostile clients and servers, in namespaces of its own.
#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>

#include "dns_fixture.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::network {
namespace {

using testing::StartsWith;

int open_descriptors() {
  int count = 0;
  DIR* all = opendir("/proc/self/fd");
  while (readdir(all) != nullptr) ++count;
  closedir(all);
  return count;
}

void send_all(int socket, const std::string& bytes) {
  EXPECT_EQ(send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

std::vector<std::string> one(std::string reply) {
  return {std::move(reply)};
}

// --- what it knows itself ---

TEST_F(NameServerTest, OwnNamesByBothTransports) {
  FakeServer& other = upstream("127.0.0.2", answers_with("192.0.2.1"));
  serve();
  EXPECT_EQ(told(answer_to(make_query("web"))), "NOERROR 10.88.0.2");
  EXPECT_EQ(told(answer_to(make_query("WeB"))), "NOERROR 10.88.0.2");
  EXPECT_EQ(told(answer_by_tcp(make_query("web"))), "NOERROR 10.88.0.2");
  EXPECT_EQ(told(answer_to(make_query("web", 15))), "NOERROR") << "no MX, but the name exists";
  EXPECT_EQ(told(answer_to(make_query("idle"))), "NOERROR");
  EXPECT_EQ(told(answer_to(make_query("broken"))), "SERVFAIL");
  EXPECT_THAT(answer_to(make_query("2.0.88.10.in-addr.arpa", dns_type::kPtr)),
              testing::EndsWith(std::string("\3web\0", 5)));
  EXPECT_EQ(other.datagrams + other.streams, 0);
  EXPECT_TRUE(at_home());
}

TEST_F(NameServerTest, TcpQueriesOneAfterAnotherByteByByte) {
  serve();
  const Fd stream = client(SOCK_STREAM);
  std::string all;
  for (uint16_t id = 1; id <= 5; ++id) all += framed(make_query("web", 1, id));
  for (const char byte : all) {
    send_all(stream.get(), std::string(1, byte));
    steps(1);
  }
  shutdown(stream.get(), SHUT_WR);
  for (uint16_t id = 1; id <= 5; ++id) {
    const std::string answer = message_from(stream.get());
    ASSERT_EQ(told(answer), "NOERROR 10.88.0.2");
    EXPECT_EQ(message_id(answer), id);
  }
  EXPECT_EQ(message_from(stream.get()), "") << "then it closes";
}

// --- what it asks others ---

TEST_F(NameServerTest, ForwardsAndGivesTheClientItsId) {
  FakeServer& other = upstream("127.0.0.2", answers_with("192.0.2.1"));
  serve();
  const std::string answer = answer_to(make_query("example.org", 1, 0x7777));
  EXPECT_EQ(told(answer), "NOERROR 192.0.2.1");
  EXPECT_EQ(message_id(answer), 0x7777);
  EXPECT_EQ(told(answer_by_tcp(make_query("example.org"))), "NOERROR 192.0.2.1");
  EXPECT_EQ(other.datagrams, 1);
  EXPECT_EQ(other.streams, 1);
}

TEST_F(NameServerTest, ClientsQuestionsGetRandomIdsAndPorts) {
  std::set<std::string> seen;
  FakeServer* server = nullptr;
  server = &upstream("127.0.0.2", [&](const std::string& query, bool) {
    seen.insert(cat(message_id(query), ":", server->last_client.sin_port));
    return one(code_answer(parse_query(query).value(), DnsCode::no_error));
  });
  serve();
  for (int i = 0; i < 20; ++i) answer_to(make_query("example.org", 1, 7));
  EXPECT_EQ(seen.size(), 20u);
}

TEST_F(NameServerTest, TruncatedThenByTcp) {
  const std::vector<Address> many(1000, *Address::parse("192.0.2.5"));
  upstream("127.0.0.2", [&](const std::string& query, bool tcp) {
    return one(address_answer(parse_query(query).value(), many, tcp ? kDnsLargestMessage : 512));
  });
  serve();
  EXPECT_THAT(told(answer_to(make_query("big.example"))), StartsWith("NOERROR truncated"));
  EXPECT_GT(answer_by_tcp(make_query("big.example")).size(), 16000u);
}

// A server that sends more than it was asked for: the client is told to come by TCP.
TEST_F(NameServerTest, AnswerLargerThanTheClientTakes) {
  for (const size_t size : {513u, 4096u, 4097u, 60000u}) {
    options_.upstreams.clear();
    upstreams_.clear();
    server_.reset();
    upstream("127.0.0.2", [&](const std::string& query, bool) {
      std::string reply = code_answer(parse_query(query).value(), DnsCode::no_error);
      reply.resize(size);
      return one(reply);
    });
    serve();
    EXPECT_EQ(told(answer_to(make_query("big.example"))), "NOERROR truncated") << size;
    EXPECT_EQ(answer_by_tcp(make_query("big.example")).size(), size);
  }
}

TEST_F(NameServerTest, TheNextServerWhenOneFails) {
  for (const DnsCode code : {DnsCode::server_failure, DnsCode::refused, DnsCode::not_implemented}) {
    options_.upstreams.clear();
    upstreams_.clear();
    server_.reset();
    FakeServer& bad = upstream("127.0.0.2", fails_with(code));
    upstream("127.0.0.3", answers_with("192.0.2.3"));
    serve();
    EXPECT_EQ(told(answer_to(make_query("example.org"))), "NOERROR 192.0.2.3");
    EXPECT_EQ(told(answer_by_tcp(make_query("example.org"))), "NOERROR 192.0.2.3");
    EXPECT_EQ(bad.datagrams, 1);
    EXPECT_EQ(bad.streams, 1);
  }
}

TEST_F(NameServerTest, TheNextServerWhenOneIsSilentOrAbsent) {
  options_.timeout_ns = 20'000'000;
  FakeServer& mute = upstream("127.0.0.2", silent());
  upstream("127.0.0.3", silent()).hangs_up = true;
  upstreams_.pop_back();  // nobody listens there
  upstream("127.0.0.4", answers_with("192.0.2.4"));
  serve();
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "NOERROR 192.0.2.4");
  EXPECT_EQ(told(answer_by_tcp(make_query("example.org"))), "NOERROR 192.0.2.4");
  EXPECT_EQ(mute.datagrams, 1);
  EXPECT_EQ(mute.streams, 1);
}

TEST_F(NameServerTest, TheNextServerWhenOneHangsUp) {
  upstream("127.0.0.2", silent()).hangs_up = true;
  upstream("127.0.0.3", answers_with("192.0.2.3"));
  serve();
  EXPECT_EQ(told(answer_by_tcp(make_query("example.org"))), "NOERROR 192.0.2.3");
}

TEST_F(NameServerTest, NoServerIsAFailureAndSoIsNoneThatAnswers) {
  serve();
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "SERVFAIL");
  EXPECT_EQ(told(answer_by_tcp(make_query("example.org"))), "SERVFAIL");
  server_.reset();
  options_.timeout_ns = 20'000'000;
  upstream("127.0.0.2", fails_with(DnsCode::refused));
  upstream("127.0.0.3", silent());
  serve();
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "REFUSED") << "what one has said at last";
}

TEST_F(NameServerTest, ItNeverAsksItself) {
  Upstream own;
  own.address = *Address::parse(kDnsServerAddress);
  options_.upstreams = {own};
  serve();
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "SERVFAIL");
  EXPECT_EQ(lookups_, 1);
}

// --- forged answers ---

TEST_F(NameServerTest, ForgedAnswersAreIgnored) {
  const Fd stranger = bound_socket(container_.get(), SOCK_DGRAM, "127.0.0.9", 53);
  FakeServer* server = nullptr;
  server = &upstream("127.0.0.2", [&](const std::string& query, bool) {
    const auto forged = [](std::string packet, const char* address) {
      const Address told = *Address::parse(address);
      return address_answer(parse_query(packet).value(), {&told, 1}, 512);
    };
    std::string other_id = forged(query, "6.6.6.1");
    set_message_id(other_id, static_cast<uint16_t>(message_id(query) + 1));
    // All is right but the sender.
    const std::string from_stranger = forged(query, "6.6.6.2");
    sendto(stranger.get(), from_stranger.data(), from_stranger.size(), 0,
           reinterpret_cast<const sockaddr*>(&server->last_client), sizeof(sockaddr_in));
    return std::vector<std::string>{
        other_id,
        forged(make_query("evil.example", 1, message_id(query)), "6.6.6.3"),
        forged(make_query("example.org", 28, message_id(query)), "6.6.6.4"),
        query,
        "x",
        std::string(12, '\xff'),
        forged(query, "192.0.2.1")};
  });
  serve();
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "NOERROR 192.0.2.1");
}

// --- hostile clients ---

TEST_F(NameServerTest, AFloodLeavesBoundsAndOwnNames) {
  FakeServer& mute = upstream("127.0.0.2", silent());
  options_.timeout_ns = 300'000'000;
  serve();
  const int before = open_descriptors();
  const Fd flood = client();
  for (int i = 0; i < 2000; ++i) {
    const std::string query = make_query(cat("n", i, ".example"));
    send(flood.get(), query.data(), query.size(), 0);
    if (i % 16 == 0) server_->serve();
  }
  EXPECT_LE(open_descriptors(), before + 1 + static_cast<int>(DnsForward::kMostQuestions));
  EXPECT_EQ(told(answer_to(make_query("web"))), "NOERROR 10.88.0.2")
      << "while all places are taken";
  EXPECT_EQ(told(answer_by_tcp(make_query("example.org"))), "SERVFAIL") << "no place, said at once";
  EXPECT_GT(mute.datagrams, 0);
  run_until([&] { return open_descriptors() == before + 1; });
}

TEST_F(NameServerTest, OneCallDoesABoundedAmountOfWork) {
  serve();
  const Fd flood = client();
  for (int i = 0; i < 100; ++i) send_all(flood.get(), make_query("web"));
  server_->serve();
  EXPECT_GT(lookups_, 0);
  EXPECT_LE(lookups_, 16);
}

TEST_F(NameServerTest, OddDatagramsAreDroppedOrRefused) {
  serve();
  const Fd socket = client();
  std::string answer = make_query("web");
  answer[2] = '\x81';
  for (const std::string& odd : {std::string(), std::string("x"), std::string(11, '\0'), answer,
                                 make_query("web") + std::string(5000, 'x')})
    send(socket.get(), odd.data(), odd.size(), 0);
  send_all(socket.get(), make_query("web", 1, 99));
  std::string first;
  run_until([&] { return !(first = received(socket.get())).empty(); });
  EXPECT_EQ(message_id(first), 99);
  EXPECT_EQ(told(answer_to(std::string(12, '\0'))), "FORMERR");
}

// A query that is dropped has no answer to wait for: its connection must not keep a place for ever.
TEST_F(NameServerTest, DroppedQueriesKeepNoConnection) {
  serve();
  std::string answer = make_query("web");
  answer[2] = '\x81';
  std::vector<Fd> all;
  for (int i = 0; i < 40; ++i) {
    all.push_back(client(SOCK_STREAM));
    send_all(all.back().get(), framed(answer));
    steps(4);
  }
  for (const Fd& stream : all) EXPECT_EQ(message_from(stream.get()), "");
  EXPECT_EQ(told(answer_by_tcp(make_query("web"))), "NOERROR 10.88.0.2");
}

TEST_F(NameServerTest, SilentConnectionsGiveWay) {
  serve();
  const int before = open_descriptors();
  std::vector<Fd> all;
  for (int i = 0; i < 64; ++i) {
    all.push_back(client(SOCK_STREAM));
    if (i % 2 == 0) send_all(all.back().get(), "\1");
    steps(2);
  }
  EXPECT_LE(open_descriptors(), before + 64 + 16);
  EXPECT_EQ(told(answer_by_tcp(make_query("web"))), "NOERROR 10.88.0.2");
}

TEST_F(NameServerTest, ClientsThatNeverReadGiveWay) {
  const std::vector<Address> many(4000, *Address::parse("192.0.2.5"));
  upstream("127.0.0.2", [&](const std::string& query, bool) {
    return one(address_answer(parse_query(query).value(), many, kDnsLargestMessage));
  });
  serve();
  std::vector<Fd> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(client(SOCK_STREAM));
    for (int n = 0; n < 100; ++n) {
      const std::string query = framed(make_query("example.org"));
      send(all.back().get(), query.data(), query.size(), MSG_NOSIGNAL);
    }
    steps(200);
  }
  EXPECT_EQ(told(answer_by_tcp(make_query("web"))), "NOERROR 10.88.0.2");
}

TEST_F(NameServerTest, NoDnsEndsTheConnection) {
  serve();
  for (const std::string& odd : {std::string("\0\0", 2), std::string("\0\13xxxxxxxxxxx", 13),
                                 std::string("GET / HTTP/1.0\r\n\r\n"), std::string("\xff\xff")}) {
    const Fd stream = client(SOCK_STREAM);
    send_all(stream.get(), odd);
    EXPECT_EQ(message_from(stream.get()), "") << odd;
  }
}

TEST_F(NameServerTest, AnAnswerNeverGoesToAnotherConnection) {
  FakeServer& other = upstream("127.0.0.2", silent());
  serve();
  {
    const Fd gone = client(SOCK_STREAM);
    send_all(gone.get(), framed(make_query("example.org", 1, 1)));
    run_until([&] { return other.streams == 1; });
    const linger at_once{1, 0};
    setsockopt(gone.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  steps(3);
  const Fd next = client(SOCK_STREAM);
  send_all(next.get(), framed(make_query("web", 1, 2)));
  const std::string answer = message_from(next.get());
  EXPECT_EQ(message_id(answer), 2);
  server_.reset();  // with a question under way
  EXPECT_EQ(message_from(next.get()), "");
}

// --- namespaces ---

TEST_F(NameServerTest, HostsServerOnLoopbackIsAskedFromTheHost) {
  FakeServer inside(container_.get(), "127.0.0.53", answers_with("6.6.6.6"));
  FakeServer& host = host_upstream("127.0.0.53", answers_with("192.0.2.53"));
  serve();
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "NOERROR 192.0.2.53");
  EXPECT_EQ(told(answer_by_tcp(make_query("example.org"))), "NOERROR 192.0.2.53");
  EXPECT_EQ(host.datagrams, 1);
  inside.step();
  EXPECT_EQ(inside.datagrams + inside.streams, 0);
  EXPECT_TRUE(at_home());
}

// A container on internal networks must not talk to the outside by way of its host's name server.
TEST_F(NameServerTest, Cve2024_29018_InternalNetworksAskNothingFromTheHost) {
  bool internal = true;
  options_.internal = [&] { return internal; };
  FakeServer& host = host_upstream("127.0.0.53", answers_with("192.0.2.53"));
  serve();
  EXPECT_EQ(told(answer_to(make_query("secret.evil.example"))), "SERVFAIL");
  EXPECT_EQ(told(answer_by_tcp(make_query("secret.evil.example"))), "SERVFAIL");
  EXPECT_EQ(told(answer_to(make_query("9.9.9.9.in-addr.arpa", dns_type::kPtr))), "SERVFAIL");
  EXPECT_EQ(told(answer_to(make_query("web"))), "NOERROR 10.88.0.2");
  EXPECT_EQ(host.datagrams + host.streams, 0);
  internal = false;  // connected to another network while it runs
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "NOERROR 192.0.2.53");
  internal = true;
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "SERVFAIL");
  EXPECT_EQ(host.datagrams, 1);
}

TEST_F(NameServerTest, Cve2024_29018_WhenTheNetworksCannotBeReadNothingIsAsked) {
  options_.internal = []() -> bool { throw Error("leases cannot be read"); };
  FakeServer& host = host_upstream("127.0.0.53", answers_with("192.0.2.53"));
  serve();
  EXPECT_EQ(told(answer_to(make_query("example.org"))), "SERVFAIL");
  EXPECT_EQ(host.datagrams + host.streams, 0);
}

TEST_F(NameServerTest, BackHomeWhenItCannotListen) {
  const Fd busy = bound_socket(container_.get(), SOCK_DGRAM, "0.0.0.0", kDnsPort);
  const int before = open_descriptors();
  EXPECT_THROW(open_dns_sockets(container_.get(), kDnsPort), SysError);
  EXPECT_TRUE(at_home());
  EXPECT_EQ(open_descriptors(), before);
  const Fd no_namespace = bound_socket(container_.get(), SOCK_DGRAM, "127.0.0.8", 0);
  EXPECT_THROW(open_dns_sockets(no_namespace.get(), kDnsPort), SysError);
  EXPECT_TRUE(at_home());
}

}  // namespace
}  // namespace mini::network
