// Where the services and calls of the dependency graph stand: in columns from caller to called, with few crossings.
// A column for each service: one more than the furthest of its callers; a call back does not count.
function columnOf(names, links) {
  const next = new Map(names.map((name) => [name, links.filter((link) => link.parent === name && link.child !== name).map((link) => link.child)]));
  const state = new Map(), forward = new Map(names.map((name) => [name, []])), order = [];
  const visit = (name) => {
    state.set(name, 'open');
    for (const child of next.get(name)) {
      if (state.get(child) === 'open') continue;
      forward.get(name).push(child);
      if (!state.has(child)) visit(child);
    }
    state.set(name, 'done');
    order.unshift(name);
  };
  const called = new Set(links.filter((link) => link.parent !== link.child).map((link) => link.child));
  for (const name of [...names].sort((a, b) => called.has(a) - called.has(b))) if (!state.has(name)) visit(name);
  const column = new Map(names.map((name) => [name, 0]));
  for (const name of order) for (const child of forward.get(name)) column.set(child, Math.max(column.get(child), column.get(name) + 1));
  return column;
}

// Everything that takes a place: services, and a lane in each column that a longer edge crosses.
function places(names, links) {
  const column = columnOf(names, links);
  const lists = [], chains = new Map(), segments = [];
  const put = (item, at) => { (lists[at] ||= []).push(item); return item; };
  const boxes = new Map(names.map((name) => [name, put({ name, height: 54, rank: 0 }, column.get(name))]));
  for (const link of links) {
    const chain = [boxes.get(link.parent)];
    for (let at = column.get(link.parent) + 1; at < column.get(link.child); at++) chain.push(put({ height: 26, rank: 0 }, at));
    chain.push(boxes.get(link.child));
    chains.set(link, chain);
    for (let n = 1; n < chain.length; n++) if (chain[n] !== chain[n - 1]) segments.push([chain[n - 1], chain[n]]);
  }
  return { lists, boxes, chains, segments };
}

// Within a column, what is linked stands near each other: a few sweeps of averages.
function arrange({ lists, segments }) {
  const rank = (list) => list.forEach((item, n) => { item.rank = (n + 0.5) / list.length; });
  lists.forEach(rank);
  const near = new Map();
  for (const [a, b] of segments) {
    near.set(a, [...(near.get(a) || []), b]);
    near.set(b, [...(near.get(b) || []), a]);
  }
  for (let sweep = 0; sweep < 12; sweep++) {
    for (const list of sweep % 2 ? [...lists].reverse() : lists) {
      const pull = new Map(list.map((item) => [item, (near.get(item) || [item]).reduce((sum, other) => sum + other.rank, 0) / (near.get(item)?.length || 1)]));
      list.sort((a, b) => pull.get(a) - pull.get(b));
      rank(list);
    }
  }
}

export function layout(names, links) {
  const plan = places(names, links);
  arrange(plan);
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = `600 13.5px ${getComputedStyle(document.body).fontFamily}`;
  const gap = 44;
  const tall = (list) => list.reduce((sum, item) => sum + item.height + gap, -gap);
  const height = Math.max(...plan.lists.map(tall));
  let x = 0;
  for (const list of plan.lists) {
    const width = Math.max(...list.map((item) => (item.name ? Math.min(Math.max(pen.measureText(item.name).width + 46, 128), 300) : 0)));
    let y = (height - tall(list)) / 2;
    for (const item of list) {
      Object.assign(item, { x, y, width });
      y += item.height + gap;
    }
    x += width + 130;
  }
  return { ...plan, width: x - 130, height };
}

// The path of an edge and where its label stands.
export function edgePath(chain) {
  const a = chain[0], b = chain[chain.length - 1];
  const middle = (item) => item.y + item.height / 2;
  if (a === b) return { d: `M${a.x + a.width - 40} ${a.y} c-4 -42 40 -42 32 -3`, x: a.x + a.width - 22, y: a.y - 36 };
  if (b.x <= a.x) {
    const x1 = a.x + a.width / 2, x2 = b.x + b.width / 2, deep = Math.max(a.y + a.height, b.y + b.height) + 56;
    return { d: `M${x1} ${a.y + a.height} C${x1} ${deep} ${x2} ${deep} ${x2} ${b.y + b.height + 3}`, x: (x1 + x2) / 2, y: deep - 10 };
  }
  let d = `M${a.x + a.width} ${middle(a)}`, label;
  for (let n = 1; n < chain.length; n++) {
    const from = chain[n - 1], to = chain[n];
    const x1 = from.x + from.width, y1 = middle(from), x2 = to === b ? to.x - 3 : to.x, y2 = middle(to), bend = (x2 - x1) / 2;
    d += ` C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    if (to !== b) d += ` H${to.x + to.width}`;
    label ||= chain.length > 2 ? { x: chain[1].x + chain[1].width / 2, y: middle(chain[1]) - 8 } : { x: x1 + bend, y: (y1 + y2) / 2 - 8 };
  }
  return { d, ...label };
}
