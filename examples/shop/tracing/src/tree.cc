#include "src/tree.h"

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace tracing {
namespace {

// What names a span in a trace. The shared side of a call needs the endpoint too: more than one server may have
// answered under one id.
using Key = std::string;

Key plain_key(const std::string& id) { return id; }

Key shared_key(const std::string& id, const Endpoint& e) {
  return id + '\n' + e.service + '\n' + e.ipv4 + '\n' + e.ipv6 + '\n' + std::to_string(e.port);
}

class Builder {
 public:
  explicit Builder(std::vector<std::unique_ptr<Node>>& owned) : owned_(owned) {}

  Node* build(const Trace& spans) {
    for (const Span& span : spans) index(span);
    for (const Span& span : spans) place(span);
    if (!root_) root_ = make(nullptr);
    for (const Key& key : order_) {
      auto entry = parents_.find(key);
      auto child = nodes_.find(key);
      if (entry != parents_.end() && child != nodes_.end()) attach(*child->second, entry->second);
    }
    return root_;
  }

 private:
  Node* make(const Span* span) {
    owned_.push_back(std::make_unique<Node>(Node{span, nullptr, {}}));
    return owned_.back().get();
  }

  void set_parent(const Key& key, std::optional<Key> parent) {
    if (parents_.insert_or_assign(key, std::move(parent)).second) order_.push_back(key);
  }

  void index(const Span& span) {
    if (span.shared) {
      set_parent(shared_key(span.id, span.local), plain_key(span.id));
    } else if (span.parent_id.empty()) {
      set_parent(plain_key(span.id), std::nullopt);
    } else {
      set_parent(plain_key(span.id), plain_key(span.parent_id));
    }
  }

  void place(const Span& span) {
    Node* node = make(&span);
    if (span.shared) {
      nodes_[shared_key(span.id, span.local)] = node;
      nodes_[shared_key(span.id, {})] = node;  // for children that do not know their own endpoint
      return;
    }
    if (span.parent_id.empty() && !root_) {
      root_ = node;
      parents_.erase(plain_key(span.id));
      return;
    }
    // The server's half on the same host is a nearer parent than the client's half of the same id.
    if (!span.parent_id.empty()) {
      Key server_half = shared_key(span.parent_id, span.local);
      if (parents_.contains(server_half)) set_parent(plain_key(span.id), server_half);
    }
    nodes_[plain_key(span.id)] = node;
  }

  void attach(Node& child, const std::optional<Key>& parent_key) {
    if (child.parent) return;
    auto found = parent_key ? nodes_.find(*parent_key) : nodes_.end();
    Node* parent = found == nodes_.end() ? root_ : found->second;
    if (parent == &child) return;
    child.parent = parent;
    parent->children.push_back(&child);
  }

  std::vector<std::unique_ptr<Node>>& owned_;
  Node* root_ = nullptr;
  std::vector<Key> order_;
  std::unordered_map<Key, std::optional<Key>> parents_;
  std::unordered_map<Key, Node*> nodes_;
};

}  // namespace

Tree::Tree(const Trace& spans) : root_(Builder(owned_).build(spans)) {}

std::vector<const Node*> Tree::nodes() const {
  std::vector<const Node*> result;
  std::deque<const Node*> queue{root_};
  std::unordered_set<const Node*> seen{root_};
  while (!queue.empty()) {
    const Node* node = queue.front();
    queue.pop_front();
    if (node->span) result.push_back(node);
    for (const Node* child : node->children) {
      if (seen.insert(child).second) queue.push_back(child);
    }
  }
  return result;
}

}  // namespace tracing
