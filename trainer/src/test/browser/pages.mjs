// Looks at a page in a browser: node pages.mjs PLAYWRIGHT CHROMIUM KIND ADDRESS [SCREENSHOTS]
// KIND is run, charts or serve. Fails by an exception; says what it has seen, a line each.
import {createRequire} from 'node:module';
import assert from 'node:assert/strict';

const [playwright, executablePath, kind, address, screenshots] = process.argv.slice(2);
const {chromium} = createRequire(import.meta.url)(playwright);
const browser = await chromium.launch({executablePath, args: ['--no-sandbox']});
const WIDTHS = [360, 1280];

/** A page whose errors and requests are kept. */
async function open(scheme, width) {
  const context = await browser.newContext({colorScheme: scheme, viewport: {width, height: 900}});
  const page = await context.newPage(), wrong = [], asked = [];
  page.on('pageerror', error => wrong.push(String(error)));
  page.on('console', message => { if (message.type() === 'error') wrong.push(message.text()); });
  page.on('request', request => asked.push(request.url()));
  await page.goto(address);
  return {context, page, wrong, asked};
}

async function looks(page, name, scheme, width) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} pixels wider than a window of ${width}`);
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0));
  assert.equal(ground < 384, scheme === 'dark', `the ground of ${name} in ${scheme}`);
  const nameless = await page.evaluate(() => [...document.images].filter(image => !image.hasAttribute('alt')).length);
  assert.equal(nameless, 0, 'images without an alt text');
  if (screenshots) await page.screenshot({path: `${screenshots}/${name}-${scheme}-${width}.png`, fullPage: true});
}

async function charts(page) {
  const boxes = await page.locator('[data-chart]').all();
  assert.ok(boxes.length > 0, 'there are charts');
  for (const box of boxes) {
    const drawn = await box.locator('canvas').evaluate(canvas => {
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return new Set(Array.from({length: pixels.length / 4}, (_, i) => pixels[4 * i + 3])).size;
    });
    assert.ok(drawn > 1, 'a chart is drawn');
    assert.match(await box.getAttribute('aria-label'), /points|no points/);
  }
  return boxes.length;
}

async function scrub(page) {
  const slider = page.getByRole('slider', {name: /Step/}), step = page.locator('.film output');
  const first = async () => page.locator('.now img').first().getAttribute('src');
  const newest = await step.textContent(), image = await first();
  await slider.focus();
  await page.keyboard.press('Home');
  const oldest = await step.textContent();
  assert.notEqual(oldest, newest, 'Home goes to the first preview');
  assert.notEqual(await first(), image, 'and shows its images');
  assert.equal(await slider.getAttribute('aria-valuetext'), 'step ' + oldest);
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await step.textContent(), oldest, 'an arrow goes on');
  await page.keyboard.press('End');
  assert.equal(await step.textContent(), newest, 'End goes to the newest');
  await page.locator('.strip img').first().click();
  assert.equal(await step.textContent(), oldest, 'a click in the strip goes there');
  return `${oldest} to ${newest}`;
}

async function look(name, then) {
  for (const scheme of ['light', 'dark']) {
    for (const width of WIDTHS) {
      const {context, page, wrong, asked} = await open(scheme, width);
      await then(page, scheme, width);
      assert.deepEqual(wrong, [], `${name} in ${scheme}, ${width} wide`);
      if (kind !== 'serve') assert.deepEqual(asked.filter(url => !url.startsWith('data:')), [address], 'nothing is loaded');
      assert.notEqual(await page.title(), 'broken', 'no text became a script');
      await context.close();
    }
  }
}

async function serve(page, scheme, width) {
  await page.getByLabel('Prompt', {exact: true}).fill('a red circle');
  await page.getByRole('button', {name: 'Make'}).click();
  await page.getByAltText('a red circle').waitFor();
  await page.getByRole('link', {name: 'use seed'}).waitFor();
  const row = page.getByRole('row', {name: /first/});
  await row.getByAltText('newest images of first').waitFor();
  await looks(page, 'serve', scheme, width);
  const [report] = await Promise.all([page.context().waitForEvent('page'), row.getByRole('link', {name: 'first'}).click()]);
  const wrong = [];
  report.on('pageerror', error => wrong.push(String(error)));
  await report.locator('canvas').first().waitFor();
  await scrub(report);
  assert.deepEqual(wrong, []);
  console.log('made an image and read a report');
}

try {
  switch (kind) {
    case 'run':
      await look('run', async (page, scheme, width) => {
        await looks(page, 'run', scheme, width);
        console.log(`${await charts(page)} charts, previews of steps ${await scrub(page)}`);
      });
      break;
    case 'charts':
      await look('charts', async (page, scheme, width) => {
        await looks(page, 'charts', scheme, width);
        console.log(`${await charts(page)} charts`);
      });
      break;
    case 'serve':
      await look('serve', serve);
      break;
    default:
      throw new Error('no kind of page: ' + kind);
  }
} finally {
  await browser.close();
}
