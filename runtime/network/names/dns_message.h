// DNS messages (RFC 1035, EDNS0 of RFC 6891) as far as a container's name server needs them: one
// question in; addresses, a name or a code out. Pure. Queries are hostile bytes: nothing is read
// past their end, nothing is allocated beyond what a name may be long, compression in a question is
// refused; what cannot be answered without a risk of loops is dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/network/link/address.h"

namespace mini::network {

constexpr size_t kDnsHeader = 12;
constexpr size_t kDnsLargestQuery = 4096;  // far more than a question and its EDNS options take
constexpr size_t kDnsLargestDatagram = 4096;
constexpr size_t kDnsLargestMessage = 65535;  // by TCP
constexpr size_t kDnsLengthPrefix = 2;        // by TCP

enum class DnsCode : uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  no_such_name = 3,
  not_implemented = 4,
  refused = 5,
  bad_version = 16,  // of EDNS
};

namespace dns_type {
constexpr uint16_t kA = 1, kPtr = 12, kAaaa = 28, kOpt = 41, kAny = 255;
}

struct DnsQuery {
  uint16_t id = 0;
  // Not no_error: the query is to be answered with this and nothing else.
  DnsCode problem = DnsCode::no_error;
  uint16_t told_back = 0;  // those bits of its flags that the answer repeats
  std::string name;        // lower case, labels joined by dots, no final dot; "" is the root
  bool plain = false;      // no label has a dot or unprintable byte: `name` says it unmistakably
  uint16_t type = 0;
  std::string question;               // as it was sent, for the answer; empty when malformed
  std::optional<uint16_t> edns_size;  // the query has EDNS: the datagram its sender can take
  bool dnssec_ok = false;             // of EDNS; told back

  size_t datagram_limit() const;
};

// Nothing: to be dropped without an answer (no header, or an answer itself).
std::optional<DnsQuery> parse_query(std::string_view packet);
// "4.3.2.1.in-addr.arpa" and the like of ip6.arpa.
std::optional<Address> parse_reverse_name(std::string_view name);

// Answers. What exceeds `limit` is left out and the answer marked as truncated, so that the client
// comes again by TCP. Addresses are those of the queried type; none is "the name exists, but has no
// such thing", which keeps a client from asking elsewhere.
std::string address_answer(const DnsQuery& query, std::span<const Address> addresses, size_t limit);
std::string name_answer(const DnsQuery& query, std::string_view name, size_t limit);
std::string code_answer(const DnsQuery& query, DnsCode code);
std::string truncated_answer(const DnsQuery& query);

// Messages of other servers, as received.
uint16_t message_id(std::string_view packet);           // of at least a header
void set_message_id(std::string& packet, uint16_t id);  // likewise
DnsCode message_code(std::string_view packet);          // likewise
// Whether it is an answer with this id to this question (letters' case is not compared).
bool answers_question(std::string_view packet, uint16_t id, std::string_view question);
// An error with this id that leaves the question out.
bool is_bare_error(std::string_view packet, uint16_t id);

}  // namespace mini::network
