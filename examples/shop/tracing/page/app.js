// The page of the trace collector, without any library: which view the address asks for, and what the switches do.
import { showDependencies } from './dependency.js';
import { showResults, showSearch, submit } from './search.js';
import { $, go, notice } from './shared.js';
import { collapseAll, expandAll, fitWidth, showMore, showTrace } from './waterfall.js';
import { language, speak, store, t } from './words.js';

const theme = () => document.documentElement.dataset.theme || 'auto';

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

function applyWords() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-i18n]')) element.textContent = t(element.dataset.i18n);
  for (const element of document.querySelectorAll('[data-i18n-label]')) element.setAttribute('aria-label', t(element.dataset.i18nLabel));
  for (const element of document.querySelectorAll('[data-i18n-placeholder]')) element.placeholder = t(element.dataset.i18nPlaceholder);
  for (const button of document.querySelectorAll('[data-language]')) button.setAttribute('aria-pressed', String(button.dataset.language === language));
  $('theme').title = t(`theme_${theme()}`);
  $('theme').setAttribute('aria-label', t(`theme_${theme()}`));
}

function switchTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const order = dark ? ['auto', 'light', 'dark'] : ['auto', 'dark', 'light'];
  const next = order[(order.indexOf(theme()) + 1) % 3];
  store('theme', next);
  if (next === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  applyWords();
}
function jump(event) {
  event.preventDefault();
  const id = $('jump-id').value.trim().toLowerCase();
  if (/^[0-9a-f]{1,32}$/.test(id)) go(`/zipkin/traces/${id}`);
  else $('jump-id').setAttribute('aria-invalid', 'true');
}
// Links within the page change the view; with a modifier key they are the browser's.
function follow(event) {
  const link = event.target.closest?.('a[data-link]');
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute('href'));
}

const listen = (id, event, action) => $(id).addEventListener(event, action);
listen('theme', 'click', switchTheme);
listen('jump', 'submit', jump);
listen('jump-id', 'input', () => $('jump-id').removeAttribute('aria-invalid'));
listen('filters', 'submit', (event) => { event.preventDefault(); submit(); });
listen('service', 'change', () => { $('span').value = ''; submit(); });
listen('sort', 'change', showResults);
listen('expand', 'click', expandAll);
listen('collapse', 'click', collapseAll);
listen('more', 'click', showMore);
listen('dependency-lookback', 'change', () => go(`/zipkin/dependency?range=${$('dependency-lookback').value}`));
for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => {
    speak(button.dataset.language);
    applyWords();
    route();
  });
}
document.addEventListener('click', follow);
window.addEventListener('popstate', route);
let width = innerWidth;
window.addEventListener('resize', () => {
  if (!$('trace').hidden && innerWidth !== width) fitWidth();
  width = innerWidth;
});
applyWords();
route();
