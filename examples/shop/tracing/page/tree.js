// A trace as a tree. Spans come in pieces, in any order, with halves that share an id and parents that never arrived.
export const serviceOf = (span) => span.localEndpoint?.serviceName || '';
export const failed = (span) => span.tags !== undefined && 'error' in span.tags;

// Pieces of one span become one; the server's half of a shared id is marked.
function cleaned(spans) {
  const whole = new Map();
  for (const span of spans) {
    const key = [span.id, Boolean(span.shared), serviceOf(span), span.kind === 'CLIENT'].join('\n');
    const first = whole.get(key);
    whole.set(key, first ? {
      ...span, ...first, tags: { ...first.tags, ...span.tags }, annotations: [...(first.annotations || []), ...(span.annotations || [])],
    } : span);
  }
  const list = [...whole.values()];
  const clients = new Set(list.filter((span) => span.kind === 'CLIENT').map((span) => span.id));
  return list.map((span) => (span.kind === 'SERVER' && clients.has(span.id) ? { ...span, shared: true } : span));
}

function parentOf(node, plain, shared) {
  const { span } = node;
  if (span.shared) return plain.get(span.id) || byParent(span, plain, shared);
  return byParent(span, plain, shared);
}
function byParent(span, plain, shared) {
  if (!span.parentId) return null;
  const halves = shared.get(span.parentId) || [];
  return halves.find((half) => serviceOf(half.span) === serviceOf(span)) || plain.get(span.parentId) || halves[0] || null;
}
function inCircle(node) {
  const seen = new Set();
  for (let up = node; up; up = up.parent) {
    if (seen.has(up)) return true;
    seen.add(up);
  }
  return false;
}

export function buildTrace(spans) {
  const nodes = cleaned(spans).map((span) => ({ span, parent: null, children: [], depth: 0 }));
  const plain = new Map(), shared = new Map();
  for (const node of nodes) {
    if (node.span.shared) shared.set(node.span.id, [...(shared.get(node.span.id) || []), node]);
    else plain.set(node.span.id, node);
  }
  for (const node of nodes) {
    node.parent = parentOf(node, plain, shared);
    if (inCircle(node)) node.parent = null;
    node.missing = Boolean(node.span.parentId) && !node.parent;
  }
  for (const node of nodes) node.parent?.children.push(node);
  const roots = nodes.filter((node) => !node.parent);
  let end = 0;
  const known = nodes.map((node) => node.span.timestamp).filter(Boolean);
  const start = known.length ? known.reduce((a, b) => Math.min(a, b)) : 0;
  const stack = [...roots];
  const order = [];
  while (stack.length) {
    const node = stack.pop();
    order.push(node);
    const { span, parent } = node;
    node.depth = parent ? parent.depth + 1 : 0;
    node.assumed = !span.timestamp;
    node.start = span.timestamp || parent?.start || start;
    node.duration = span.duration || (span.shared && parent ? parent.duration : 0);
    end = Math.max(end, node.start + node.duration);
    stack.push(...node.children);
  }
  for (const node of order.reverse()) node.below = node.children.some((child) => failed(child.span) || child.below);
  for (const list of [roots, ...nodes.map((node) => node.children)]) list.sort((a, b) => a.start - b.start);
  const services = new Map();
  for (const { span } of nodes) if (serviceOf(span)) services.set(serviceOf(span), (services.get(serviceOf(span)) || 0) + 1);
  return {
    id: spans[0].traceId, nodes, roots, start, services, duration: Math.max(end - start, 1),
    errors: nodes.filter((node) => failed(node.span)).length, depth: nodes.reduce((most, node) => Math.max(most, node.depth + 1), 0),
  };
}
export const visibleRows = (trace, closed) => {
  const rows = [], stack = [...trace.roots].reverse();
  while (stack.length) {
    const node = stack.pop();
    rows.push(node);
    if (!closed.has(node)) stack.push(...[...node.children].reverse());
  }
  return rows;
};
