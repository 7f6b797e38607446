#include "src/dependency.h"

#include <nlohmann/json.hpp>

#include "src/merge.h"
#include "src/tree.h"

namespace tracing {
namespace {

bool failed(const Span& span) { return span.tags.contains("error"); }

// The nearest span above that is one side of a call or a message; local work in between is passed over.
const Span* remote_ancestor(const Node& node) {
  for (const Node* up = node.parent; up; up = up->parent) {
    if (up->span && up->span->kind != Kind::none) return up->span;
  }
  return nullptr;
}

}  // namespace

// Counts the links of one tree.
class Linker {
 public:
  explicit Linker(Dependencies& out) : out_(out) {}

  void add(const Tree& tree) {
    for (const Node* node : tree.nodes()) {
      const Span& span = *node->span;
      switch (span.kind) {
        case Kind::none:
          // Both sides are named: as good as a client's span.
          if (!span.local.service.empty() && !span.remote.service.empty()) {
            add_call(*node, span.local.service, span.remote.service, true);
          }
          break;
        case Kind::client:
          // Where something follows, the server's side knows its own name better.
          if (node->children.empty()) add_call(*node, span.local.service, span.remote.service, true);
          break;
        case Kind::server:
          if (node == &tree.root() && span.remote.service.empty()) break;
          add_call(*node, span.remote.service, span.local.service, false);
          break;
        case Kind::producer:
          add_message(span, span.local.service, span.remote.service);
          break;
        case Kind::consumer:
          add_message(span, span.remote.service, span.local.service);
          break;
      }
    }
  }

 private:
  void add_message(const Span& span, const std::string& parent, const std::string& child) {
    if (!parent.empty() && !child.empty()) out_.count(parent, child, failed(span));
  }

  void add_call(const Node& node, std::string parent, const std::string& child, bool client) {
    const Span& span = *node.span;
    bool error = failed(span);
    const Span* above = remote_ancestor(node);
    if (above && !above->local.service.empty()) {
      const std::string& name = above->local.service;
      // A client that calls itself by another name than its server side does: the step between them is a link too.
      if (client && !span.local.service.empty() && name != span.local.service) {
        out_.count(name, span.local.service, false);
      }
      if (!client || parent.empty()) parent = name;
      // The halves of this call have two ids: an error may be noted on the client's only.
      if (above->kind == Kind::client && span.parent_id == above->id) error |= failed(*above);
    }
    if (!parent.empty() && !child.empty()) out_.count(parent, child, error);
  }

  Dependencies& out_;
};

void Dependencies::add(Trace spans) {
  if (spans.empty()) return;
  Trace clean = merged(std::move(spans));
  Linker(*this).add(Tree(clean));
}

void Dependencies::count(const std::string& parent, const std::string& child, bool error) {
  Calls& calls = links_[{parent, child}];
  ++calls.count;
  if (error) ++calls.errors;
}

std::string Dependencies::to_json() const {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [names, calls] : links_) {
    nlohmann::ordered_json link{{"parent", names.first}, {"child", names.second}, {"callCount", calls.count}};
    if (calls.errors > 0) link["errorCount"] = calls.errors;
    list.push_back(std::move(link));
  }
  return list.dump();
}

}  // namespace tracing
