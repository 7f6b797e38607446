// A libFuzzer entry for what a container's name server reads of strangers: queries of clients and
// messages of other servers. Whatever the bytes, an answer fits its limit, says that it is one, and
// can be told to be of its question. Not built by default:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I.
//   tests/fuzz/dns_message_fuzz.cc runtime/network/{dns_message,address}.cc runtime/base/text.cc
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/network/names/dns_message.h"

namespace {

using namespace mini::network;

void require(bool holds) {
  if (!holds) abort();
}

void check_answer(const std::string& answer, const DnsQuery& query, size_t limit) {
  require(answer.size() <= limit);
  require(!parse_query(answer));  // nobody answers an answer
  require(message_id(answer) == query.id);
  require(query.question.empty() || answers_question(answer, query.id, query.question));
}

void check_query(const DnsQuery& query) {
  static const std::vector<Address> many(300, *Address::parse("fd00::1"));
  const size_t limit = query.datagram_limit();
  require(limit >= 512 && limit <= kDnsLargestDatagram);
  require(query.name.size() <= 254 && query.question.size() <= 255 + 4);
  require(query.problem != DnsCode::no_error || !query.question.empty());
  check_answer(address_answer(query, many, limit), query, limit);
  check_answer(name_answer(query, query.name, limit), query, limit);
  check_answer(code_answer(query, DnsCode::bad_version), query, limit);
  check_answer(truncated_answer(query), query, limit);
  if (query.plain) parse_reverse_name(query.name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  if (const auto query = parse_query(packet)) check_query(*query);
  // The first byte cuts it in two: a question, and a server's message.
  if (size == 0) return 0;
  const size_t cut = data[0] % size;
  const std::string_view question = packet.substr(1, cut), message = packet.substr(1 + cut);
  const uint16_t id = message.size() < kDnsHeader ? 0 : message_id(message);
  require(!answers_question(message, id, question) || !is_bare_error(message, id));
  parse_reverse_name(message);
  return 0;
}
