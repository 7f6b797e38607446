#include "runtime/network/names/dns_message.h"

#include <algorithm>
#include <array>

#include "runtime/base/text.h"

namespace mini::network {
namespace {

constexpr size_t kLongestName = 255;  // with its length octets
constexpr size_t kLongestLabel = 63;
constexpr size_t kPlainDatagram = 512;
constexpr size_t kOptSize = 11;
constexpr size_t kTypeAndClass = 4;
constexpr size_t kRecordHead = 12;
constexpr uint16_t kClassIn = 1;
constexpr uint16_t kZoneTransfers[] = {251, 252};
// Short: the name's owner may stop, and another start, while a client keeps the answer.
constexpr uint32_t kTimeToLive = 5;

constexpr uint16_t kIsAnswer = 0x8000, kOpcode = 0x7800, kTruncated = 0x0200;
constexpr uint16_t kRecursionDesired = 0x0100, kRecursionAvailable = 0x0080, kCode = 0x000f;
constexpr uint32_t kDnssecOk = 0x8000;

uint16_t number_at(std::string_view packet, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(packet[at]) << 8 |
                               static_cast<uint8_t>(packet[at + 1]));
}

void append16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void append32(std::string& out, uint32_t value) {
  append16(out, value >> 16);
  append16(out, value & 0xffff);
}

char lower_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The name at `at`, which goes behind it. False: malformed, compressed or too long.
bool read_name(std::string_view packet, size_t& at, DnsQuery& query) {
  query.plain = true;
  const size_t start = at;
  while (at < packet.size()) {
    const size_t length = static_cast<uint8_t>(packet[at++]);
    if (length == 0) return at - start <= kLongestName;
    if (length > kLongestLabel || length > packet.size() - at) return false;
    if (at + length - start >= kLongestName) return false;
    if (!query.name.empty()) query.name += '.';
    for (const char c : packet.substr(at, length)) {
      if (c <= ' ' || c > '~' || c == '.') query.plain = false;
      query.name += lower_letter(c);
    }
    at += length;
  }
  return false;
}

// Only a first additional record is looked at; that is where every client puts EDNS.
DnsCode read_edns(std::string_view packet, size_t at, DnsQuery& query) {
  if (at >= packet.size() || packet[at] != 0) return DnsCode::no_error;
  if (packet.size() - at < kOptSize) return DnsCode::format_error;
  if (number_at(packet, at + 1) != dns_type::kOpt) return DnsCode::no_error;
  query.edns_size = number_at(packet, at + 3);
  query.dnssec_ok = (number_at(packet, at + 7) & kDnssecOk) != 0;
  if (packet[at + 6] != 0) return DnsCode::bad_version;
  const size_t options = number_at(packet, at + 9);
  return options > packet.size() - at - kOptSize ? DnsCode::format_error : DnsCode::no_error;
}

DnsCode read_question(std::string_view packet, DnsQuery& query) {
  const uint16_t questions = number_at(packet, 4);
  const uint16_t others = number_at(packet, 6) | number_at(packet, 8);
  if (questions != 1 || others != 0) return DnsCode::format_error;
  size_t at = kDnsHeader;
  if (!read_name(packet, at, query) || packet.size() - at < kTypeAndClass)
    return DnsCode::format_error;
  query.type = number_at(packet, at);
  const uint16_t asked_class = number_at(packet, at + 2);
  at += kTypeAndClass;
  query.question = packet.substr(kDnsHeader, at - kDnsHeader);
  if (number_at(packet, 10) != 0) {
    const DnsCode code = read_edns(packet, at, query);
    if (code != DnsCode::no_error) return code;
  }
  const bool transfer = std::find(std::begin(kZoneTransfers), std::end(kZoneTransfers),
                                  query.type) != std::end(kZoneTransfers);
  return asked_class != kClassIn || transfer ? DnsCode::refused : DnsCode::no_error;
}

std::string answer_head(const DnsQuery& query, DnsCode code, size_t answers, uint16_t flags = 0) {
  flags |=
      kIsAnswer | kRecursionAvailable | query.told_back | (static_cast<uint16_t>(code) & kCode);
  std::string out;
  append16(out, query.id);
  append16(out, flags);
  append16(out, query.question.empty() ? 0 : 1);
  append16(out, answers);
  append16(out, 0);
  append16(out, query.edns_size ? 1 : 0);
  return out += query.question;
}

// Of an answer without records.
size_t size_of(const DnsQuery& query) {
  return kDnsHeader + query.question.size() + (query.edns_size ? kOptSize : 0);
}

void append_edns(std::string& out, const DnsQuery& query, DnsCode code) {
  if (!query.edns_size) return;
  out += '\0';
  append16(out, dns_type::kOpt);
  append16(out, kDnsLargestDatagram);
  append32(out, static_cast<uint32_t>(code) >> 4 << 24 | (query.dnssec_ok ? kDnssecOk : 0));
  append16(out, 0);
}

void append_record(std::string& out, uint16_t type, std::string_view data) {
  append16(out, 0xc000 | kDnsHeader);  // the name is the question's
  append16(out, type);
  append16(out, kClassIn);
  append32(out, kTimeToLive);
  append16(out, data.size());
  out += data;
}

// Nothing if it is not a name.
std::string wire_name(std::string_view name) {
  std::string out;
  for (const std::string& label : split(name, '.')) {
    if (label.empty() || label.size() > kLongestLabel) return {};
    out += static_cast<char>(label.size());
    out += label;
  }
  out += '\0';
  return out.size() <= kLongestName ? out : std::string();
}

std::optional<uint8_t> hex_digit(std::string_view text) {
  if (text.size() != 1) return {};
  const size_t value = std::string_view("0123456789abcdef").find(text[0]);
  if (value == std::string_view::npos) return {};
  return static_cast<uint8_t>(value);
}

}  // namespace

size_t DnsQuery::datagram_limit() const {
  return std::clamp<size_t>(edns_size.value_or(0), kPlainDatagram, kDnsLargestDatagram);
}

std::optional<DnsQuery> parse_query(std::string_view packet) {
  if (packet.size() < kDnsHeader) return {};
  const uint16_t flags = number_at(packet, 2);
  // Two servers that answer each other's answers never end.
  if (flags & kIsAnswer) return {};
  DnsQuery query;
  query.id = message_id(packet);
  query.told_back = flags & (kOpcode | kRecursionDesired);
  query.problem = (flags & kOpcode) != 0 ? DnsCode::not_implemented : read_question(packet, query);
  return query;
}

std::optional<Address> parse_reverse_name(std::string_view name) {
  constexpr std::string_view kV4 = ".in-addr.arpa", kV6 = ".ip6.arpa";
  const bool v6 = name.ends_with(kV6);
  if (!v6 && !name.ends_with(kV4)) return {};
  const auto parts = split(name.substr(0, name.size() - (v6 ? kV6 : kV4).size()), '.');
  std::array<uint8_t, 16> bytes{};
  if (!v6) {
    if (parts.size() != 4) return {};
    for (size_t i = 0; i < parts.size(); ++i) {
      const auto value = parse_number(parts[i], 255);
      if (!value || std::to_string(*value) != parts[i]) return {};
      bytes[3 - i] = static_cast<uint8_t>(*value);
    }
    return Address::from_bytes(bytes.data(), false);
  }
  if (parts.size() != 2 * bytes.size()) return {};
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto value = hex_digit(parts[i]);
    if (!value) return {};
    bytes[bytes.size() - 1 - i / 2] |= static_cast<uint8_t>(i % 2 == 0 ? *value : *value << 4);
  }
  return Address::from_bytes(bytes.data(), true);
}

std::string address_answer(const DnsQuery& query, std::span<const Address> addresses,
                           size_t limit) {
  size_t size = size_of(query), count = 0;
  for (; count < addresses.size(); ++count) {
    size += kRecordHead + addresses[count].size();
    if (size > limit) break;
  }
  std::string out = answer_head(query, DnsCode::no_error, count,
                                count < addresses.size() ? kTruncated : uint16_t{0});
  for (const Address& address : addresses.first(count)) {
    append_record(out, address.is_v6() ? dns_type::kAaaa : dns_type::kA,
                  {reinterpret_cast<const char*>(address.bytes()), address.size()});
  }
  append_edns(out, query, DnsCode::no_error);
  return out;
}

std::string name_answer(const DnsQuery& query, std::string_view name, size_t limit) {
  const std::string data = wire_name(name);
  if (data.empty()) return code_answer(query, DnsCode::server_failure);
  if (size_of(query) + kRecordHead + data.size() > limit) return truncated_answer(query);
  std::string out = answer_head(query, DnsCode::no_error, 1);
  append_record(out, dns_type::kPtr, data);
  append_edns(out, query, DnsCode::no_error);
  return out;
}

std::string code_answer(const DnsQuery& query, DnsCode code) {
  std::string out = answer_head(query, code, 0);
  append_edns(out, query, code);
  return out;
}

std::string truncated_answer(const DnsQuery& query) {
  std::string out = answer_head(query, DnsCode::no_error, 0, kTruncated);
  append_edns(out, query, DnsCode::no_error);
  return out;
}

uint16_t message_id(std::string_view packet) {
  return number_at(packet, 0);
}

void set_message_id(std::string& packet, uint16_t id) {
  packet[0] = static_cast<char>(id >> 8);
  packet[1] = static_cast<char>(id);
}

DnsCode message_code(std::string_view packet) {
  return static_cast<DnsCode>(number_at(packet, 2) & kCode);
}

bool answers_question(std::string_view packet, uint16_t id, std::string_view question) {
  if (packet.size() < kDnsHeader + question.size() || message_id(packet) != id) return false;
  if ((number_at(packet, 2) & kIsAnswer) == 0 || number_at(packet, 4) != 1) return false;
  const size_t name = question.size() - std::min(question.size(), kTypeAndClass);
  packet.remove_prefix(kDnsHeader);
  return std::equal(question.begin(), question.begin() + name, packet.begin(),
                    [](char a, char b) { return lower_letter(a) == lower_letter(b); }) &&
         packet.substr(name).starts_with(question.substr(name));
}

bool is_bare_error(std::string_view packet, uint16_t id) {
  return packet.size() >= kDnsHeader && message_id(packet) == id &&
         (number_at(packet, 2) & kIsAnswer) != 0 && number_at(packet, 4) == 0 &&
         message_code(packet) != DnsCode::no_error;
}

}  // namespace mini::network
