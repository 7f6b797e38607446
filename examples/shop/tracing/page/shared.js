// What all views share: elements, questions to the collector, colours of services, addresses. Everything that came from a span
// is put in as text (textContent, setAttribute), never as markup; the content security policy would refuse it anyway.
import { t } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';
export const RANGES = { m5: 3e5, m15: 9e5, h1: 36e5, h6: 216e5, d1: 864e5, d7: 6048e5, ever: 0 };

export const $ = (id) => document.getElementById(id);
// An element; `properties`: class, text, on (listeners), style (custom properties too), the rest are attributes.
export function make(tag, properties = {}, ...children) {
  const element = tag.startsWith('svg:') ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'text') element.textContent = value;
    else if (key === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key === 'style') for (const [name, item] of Object.entries(value)) element.style.setProperty(name, item);
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
export const options = (select, pairs, chosen) => select.replaceChildren(...pairs.map(([value, text]) =>
  make('option', { value, text, selected: String(value) === String(chosen) ? '' : null })));

export function notice(text) {
  $('notice').textContent = text || '';
  $('notice').hidden = !text;
}

export async function ask(path) {
  const answer = await fetch(`/api/v2/${path}`, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw Object.assign(new Error((await answer.text()).trim() || answer.statusText), { status: answer.status });
  return { data: await answer.json(), cut: answer.headers.get('X-Truncated') === 'true' };
}
// Runs a view's work; only the newest may show what it found.
let turn = 0;
export async function attempt(work) {
  const mine = ++turn;
  try {
    await work(() => mine === turn);
  } catch (error) {
    if (mine === turn) notice(t('failed', { why: error.message }));
  }
}

// What is shown is in the address, which has Zipkin's form, so links can be kept and sent. app.js listens.
export function go(address) {
  history.pushState(null, '', address);
  window.scrollTo(0, 0);
  window.dispatchEvent(new PopStateEvent('popstate'));
}

// One hue for a service, the same on every view.
const HUES = [265, 155, 45, 215, 330, 95, 185, 20, 295, 125, 240, 65];
const hues = new Map();
export function hue(service) {
  if (!hues.has(service)) {
    let sum = 0;
    for (const c of service) sum = (sum * 31 + c.codePointAt(0)) >>> 0;
    let at = sum % HUES.length;
    const taken = new Set(hues.values());
    for (let n = 0; n < HUES.length && taken.has(HUES[at]); n++) at = (at + 1) % HUES.length;
    hues.set(service, HUES[at]);
  }
  return hues.get(service);
}
// In the order of their names, so that a service looks the same wherever one starts.
export async function knowServices() {
  const names = (await ask('services')).data;
  names.forEach(hue);
  return names;
}
export const dot = (service) => make('span', { class: 'dot', style: { '--hue': hue(service) }, 'aria-hidden': 'true' });

export const pairs = (list) => make('table', { class: 'pairs' }, make('tbody', {}, ...list.map(([key, value, mark]) =>
  make('tr', { class: mark ? 'failed' : null }, make('th', { scope: 'row', text: key }), make('td', { text: value })))));
export const closeButton = (close) => make('button', { class: 'close', type: 'button', 'aria-label': t('close'), title: t('close'), text: '×', on: { click: close } });
