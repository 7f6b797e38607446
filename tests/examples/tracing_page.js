// node tracing_page.js ADDRESS PROFILE [FOLDER] : uses the collector's page as a user does, in Debian's Chromium.
// Prints each thing that is not as it should be; the exit code is 1 when there is one. Needs playwright-core.
// FOLDER gets two pictures: tracing.png, light and English, and tracing.ko.png, dark and Korean.
'use strict';
const { chromium } = require('playwright-core');
const [address, profile, folder] = process.argv.slice(2);
const failures = [];
const check = (what, got, want) => {
  if (JSON.stringify(got) !== JSON.stringify(want)) failures.push(`${what}\n    got:  ${JSON.stringify(got)}\n    want: ${JSON.stringify(want)}`);
};
const EVIL = '<img src=x onerror="document.title=\'owned\'">';

// The page's policy forbids what page.waitForFunction does.
async function until(page, true_there) {
  for (const end = Date.now() + 20000; Date.now() < end; await page.waitForTimeout(50)) if (await page.evaluate(true_there)) return;
  throw new Error(`never came true: ${true_there}`);
}

// A gateway asks user-service, which asks order-service; the last call fails, and its texts try to be markup.
const now = Date.now() * 1000 - 5e6;
const half = (id, parentId, kind, service, name, at, duration, more = {}) => ({
  traceId: '00000000000000000000000000c0ffee'.replace(/^0{16}/, '463ac35c9f6413ad'), id: `000000000000000${id}`, parentId: parentId && `000000000000000${parentId}`,
  kind, name, timestamp: now + at, duration, localEndpoint: { serviceName: service, ipv4: '10.0.0.2', port: 8000 }, ...more });
const SHOP = [
  half(1, null, 'SERVER', 'gateway', 'get /user-service/users/{userid}', 0, 48000, { tags: { 'http.method': 'GET', 'http.status_code': '200' } }),
  half(2, 1, 'CLIENT', 'gateway', 'get', 1500, 45000),
  half(2, 1, 'SERVER', 'user-service', 'get /users/{userid}', 3000, 42000, { shared: true, tags: { 'http.status_code': '200' } }),
  half(3, 2, 'CLIENT', 'user-service', 'select users', 4200, 6100, { remoteEndpoint: { serviceName: 'sqlite' }, tags: { 'sql.query': 'SELECT * FROM users WHERE user_id = ?' } }),
  half(4, 2, undefined, 'user-service', 'circuit breaker order-service', 12000, 31000, { tags: { 'circuitbreaker.state': 'CLOSED' }, annotations: [{ timestamp: now + 12600, value: 'permitted' }] }),
  half(5, 4, 'CLIENT', 'user-service', 'get', 13000, 29000),
  half(5, 4, 'SERVER', 'order-service', 'get /{userid}/orders', 15000, 25000, { shared: true, tags: { error: EVIL, 'http.status_code': '503' } }),
  half(6, 5, 'CLIENT', 'order-service', 'select orders', 18000, 17000, { remoteEndpoint: { serviceName: 'sqlite' } }),
];

async function search(page) {
  await page.goto(`${address}/`);
  await page.waitForSelector('.result');
  check('services offered', await page.$$eval('#service option', (all) => all.map((one) => one.textContent)), ['All', 'gateway', 'order-service', 'user-service']);
  await page.selectOption('#service', 'order-service');
  await until(page, () => document.querySelectorAll('#span option').length === 3);
  await page.fill('#tags', 'error and http.status_code=503');
  await page.fill('#min', '20ms');
  await page.click('#filters .primary');
  await until(page, () => location.search.includes('minDuration=20000'));
  await until(page, () => document.getElementById('found').textContent === '1 trace');
  check('chips', await page.$$eval('.result .chip', (all) => all.map((one) => one.textContent)), ['1 error', 'gateway 2', 'user-service 4', 'order-service 2']);
  await page.fill('#min', 'soon');
  await page.click('#filters .primary');
  check('a bad duration is told', await page.isVisible('#notice'), true);
  await page.fill('#min', '');
  await page.fill('#tags', 'no.such.tag');
  await page.click('#filters .primary');
  await page.waitForSelector('#nothing:not([hidden])');
  await page.goBack();
  await page.waitForSelector('.result');
  check('the form follows the address', await page.inputValue('#min'), '20ms');
}

const rows = (page) => page.$$eval('.row', (all) => all.map((row) => `${row.getAttribute('aria-level')} ${row.querySelector('b').textContent}`));

async function waterfall(page) {
  await page.click('.result');
  await page.waitForSelector('.row');
  const all = ['1 gateway', '2 gateway', '3 user-service', '4 user-service', '4 user-service', '5 user-service', '6 order-service', '7 order-service'];
  check('rows', await rows(page), all);
  check('three services', new Set((await rows(page)).map((row) => row.slice(2))).size, 3);
  check('the failed span is marked', await page.$$eval('.row', (list) => list.map((row) => Boolean(row.querySelector('.flag')))), [false, false, false, false, false, false, true, false]);
  const bars = await page.$$eval('.span-bar', (list) => list.map((bar) => bar.getBoundingClientRect()).map((box) => [box.left, box.width]));
  check('bars lie inside each other', bars[2][0] > bars[0][0] && bars[2][0] + bars[2][1] < bars[0][0] + bars[0][1], true);
  // By keyboard: down to the third row, fold it, open it, down to the failed one, show it.
  await page.focus('.row');
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowLeft']) await page.keyboard.press(key);
  check('folded', await rows(page), all.slice(0, 3));
  check('an error below is marked', await page.isVisible('.flag.below'), true);
  for (const key of ['ArrowRight', 'End', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
  await page.waitForSelector('#details:not([hidden])');
  check('text is text', (await page.textContent('#details')).includes(EVIL), true);
  check('nothing of it became an element', await page.$$eval('#main img', (list) => list.length), 0);
  await page.keyboard.press('Escape');
  check('closed', await page.isVisible('#details'), false);
  await page.click('#collapse');
  check('collapsed', await rows(page), all.slice(0, 1));
  await page.click('#expand');
  check('expanded', await rows(page), all);
}

async function looks(page) {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await background();
  check('dark follows the system', light !== dark, true);
  await page.click('#theme');
  check('the switch wins', await background(), light);
  await page.reload();
  await page.waitForSelector('.row');
  check('and is remembered', await background(), light);
  await page.click('#theme');
  check('dark by switch', await background(), dark);
  await page.emulateMedia({ colorScheme: 'light' });
  check('dark though the system is light', await background(), dark);
  await page.click('[data-language=ko]');
  check('Korean', [await page.textContent('nav a'), await page.getAttribute('html', 'lang')], ['트레이스 찾기', 'ko']);
  await page.reload();
  await page.waitForSelector('.row');
  check('Korean is remembered', await page.textContent('#expand'), '모두 펼치기');
  const untold = await page.$$eval('button, input, select, a', (all) => all.filter((one) => one.offsetParent && !one.textContent.trim() && !one.getAttribute('aria-label') && !one.closest('label')).map((one) => one.outerHTML));
  check('every control has a name', untold, []);
  await page.click('[data-language=en]');
}

async function dependencies(page) {
  await page.click('nav [data-view=dependency]');
  await page.waitForSelector('.node');
  check('nodes', (await page.$$eval('.node', (all) => all.map((node) => node.dataset.name))).sort(), ['gateway', 'order-service', 'sqlite', 'user-service']);
  check('edges', (await page.$$eval('#links tbody tr', (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent.trim()).join(' ')))).sort(),
    ['gateway user-service 1 0', 'order-service sqlite 1 0', 'user-service order-service 1 1', 'user-service sqlite 1 0']);
  check('a link that fails always is red', await page.$$eval('.edge.many', (all) => all.length), 1);
  await page.focus('.node[data-name=gateway]');
  await page.keyboard.press('Enter');
  check('others fade', (await page.$$eval('.node.faded', (all) => all.map((node) => node.dataset.name))).sort(), ['order-service', 'sqlite']);
  await page.goto(`${address}/zipkin/traces/00000000000000aa`);
  await page.waitForSelector('#notice:not([hidden])');
}

async function picture(page, file, language, colorScheme) {
  await page.evaluate(() => localStorage.removeItem('theme'));
  await page.emulateMedia({ colorScheme });
  await page.goto(`${address}/zipkin/traces/${SHOP[0].traceId}`);
  await page.click(`[data-language=${language}]`);
  await page.waitForSelector('.row');
  await page.click('.row:nth-child(5)');
  await page.evaluate(() => document.activeElement.blur());
  await page.mouse.move(0, 0);
  await page.screenshot({ path: file });
}

(async () => {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium', headless: true, locale: 'en-US', viewport: { width: 1360, height: 700 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  const missing = /00000000000000aa|status of 404/;  // the trace that is asked for in vain
  page.on('console', (message) => message.type() === 'error' && !missing.test(message.text()) && failures.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => failures.push(`error: ${error.message}`));
  page.on('request', (request) => request.url().startsWith(address) || request.url().startsWith('data:') || failures.push(`asks elsewhere: ${request.url()}`));
  const sent = await fetch(`${address}/api/v2/spans`, { method: 'POST', body: JSON.stringify(SHOP) });
  check('the trace is taken', sent.status, 202);
  try {
    for (const part of [search, waterfall, looks, dependencies]) await part(page);
    check('the title is ours', /owned/.test(await page.title()), false);
    if (folder) {
      await picture(page, `${folder}/tracing.png`, 'en', 'light');
      await picture(page, `${folder}/tracing.ko.png`, 'ko', 'dark');
    }
  } catch (error) {
    failures.push(String(error));
  }
  await context.close();
  for (const failure of failures) console.log(failure);
  process.exit(failures.length ? 1 : 0);
})();
