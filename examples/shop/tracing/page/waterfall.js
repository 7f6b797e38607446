// One trace: its facts, the rows of the waterfall, which work by keyboard as a tree, and the details of a span.
import { $, ask, attempt, closeButton, dot, hue, knowServices, make, notice, pairs } from './shared.js';
import { buildTrace, failed, serviceOf, visibleRows } from './tree.js';
import { duration, moment, nameOf, number, t } from './words.js';

const ROWS_AT_ONCE = 500;
let trace = null, closed = new Set(), selected = null, focused = null, shown = ROWS_AT_ONCE;

export function showTrace(id) {
  return attempt(async (current) => {
    trace = null;
    for (const part of ['rows', 'facts', 'ticks']) $(part).replaceChildren();
    $('trace-title').textContent = t('trace');
    $('trace-id').textContent = id;
    $('raw').setAttribute('href', `/api/v2/trace/${id}`);
    closeDetails();
    await knowServices();
    let spans;
    try {
      spans = (await ask(`trace/${encodeURIComponent(id)}`)).data;
    } catch (error) {
      if (error.status !== 404) throw error;
      if (current()) notice(t('noTrace', { id }));
      return;
    }
    if (!current()) return;
    trace = buildTrace(spans);
    closed = new Set();
    selected = null;
    focused = trace.roots[0];
    shown = ROWS_AT_ONCE;
    showFacts();
    showRows();
  });
}

// Round times, as many as there is room for.
function ticks() {
  const rough = trace.duration / Math.max(Math.min(Math.floor($('ticks').clientWidth / 100), 6), 1);
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  return Array.from({ length: Math.ceil(trace.duration * 0.93 / step) - 1 }, (_, n) => (n + 1) * step);
}

function showFacts() {
  const root = trace.roots[0].span;
  $('trace-title').textContent = `${serviceOf(root) || t('unknown')}: ${nameOf(root)}`;
  document.title = `${nameOf(root)} · mini traces`;
  $('trace-id').textContent = trace.id;
  const fact = (key, value, mark) => make('div', {}, make('dt', { text: t(key) }), make('dd', { text: value, class: mark ? 'failed' : null }));
  $('facts').replaceChildren(fact('duration', duration(trace.duration)), fact('started', moment(trace.start)),
    fact('services', number(trace.services.size)), fact('spansFact', number(trace.nodes.length)), fact('depth', number(trace.depth)),
    fact('errorsFact', number(trace.errors), trace.errors > 0));
  $('ticks').replaceChildren(...[0, ...ticks()].map((us) => make('span', { style: { left: `${us / trace.duration * 100}%` }, text: us ? duration(us) : '0' })));
}

const percent = (node) => ({ left: (node.start - trace.start) / trace.duration * 100, width: node.duration / trace.duration * 100 });

function timeCell(node, lines) {
  const { left, width } = percent(node);
  const { span } = node;
  const marks = (span.annotations || []).filter((item) => item.timestamp >= trace.start && item.timestamp <= trace.start + trace.duration);
  const end = left + width;
  const label = end > 88 && left > 14 ? { right: `${100 - left}%` } : { left: `${Math.min(end, 100)}%` };
  return make('div', { class: 'time', role: 'gridcell' }, make('div', {},
    ...lines.map((us) => make('i', { style: { left: `${us / trace.duration * 100}%` } })),
    make('div', { class: `span-bar${node.assumed ? ' assumed' : ''}${failed(span) ? ' failed' : ''}`,
      style: { left: `${left}%`, width: `${width}%`, '--hue': hue(serviceOf(span)) } }),
    ...marks.map((item) => make('div', { class: 'span-mark', title: item.value, style: { left: `${(item.timestamp - trace.start) / trace.duration * 100}%` } })),
    node.duration ? make('span', { class: 'span-label', style: label, text: duration(node.duration) }) : null));
}

function row(node, lines) {
  const { span } = node;
  const open = node.children.length ? String(!closed.has(node)) : null;
  const arrow = make('svg:svg', { viewBox: '0 0 10 10', width: 10, height: 10 }, make('svg:path', { d: 'M3 1l4 4-4 4', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8 }));
  const toggle = make('button', { class: `toggle${open === null ? ' leaf' : ''}`, type: 'button', tabindex: -1, 'aria-label': t('toggle'),
    on: { click: (event) => { event.stopPropagation(); flip(node); } } }, arrow);
  let flag = null;
  if (failed(span)) flag = make('span', { class: 'flag', role: 'img', 'aria-label': t('error'), title: span.tags.error || t('error'), text: '!' });
  else if (node.below && closed.has(node)) flag = make('span', { class: 'flag below', role: 'img', 'aria-label': t('below'), title: t('below'), text: '!' });
  node.row = make('div', { class: 'row', role: 'row', tabindex: node === focused ? 0 : -1, 'aria-level': node.depth + 1, 'aria-expanded': open,
    'aria-selected': String(node === selected), style: { '--depth': Math.min(node.depth, 12) },
    on: { click: () => select(node), keydown: (event) => rowKey(event, node), focus: () => { focusRow(node, false); } } },
  make('div', { class: 'name', role: 'gridcell' }, toggle, dot(serviceOf(span)), flag, make('b', { text: serviceOf(span) || t('unknown'), title: serviceOf(span) }),
    make('span', { class: 'operation', text: nameOf(span), title: nameOf(span) }), span.kind ? make('span', { class: 'kind', text: span.kind }) : null),
  timeCell(node, lines));
  return node.row;
}

function showRows() {
  const rows = visibleRows(trace, closed);
  if (!rows.includes(focused)) focused = rows[0];
  const lines = ticks();
  $('rows').replaceChildren(...rows.slice(0, shown).map((node) => row(node, lines)));
  $('more').hidden = rows.length <= shown;
  $('more').textContent = t('more', { n: number(Math.min(ROWS_AT_ONCE, rows.length - shown)) });
}

function focusRow(node, move = true) {
  if (focused?.row) focused.row.tabIndex = -1;
  focused = node;
  node.row.tabIndex = 0;
  if (move) node.row.focus();
}
function flip(node, open = closed.has(node)) {
  if (!node.children.length) return;
  if (open) closed.delete(node); else closed.add(node);
  const hadFocus = $('rows').contains(document.activeElement);
  showRows();
  if (hadFocus) focusRow(node);
}
function select(node) {
  if (selected?.row) selected.row.setAttribute('aria-selected', 'false');
  selected = node;
  node.row.setAttribute('aria-selected', 'true');
  focusRow(node, false);
  showDetails(node);
}
function rowKey(event, node) {
  const rows = visibleRows(trace, closed).slice(0, shown);
  const at = rows.indexOf(node);
  const go = {
    ArrowDown: () => rows[at + 1] && focusRow(rows[at + 1]), ArrowUp: () => rows[at - 1] && focusRow(rows[at - 1]),
    Home: () => focusRow(rows[0]), End: () => focusRow(rows[rows.length - 1]),
    ArrowRight: () => (closed.has(node) ? flip(node, true) : node.children.length && rows[at + 1] && focusRow(rows[at + 1])),
    ArrowLeft: () => (node.children.length && !closed.has(node) ? flip(node, false) : node.parent && focusRow(node.parent)),
    Enter: () => select(node), ' ': () => select(node), Escape: () => closeDetails(),
  }[event.key];
  if (!go || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  go();
}

const address = (endpoint) => {
  const host = endpoint.ipv4 || (endpoint.ipv6 ? `[${endpoint.ipv6}]` : '');
  return [endpoint.serviceName, host + (endpoint.port ? `:${endpoint.port}` : '')].filter(Boolean).join(' · ');
};

function showDetails(node) {
  const { span } = node;
  const facts = [[t('duration'), node.duration ? duration(node.duration) : '–'], [t('offset'), `+${duration(node.start - trace.start)}`],
    [t('kind'), span.kind || '–'], [t('id'), span.id]];
  if (span.parentId) facts.push([t('parent'), span.parentId + (node.missing ? ` (${t('missing')})` : '')]);
  if (span.localEndpoint) facts.push([t('local'), address(span.localEndpoint)]);
  if (span.remoteEndpoint) facts.push([t('remote'), address(span.remoteEndpoint)]);
  const notes = [span.shared && t('shared'), node.assumed && t('assumed')].filter(Boolean).join(' · ');
  const tags = Object.entries(span.tags || {});
  const annotations = [...(span.annotations || [])].sort((a, b) => a.timestamp - b.timestamp);
  $('details').replaceChildren(
    make('div', { class: 'details-head' }, make('div', {}, make('h2', { text: nameOf(span) }),
      make('p', { class: 'dim' }, dot(serviceOf(span)), ` ${serviceOf(span) || t('unknown')}`)), closeButton(closeDetails)),
    ...(tags.length ? [make('h3', { text: t('tagsHead') }), pairs(tags.map(([key, value]) => [key, value || '–', key === 'error']))] : []),
    ...(annotations.length ? [make('h3', { text: t('annotationsHead') }), pairs(annotations.map((item) => [`+${duration(Math.max(item.timestamp - trace.start, 0))}`, item.value]))] : []),
    make('h3', { text: t('spanHead') }), pairs(facts), notes ? make('p', { class: 'dim', text: notes }) : '');
  $('details').hidden = false;
}
function closeDetails() {
  const inside = $('details').contains(document.activeElement);
  $('details').hidden = true;
  if (selected?.row) selected.row.setAttribute('aria-selected', 'false');
  if (inside && selected?.row) selected.row.focus();
  selected = null;
}

// --- What the buttons and the window ask for --------------------------------------------------------------------------
export function expandAll() {
  closed.clear();
  if (trace) showRows();
}
export function collapseAll() {
  if (!trace) return;
  closed = new Set(trace.nodes.filter((node) => node.children.length));
  showRows();
}
export function showMore() {
  shown += ROWS_AT_ONCE;
  showRows();
}
export function fitWidth() {
  if (!trace) return;
  showFacts();
  showRows();
}
