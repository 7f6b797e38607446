// B3 propagation: a trace's ids as they travel in request headers, in the single form (`b3`) and the multi form (`X-B3-*`).
// read_b3 takes both; the single form wins when both come. What is malformed counts as absent, so that a
// hostile header can never end a request. write_b3 yields the multi form, which every Zipkin tracer reads.
// Throws nothing but std::bad_alloc; makes no ids and takes no sampling decision.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shop {

enum class Sampling { undecided, no, yes, debug };

struct B3 {
  std::string trace_id;  // 16 or 32 lower-case hex digits; empty: only a sampling decision came
  std::string span_id;   // 16
  std::string parent_id;  // 16; empty on the root
  Sampling sampling = Sampling::undecided;
};

// The value of a header by its name, or nothing.
using HeaderSource = std::function<std::optional<std::string>(const char* name)>;

B3 read_b3(const HeaderSource& header);
std::vector<std::pair<std::string, std::string>> write_b3(const B3& context);

}  // namespace shop
