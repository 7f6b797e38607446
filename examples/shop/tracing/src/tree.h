// The call tree of a trace. A server's span that shares its client's id is a child of it; spans whose parent is unknown
// hang below the first span that has no parent. Spans that are in a circle, or shadowed by another with the same id, are
// in no tree, as with Zipkin. Pure; the spans given must outlive the tree.
#pragma once

#include <memory>
#include <vector>

#include "src/span.h"

namespace tracing {

struct Node {
  const Span* span = nullptr;  // null: the root stands for one that never came
  Node* parent = nullptr;
  std::vector<Node*> children;
};

class Tree {
 public:
  // `spans` as merged() gives them, at least one.
  explicit Tree(const Trace& spans);

  const Node& root() const { return *root_; }
  // Every node that has a span, parents before children, the root first.
  std::vector<const Node*> nodes() const;

 private:
  std::vector<std::unique_ptr<Node>> owned_;
  Node* root_ = nullptr;
};

}  // namespace tracing
