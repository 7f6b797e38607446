// The words of the page in English and Korean, and numbers, times and durations as each language writes them.
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

const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
export const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode: not remembered */ } };
export let language = WORDS[stored('language')] ? stored('language') : (navigator.language || '').startsWith('ko') ? 'ko' : 'en';
export function speak(other) {
  language = other;
  store('language', other);
}

export function t(key, values = {}) {
  const text = WORDS[language][key] ?? WORDS.en[key];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
// The word's form for one or many.
export function counted(key, n) {
  const form = `${key}_${new Intl.PluralRules(language).select(n)}`;
  return t(WORDS[language][form] ? form : `${key}_other`, { n: number(n) });
}
export const number = (n) => new Intl.NumberFormat(language).format(n);

export function duration(us) {
  const [value, unit] = us < 1e3 ? [us, 'µs'] : us < 1e6 ? [us / 1e3, 'ms'] : us < 6e7 ? [us / 1e6, 's'] : [us / 6e7, 'min'];
  return `${new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value)} ${unit}`;
}
export function ago(us) {
  const seconds = us / 1e6 - Date.now() / 1e3;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  for (const [unit, size] of [['day', 86400], ['hour', 3600], ['minute', 60]]) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(Math.round(seconds), 'second');
}
export const moment = (us) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(us / 1e3);
export const nameOf = (span) => span.name || t('unnamed');
