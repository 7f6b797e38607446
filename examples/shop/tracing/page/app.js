// The page of the trace collector: search, waterfall, dependency graph. No library. Everything that came from a span is
// put in as text (textContent, setAttribute), never as markup; the content security policy would refuse it anyway.
// What is shown is in the address, which has Zipkin's form, so links can be kept and sent.
'use strict';
(() => {
  // --- Words -------------------------------------------------------------------------------------------------------
  const WORDS = {
    en: {
      skip: 'Skip to content', brand: 'traces', navigation: 'Views', find: 'Find traces', dependencies: 'Dependencies',
      jump: 'Go to trace id', language: 'Language', theme_auto: 'Theme: as the system', theme_light: 'Theme: light', theme_dark: 'Theme: dark',
      service: 'Service', spanName: 'Span name', tags: 'Tag query', minDuration: 'Min duration', maxDuration: 'Max duration',
      lookback: 'Time range', limit: 'Limit', run: 'Search', all: 'All', sort: 'Sort by', newest: 'Newest', longest: 'Longest', most: 'Most spans',
      found_one: '1 trace', found_other: '{n} traces', searching: 'Searching…', cut: 'shortened: the answer would be too large',
      spans_one: '1 span', spans_other: '{n} spans', errors_one: '1 error', errors_other: '{n} errors',
      nothing: 'No traces found', nothingHint: 'Try a longer time range or fewer conditions. To send a first span:',
      unnamed: 'unnamed', unknown: 'unknown', trace: 'Trace', started: 'Started', duration: 'Duration', services: 'Services', depth: 'Depth',
      spansFact: 'Spans', errorsFact: 'Errors', expandAll: 'Expand all', collapseAll: 'Collapse all', spanColumn: 'Service and operation',
      waterfall: 'Spans of the trace', details: 'Details', more: 'Show {n} more', close: 'Close details', toggle: 'Expand or collapse',
      tagsHead: 'Tags', annotationsHead: 'Annotations', spanHead: 'Span', kind: 'Kind', offset: 'Starts at', parent: 'Parent id', id: 'Span id',
      local: 'Address', remote: 'Remote', shared: 'Shares its id with the caller', assumed: 'Time taken from the caller', missing: 'Parent never arrived',
      error: 'Error', below: 'An error further down', noTrace: 'There is no trace {id}. It may have been dropped to make room.',
      linksCaption: 'Calls between services', caller: 'Caller', called: 'Called', calls: 'Calls', errors: 'Errors', calls_one: '1 call', calls_other: '{n} calls',
      noLinks: 'No calls between services', noLinksHint: 'In this time range no trace goes from one service to another.',
      legend: 'Thicker lines: more calls. Amber: from half of the calls fail. Red: from three quarters. Select a service to see its neighbours.',
      uses: 'Calls', usedBy: 'Called by', nobody: 'nobody', graph: 'Graph of services',
      failed: 'The collector does not answer as it should: {why}', badDuration: '"{text}" is no duration; examples: 250us, 10ms, 1.5s, 2m',
      m5: 'Last 5 minutes', m15: 'Last 15 minutes', h1: 'Last hour', h6: 'Last 6 hours', d1: 'Last day', d7: 'Last 7 days', ever: 'All time',
    },
    ko: {
      skip: '본문으로 건너뛰기', brand: '트레이스', navigation: '화면', find: '트레이스 찾기', dependencies: '의존 관계',
      jump: '트레이스 ID로 이동', language: '언어', theme_auto: '테마: 시스템 설정', theme_light: '테마: 밝게', theme_dark: '테마: 어둡게',
      service: '서비스', spanName: '스팬 이름', tags: '태그 조건', minDuration: '최소 소요 시간', maxDuration: '최대 소요 시간',
      lookback: '조회 기간', limit: '개수', run: '검색', all: '전체', sort: '정렬', newest: '최신순', longest: '소요 시간순', most: '스팬 많은 순',
      found_other: '트레이스 {n}개', searching: '검색 중…', cut: '응답이 너무 커서 일부만 표시',
      spans_other: '스팬 {n}개', errors_other: '오류 {n}개',
      nothing: '트레이스가 없습니다', nothingHint: '조회 기간을 늘리거나 조건을 줄여 보세요. 첫 스팬을 보내려면:',
      unnamed: '이름 없음', unknown: '알 수 없음', trace: '트레이스', started: '시작', duration: '소요 시간', services: '서비스', depth: '깊이',
      spansFact: '스팬', errorsFact: '오류', expandAll: '모두 펼치기', collapseAll: '모두 접기', spanColumn: '서비스와 작업',
      waterfall: '트레이스의 스팬', details: '상세 정보', more: '{n}개 더 보기', close: '상세 정보 닫기', toggle: '펼치기 또는 접기',
      tagsHead: '태그', annotationsHead: '주석', spanHead: '스팬', kind: '종류', offset: '시작 위치', parent: '부모 ID', id: '스팬 ID',
      local: '주소', remote: '상대', shared: '호출한 쪽과 ID를 공유함', assumed: '호출한 쪽의 시간을 사용함', missing: '부모 스팬이 도착하지 않음',
      error: '오류', below: '하위 스팬에 오류가 있음', noTrace: '트레이스 {id}이(가) 없습니다. 저장 한도를 넘어 삭제되었을 수 있습니다.',
      linksCaption: '서비스 간 호출', caller: '호출하는 서비스', called: '호출되는 서비스', calls: '호출', errors: '오류', calls_other: '호출 {n}회',
      noLinks: '서비스 간 호출이 없습니다', noLinksHint: '이 기간에는 서비스 사이를 오간 트레이스가 없습니다.',
      legend: '선이 굵을수록 호출이 많습니다. 주황색은 절반 이상, 빨간색은 4분의 3 이상이 실패한 호출입니다. 서비스를 선택하면 연결된 서비스가 강조됩니다.',
      uses: '호출하는 대상', usedBy: '호출해 오는 쪽', nobody: '없음', graph: '서비스 그래프',
      failed: '수집기가 올바르게 응답하지 않습니다: {why}', badDuration: '"{text}"은(는) 시간 형식이 아닙니다. 예: 250us, 10ms, 1.5s, 2m',
      m5: '최근 5분', m15: '최근 15분', h1: '최근 1시간', h6: '최근 6시간', d1: '최근 1일', d7: '최근 7일', ever: '전체 기간',
    },
  };
  const RANGES = { m5: 3e5, m15: 9e5, h1: 36e5, h6: 216e5, d1: 864e5, d7: 6048e5, ever: 0 };
  const LIMITS = [10, 20, 50, 100, 250];
  const SVG = 'http://www.w3.org/2000/svg';
  const ROWS_AT_ONCE = 500;

  // --- Preferences -------------------------------------------------------------------------------------------------
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode: not remembered */ } };
  let language = WORDS[stored('language')] ? stored('language') : (navigator.language || '').startsWith('ko') ? 'ko' : 'en';
  let theme = ['light', 'dark'].includes(stored('theme')) ? stored('theme') : 'auto';

  function applyTheme() {
    if (theme === 'auto') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.dataset.theme = theme;
  }
  applyTheme();  // before the first paint

  function t(key, values = {}) {
    const text = WORDS[language][key] ?? WORDS.en[key];
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }
  // The word's form for one or many.
  function counted(key, n) {
    const form = `${key}_${new Intl.PluralRules(language).select(n)}`;
    return t(WORDS[language][form] ? form : `${key}_other`, { n: number(n) });
  }
  const number = (n) => new Intl.NumberFormat(language).format(n);

  function duration(us) {
    const [value, unit] = us < 1e3 ? [us, 'µs'] : us < 1e6 ? [us / 1e3, 'ms'] : us < 6e7 ? [us / 1e6, 's'] : [us / 6e7, 'min'];
    return `${new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value)} ${unit}`;
  }
  function ago(us) {
    const seconds = us / 1e6 - Date.now() / 1e3;
    const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
    for (const [unit, size] of [['day', 86400], ['hour', 3600], ['minute', 60]]) {
      if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
    }
    return format.format(Math.round(seconds), 'second');
  }
  const moment = (us) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(us / 1e3);

  // --- Elements ----------------------------------------------------------------------------------------------------
  const $ = (id) => document.getElementById(id);
  // An element; `properties`: class, text, on (listeners), style (custom properties too), the rest are attributes.
  function make(tag, properties = {}, ...children) {
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
  const options = (select, pairs, chosen) => select.replaceChildren(...pairs.map(([value, text]) =>
    make('option', { value, text, selected: String(value) === String(chosen) ? '' : null })));

  function notice(text) {
    $('notice').textContent = text || '';
    $('notice').hidden = !text;
  }

  async function ask(path) {
    const answer = await fetch(`/api/v2/${path}`, { headers: { Accept: 'application/json' } });
    if (!answer.ok) throw Object.assign(new Error((await answer.text()).trim() || answer.statusText), { status: answer.status });
    return { data: await answer.json(), cut: answer.headers.get('X-Truncated') === 'true' };
  }
  // Runs a view's work; only the newest may show what it found.
  let turn = 0;
  async function attempt(work) {
    const mine = ++turn;
    try {
      await work(() => mine === turn);
    } catch (error) {
      if (mine === turn) notice(t('failed', { why: error.message }));
    }
  }

  // --- Colours: one hue for a service, the same on every view ---------------------------------------------------------
  const HUES = [265, 155, 45, 215, 330, 95, 185, 20, 295, 125, 240, 65];
  const hues = new Map();
  let serviceNames = [];
  function hue(service) {
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
  async function knowServices() {
    serviceNames = (await ask('services')).data;
    for (const name of serviceNames) hue(name);
  }
  const dot = (service) => make('span', { class: 'dot', style: { '--hue': hue(service) }, 'aria-hidden': 'true' });

  // --- A trace as a tree --------------------------------------------------------------------------------------------
  const serviceOf = (span) => span.localEndpoint?.serviceName || '';
  const failed = (span) => span.tags !== undefined && 'error' in span.tags;

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

  function buildTrace(spans) {
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
  const visibleRows = (trace, closed) => {
    const rows = [], stack = [...trace.roots].reverse();
    while (stack.length) {
      const node = stack.pop();
      rows.push(node);
      if (!closed.has(node)) stack.push(...[...node.children].reverse());
    }
    return rows;
  };

  // --- Search --------------------------------------------------------------------------------------------------------
  let found = [], foundCut = false, spanNames = [];

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
    await knowServices();
    spanNames = service ? (await ask(`spans?serviceName=${encodeURIComponent(service)}`)).data : [];
    const withChosen = (list, chosen) => [['', t('all')], ...(chosen && !list.includes(chosen) ? [chosen, ...list] : list).map((name) => [name, name])];
    options($('service'), withChosen(serviceNames, service), service);
    options($('span'), withChosen(spanNames, query.get('spanName') || ''), query.get('spanName') || '');
    $('span').disabled = !service;
    $('tags').value = query.get('annotationQuery') || '';
    $('min').value = compact(Number(query.get('minDuration')));
    $('max').value = compact(Number(query.get('maxDuration')));
    options($('lookback'), Object.keys(RANGES).map((key) => [key, t(key)]), query.get('range') || 'm15');
    options($('limit'), LIMITS.map((n) => [n, n]), query.get('limit') || 20);
    options($('sort'), ['newest', 'longest', 'most'].map((key) => [key, t(key)]), $('sort').value || 'newest');
  }

  function showSearch(query) {
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

  function showResults() {
    const by = { newest: (a, b) => b.start - a.start, longest: (a, b) => b.duration - a.duration, most: (a, b) => b.nodes.length - a.nodes.length };
    const longest = found.reduce((most, trace) => Math.max(most, trace.duration), 1);
    $('found').textContent = counted('found', found.length) + (foundCut ? ` (${t('cut')})` : '');
    $('results').replaceChildren(...[...found].sort(by[$('sort').value]).map((trace) => resultItem(trace, longest)));
    $('nothing').hidden = found.length > 0;
    $('nothing').replaceChildren(make('b', { text: t('nothing') }), t('nothingHint'), make('br'), make('code', { text:
      `curl ${location.origin}/api/v2/spans -d '[{"traceId":"a1","id":"a1","name":"hello","timestamp":'$(date +%s)'000000,"duration":1000,"localEndpoint":{"serviceName":"me"}}]'` }));
  }

  const nameOf = (span) => span.name || t('unnamed');
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

  // --- Waterfall -----------------------------------------------------------------------------------------------------
  let trace = null, closed = new Set(), selected = null, focused = null, shown = ROWS_AT_ONCE;

  function showTrace(id) {
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

  // --- Details of a span -----------------------------------------------------------------------------------------------
  const pairs = (list) => make('table', { class: 'pairs' }, make('tbody', {}, ...list.map(([key, value, mark]) =>
    make('tr', { class: mark ? 'failed' : null }, make('th', { scope: 'row', text: key }), make('td', { text: value })))));
  const address = (endpoint) => {
    const host = endpoint.ipv4 || (endpoint.ipv6 ? `[${endpoint.ipv6}]` : '');
    return [endpoint.serviceName, host + (endpoint.port ? `:${endpoint.port}` : '')].filter(Boolean).join(' · ');
  };
  const closeButton = (close) => make('button', { class: 'close', type: 'button', 'aria-label': t('close'), title: t('close'), text: '×', on: { click: close } });

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

  // --- Dependency graph ------------------------------------------------------------------------------------------------
  let links = [], chosen = null;
  const grade = (link) => ((link.errorCount || 0) >= link.callCount * 0.75 ? 'many' : (link.errorCount || 0) >= link.callCount * 0.5 ? 'some' : '');

  function showDependencies(query) {
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

  // A column for each service: one more than the furthest of its callers; a call back does not count.
  function columnOf(names) {
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
  function places(names) {
    const column = columnOf(names);
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

  function layout(names) {
    const plan = places(names);
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
  function edgePath(chain) {
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

  function drawGraph() {
    const names = [...new Set(links.flatMap((link) => [link.parent, link.child]))].sort();
    for (const name of names) hue(name);
    const { boxes, chains, width, height } = layout(names);
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

  // --- Frame: addresses, switches ------------------------------------------------------------------------------------
  function show(view) {
    for (const name of ['search', 'trace', 'dependency']) $(name).hidden = name !== view;
    for (const link of document.querySelectorAll('nav a')) {
      if (link.dataset.view === (view === 'trace' ? 'search' : view)) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }
  function route() {
    notice('');
    document.title = 'mini traces';
    const query = new URLSearchParams(location.search);
    const path = /^\/zipkin\/traces\/([0-9a-f]+)$/.exec(location.pathname);
    if (path) { show('trace'); return showTrace(path[1]); }
    if (location.pathname === '/zipkin/dependency') { show('dependency'); return showDependencies(query); }
    show('search');
    return showSearch(query);
  }
  function go(address) {
    history.pushState(null, '', address);
    window.scrollTo(0, 0);
    route();
  }

  function applyWords() {
    document.documentElement.lang = language;
    for (const element of document.querySelectorAll('[data-i18n]')) element.textContent = t(element.dataset.i18n);
    for (const element of document.querySelectorAll('[data-i18n-label]')) element.setAttribute('aria-label', t(element.dataset.i18nLabel));
    for (const element of document.querySelectorAll('[data-i18n-placeholder]')) element.placeholder = t(element.dataset.i18nPlaceholder);
    for (const button of document.querySelectorAll('[data-language]')) button.setAttribute('aria-pressed', String(button.dataset.language === language));
    $('theme').title = t(`theme_${theme}`);
    $('theme').setAttribute('aria-label', t(`theme_${theme}`));
  }

  function submit() {
    try {
      notice('');
      go(`/zipkin/?${filters()}`);
    } catch (error) {
      notice(error.message);
    }
  }
  const listen = (id, event, action) => $(id).addEventListener(event, action);

  document.addEventListener('DOMContentLoaded', () => {
    applyWords();
    document.addEventListener('click', (event) => {
      const link = event.target.closest?.('a[data-link]');
      if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      go(link.getAttribute('href'));
    });
    window.addEventListener('popstate', route);
    let width = innerWidth;
    window.addEventListener('resize', () => {
      if (trace && !$('trace').hidden && innerWidth !== width) { showFacts(); showRows(); }
      width = innerWidth;
    });
    for (const button of document.querySelectorAll('[data-language]')) {
      button.addEventListener('click', () => {
        language = button.dataset.language;
        store('language', language);
        applyWords();
        route();
      });
    }
    listen('theme', 'click', () => {
      const dark = matchMedia('(prefers-color-scheme: dark)').matches;
      const order = dark ? ['auto', 'light', 'dark'] : ['auto', 'dark', 'light'];
      theme = order[(order.indexOf(theme) + 1) % 3];
      store('theme', theme);
      applyTheme();
      applyWords();
    });
    listen('jump', 'submit', (event) => {
      event.preventDefault();
      const id = $('jump-id').value.trim().toLowerCase();
      if (/^[0-9a-f]{1,32}$/.test(id)) go(`/zipkin/traces/${id}`);
      else $('jump-id').setAttribute('aria-invalid', 'true');
    });
    listen('jump-id', 'input', () => $('jump-id').removeAttribute('aria-invalid'));
    listen('filters', 'submit', (event) => { event.preventDefault(); submit(); });
    listen('service', 'change', () => { $('span').value = ''; submit(); });
    listen('sort', 'change', showResults);
    listen('expand', 'click', () => { if (trace) { closed.clear(); showRows(); } });
    listen('collapse', 'click', () => { if (trace) { closed = new Set(trace.nodes.filter((node) => node.children.length)); showRows(); } });
    listen('more', 'click', () => { shown += ROWS_AT_ONCE; showRows(); });
    listen('dependency-lookback', 'change', () => go(`/zipkin/dependency?range=${$('dependency-lookback').value}`));
    route();
  });
})();
