// The search: the form, which follows the address, and the traces that were found.
import { $, RANGES, ask, attempt, dot, go, knowServices, make, notice, options } from './shared.js';
import { buildTrace, serviceOf } from './tree.js';
import { ago, counted, duration, moment, nameOf, number, t } from './words.js';

const LIMITS = [10, 20, 50, 100, 250];
let found = [], foundCut = false;

function microseconds(input) {
  const text = input.value.trim();
  input.removeAttribute('aria-invalid');
  if (!text) return '';
  const match = /^(\d+(?:\.\d+)?)\s*(us|µs|ms|s|m|min)?$/.exec(text);
  const value = match && Math.round(match[1] * { us: 1, µs: 1, ms: 1e3, s: 1e6, m: 6e7, min: 6e7 }[match[2] || 'us']);
  if (value > 0) return String(value);
  input.setAttribute('aria-invalid', 'true');
  throw new Error(t('badDuration', { text }));
}

// The form as the address has it.
function filters() {
  const query = new URLSearchParams();
  const put = (name, value) => value && query.set(name, value);
  put('serviceName', $('service').value);
  put('spanName', $('span').value);
  put('annotationQuery', $('tags').value.trim());
  put('minDuration', microseconds($('min')));
  put('maxDuration', microseconds($('max')));
  if (query.has('maxDuration') && !query.has('minDuration')) query.set('minDuration', '1');  // Zipkin wants both
  query.set('range', $('lookback').value);
  query.set('limit', $('limit').value);
  return query;
}
const compact = (us) => (!us ? '' : us % 1e6 === 0 ? `${us / 1e6}s` : us % 1e3 === 0 ? `${us / 1e3}ms` : `${us}us`);

async function fillForm(query) {
  const service = query.get('serviceName') || '';
  const services = await knowServices();
  const spans = service ? (await ask(`spans?serviceName=${encodeURIComponent(service)}`)).data : [];
  const withChosen = (list, chosen) => [['', t('all')], ...(chosen && !list.includes(chosen) ? [chosen, ...list] : list).map((name) => [name, name])];
  options($('service'), withChosen(services, service), service);
  options($('span'), withChosen(spans, query.get('spanName') || ''), query.get('spanName') || '');
  $('span').disabled = !service;
  $('tags').value = query.get('annotationQuery') || '';
  $('min').value = compact(Number(query.get('minDuration')));
  $('max').value = compact(Number(query.get('maxDuration')));
  options($('lookback'), Object.keys(RANGES).map((key) => [key, t(key)]), query.get('range') || 'm15');
  options($('limit'), LIMITS.map((n) => [n, n]), query.get('limit') || 20);
  options($('sort'), ['newest', 'longest', 'most'].map((key) => [key, t(key)]), $('sort').value || 'newest');
}

export function showSearch(query) {
  return attempt(async (current) => {
    $('found').textContent = t('searching');
    await fillForm(query);
    if (!current()) return;
    const wanted = new URLSearchParams(query);
    const now = Date.now();
    wanted.delete('range');
    wanted.set('limit', $('limit').value);
    wanted.set('endTs', now + 60000);  // clocks of services may be a little ahead
    wanted.set('lookback', RANGES[$('lookback').value] + 60000 || now);
    if ($('lookback').value === 'ever') wanted.set('lookback', now + 60000);
    const { data, cut } = await ask(`traces?${wanted}`);
    if (!current()) return;
    found = data.map(buildTrace);
    foundCut = cut;
    showResults();
  });
}

export function showResults() {
  const by = { newest: (a, b) => b.start - a.start, longest: (a, b) => b.duration - a.duration, most: (a, b) => b.nodes.length - a.nodes.length };
  const longest = found.reduce((most, trace) => Math.max(most, trace.duration), 1);
  $('found').textContent = counted('found', found.length) + (foundCut ? ` (${t('cut')})` : '');
  $('results').replaceChildren(...[...found].sort(by[$('sort').value]).map((trace) => resultItem(trace, longest)));
  $('nothing').hidden = found.length > 0;
  $('nothing').replaceChildren(make('b', { text: t('nothing') }), t('nothingHint'), make('br'), make('code', { text:
    `curl ${location.origin}/api/v2/spans -d '[{"traceId":"a1","id":"a1","name":"hello","timestamp":'$(date +%s)'000000,"duration":1000,"localEndpoint":{"serviceName":"me"}}]'` }));
}

function resultItem(trace, longest) {
  const root = trace.roots[0].span;
  const share = `${Math.max(trace.duration / longest * 100, 0.3)}%`;
  return make('li', {}, make('a', { class: 'result card', href: `/zipkin/traces/${trace.id}`, 'data-link': '' },
    make('div', { class: 'result-name' }, make('b', { text: serviceOf(root) || t('unknown') }), make('span', { text: nameOf(root) })),
    make('div', { class: 'result-duration', text: duration(trace.duration) }),
    make('div', { class: `track${trace.errors ? ' failed' : ''}`, 'aria-hidden': 'true' }, make('div', { style: { width: share } })),
    make('div', { class: 'chips' },
      trace.errors ? make('span', { class: 'chip failed', text: counted('errors', trace.errors) }) : null,
      ...[...trace.services].map(([service, n]) => make('span', { class: 'chip' }, dot(service), `${service} `, make('span', { class: 'dim', text: number(n) })))),
    make('div', { class: 'result-time dim', title: moment(trace.start), text: `${counted('spans', trace.nodes.length)} · ${ago(trace.start)}` })));
}

export function submit() {
  try {
    notice('');
    go(`/zipkin/?${filters()}`);
  } catch (error) {
    notice(error.message);
  }
}
