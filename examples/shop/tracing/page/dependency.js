// The dependency graph and its table: who calls whom, how often, and how often it fails.
import { edgePath, layout } from './layout.js';
import { $, RANGES, ask, attempt, closeButton, dot, hue, knowServices, make, options, pairs } from './shared.js';
import { counted, number, t } from './words.js';

let links = [], chosen = null;
const grade = (link) => ((link.errorCount || 0) >= link.callCount * 0.75 ? 'many' : (link.errorCount || 0) >= link.callCount * 0.5 ? 'some' : '');

export function showDependencies(query) {
  return attempt(async (current) => {
    const range = query.get('range') || 'd1';
    options($('dependency-lookback'), Object.keys(RANGES).map((key) => [key, t(key)]), range);
    await knowServices();
    const now = Date.now() + 60000;
    const { data } = await ask(`dependencies?endTs=${now}&lookback=${RANGES[range] ? RANGES[range] + 60000 : now}`);
    if (!current()) return;
    links = data;
    chosen = null;
    showLinks();
  });
}

function showLinks() {
  const none = links.length === 0;
  $('no-links').hidden = !none;
  $('no-links').replaceChildren(make('b', { text: t('noLinks') }), t('noLinksHint'));
  for (const part of [$('graph').parentElement, $('links').parentElement]) part.hidden = none;
  $('service-details').hidden = true;
  $('legend').textContent = t('legend');
  const sorted = [...links].sort((a, b) => b.callCount - a.callCount);
  $('links').tBodies[0].replaceChildren(...sorted.map((link) => make('tr', {}, make('td', {}, dot(link.parent), ` ${link.parent}`), make('td', {}, dot(link.child), ` ${link.child}`),
    make('td', { class: 'number', text: number(link.callCount) }), make('td', { class: `number${link.errorCount ? ' failed' : ''}`, text: number(link.errorCount || 0) }))));
  $('graph').replaceChildren(none ? '' : drawGraph());
}

function drawGraph() {
  const names = [...new Set(links.flatMap((link) => [link.parent, link.child]))].sort();
  for (const name of names) hue(name);
  const { boxes, chains, width, height } = layout(names, links);
  const heads = ['', 'some', 'many'].map((kind) => make('svg:marker', { id: `head${kind}`, viewBox: '0 0 10 10', refX: 8, refY: 5, markerWidth: 11, markerHeight: 11, markerUnits: 'userSpaceOnUse', orient: 'auto' },
    make('svg:path', { d: 'M0 1L9 5L0 9z', class: `head ${kind}` })));
  const most = Math.max(...links.map((link) => link.callCount));
  const edges = links.map((link) => {
    const path = edgePath(chains.get(link));
    const kind = grade(link);
    const label = number(link.callCount) + (link.errorCount ? ` · ${counted('errors', link.errorCount)}` : '');
    return make('svg:g', { 'data-parent': link.parent, 'data-child': link.child },
      make('svg:path', { d: path.d, class: `edge ${kind}`, 'marker-end': `url(#head${kind})`, 'stroke-width': 1.2 + 1.8 * Math.log1p(link.callCount) / Math.log1p(most) }),
      make('svg:text', { x: path.x, y: path.y, class: `edge-label ${kind}`, text: label }));
  });
  const below = [...chains.values()].some((chain) => chain[chain.length - 1].x < chain[0].x) ? 60 : 6;
  const view = { viewBox: `-6 -46 ${width + 12} ${height + 46 + below}`, width: width + 12, height: height + 46 + below, role: 'group', 'aria-label': t('graph') };
  return make('svg:svg', view, make('svg:defs', {}, ...heads), ...edges, ...names.map((name) => graphNode(name, boxes.get(name))));
}

function graphNode(name, box) {
  const calls = links.filter((link) => link.child === name).reduce((sum, link) => sum + link.callCount, 0);
  const choose = () => chooseService(chosen === name ? null : name);
  const short = name.length > 34 ? `${name.slice(0, 33)}…` : name;
  return make('svg:g', { class: 'node', tabindex: 0, role: 'button', 'aria-pressed': 'false', 'aria-label': `${name}, ${counted('calls', calls)}`, 'data-name': name, style: { '--hue': hue(name) },
    on: { click: choose, keydown: (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(); } } } },
  make('svg:title', { text: name }),
  make('svg:rect', { x: box.x, y: box.y, width: box.width, height: box.height, rx: 11 }),
  make('svg:rect', { class: 'stripe', x: box.x + 10, y: box.y + 13, width: 5, height: box.height - 26, rx: 2.5 }),
  make('svg:text', { x: box.x + 25, y: box.y + 24, text: short }),
  make('svg:text', { class: 'count', x: box.x + 25, y: box.y + 41, text: calls ? counted('calls', calls) : '–' }));
}

function chooseService(name) {
  chosen = name;
  const near = new Set(links.filter((link) => link.parent === name || link.child === name).flatMap((link) => [link.parent, link.child]));
  for (const node of $('graph').querySelectorAll('.node')) {
    node.setAttribute('aria-pressed', String(node.dataset.name === name));
    node.classList.toggle('faded', name !== null && !near.has(node.dataset.name));
  }
  for (const edge of $('graph').querySelectorAll('g[data-parent]')) {
    edge.classList.toggle('faded', name !== null && edge.dataset.parent !== name && edge.dataset.child !== name);
  }
  $('service-details').hidden = name === null;
  if (name === null) return;
  const table = (list, other) => (list.length ? pairs(list.map((link) => [link[other], counted('calls', link.callCount) + (link.errorCount ? `, ${counted('errors', link.errorCount)}` : ''), link.errorCount > 0]))
    : make('p', { class: 'dim', text: t('nobody') }));
  $('service-details').replaceChildren(
    make('div', { class: 'details-head' }, make('div', {}, make('h2', {}, dot(name), ` ${name}`)), closeButton(() => chooseService(null))),
    make('h3', { text: t('usedBy') }), table(links.filter((link) => link.child === name), 'parent'),
    make('h3', { text: t('uses') }), table(links.filter((link) => link.parent === name), 'child'),
    make('p', {}, make('a', { class: 'button', href: `/zipkin/?serviceName=${encodeURIComponent(name)}&range=d1`, 'data-link': '', text: t('find') })));
}
