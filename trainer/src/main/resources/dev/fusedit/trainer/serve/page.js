'use strict';
const PREVIEWS = 8, SMALL = 160;
const byId = id => document.getElementById(id);
const form = byId('form'), fields = ['n', 'width', 'height', 'steps', 'guidance', 'solver'];
let model = null, running = null;

function headers(more) {
  const token = sessionStorage.getItem('token');
  return token ? {...more, Authorization: 'Bearer ' + token} : {...more};
}

function say(text, wrong) {
  const status = byId('status');
  status.textContent = text;
  status.classList.toggle('wrong', Boolean(wrong));
}

async function reason(response) {
  try { return (await response.json()).error.message; } catch { return 'the server answered ' + response.status; }
}

async function ask(path) {
  const response = await fetch(path, {headers: headers()});
  if (response.status === 401) byId('token-row').hidden = false;
  if (!response.ok) throw new Error(await reason(response));
  return response;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// ---- the model

async function start() {
  try {
    model = await (await ask('/api/model')).json();
  } catch (e) {
    say(e.message, true);
    return;
  }
  byId('token-row').hidden = true;
  say('');
  const usual = model.defaults;
  byId('model').textContent = `${model.model} · ${model.model_sha256.slice(0, 10)} · ${usual.width} × ${usual.height}`;
  document.title = model.model + ' · fusedit';
  const solver = byId('solver');
  solver.replaceChildren(...model.solvers.map(name => element('option', {value: name, textContent: name})));
  solver.value = usual.solver || 'euler';
  for (const side of ['width', 'height']) {
    Object.assign(byId(side), {value: usual[side], min: model.multiple, max: model.limits.side, step: model.multiple});
  }
  Object.assign(byId('steps'), {value: usual.steps, max: model.limits.steps});
  byId('guidance').value = usual.guidance;
  byId('n').max = model.limits.images;
  byId('prompt').maxLength = byId('negative').maxLength = model.limits.text;
  if (model.runs) runs();
}

// ---- images

function wanted() {
  const asked = {prompt: byId('prompt').value, previews: PREVIEWS, stream: true, solver: byId('solver').value};
  for (const name of ['n', 'width', 'height', 'steps', 'guidance']) asked[name] = Number(byId(name).value);
  if (byId('negative').value) asked.negative = byId('negative').value;
  if (byId('seed').value) asked.seed = byId('seed').value;
  return asked;
}

function entry(asked) {
  const images = element('div', {className: 'images'}), about = element('p', {className: 'quiet'});
  const cells = [];
  for (let i = 0; i < asked.n; i++) {
    const image = element('img', {alt: '', width: asked.width, height: asked.height});
    image.classList.toggle('small', asked.width < SMALL);
    const caption = element('figcaption', {textContent: 'waits'});
    images.append(element('figure', {}, image, caption));
    cells.push({image, caption});
  }
  const article = element('article', {}, element('p', {}, element('strong', {textContent: asked.prompt})), images, about);
  byId('empty').hidden = true;
  byId('history').prepend(article);
  return {article, about, cells, steps: new Array(asked.n).fill(0)};
}

function fill(asked, seed) {
  for (const name of fields) byId(name).value = asked[name];
  byId('prompt').value = asked.prompt;
  byId('negative').value = asked.negative || '';
  byId('seed').value = seed;
  byId('prompt').focus();
}

function done(asked, cell, data) {
  cell.image.src = 'data:image/png;base64,' + data.b64_png;
  cell.image.alt = asked.prompt;
  const save = element('a', {href: cell.image.src, download: `${model.model}-${data.seed}.png`, textContent: 'save'});
  const again = element('a', {href: '#form', textContent: 'use seed'});
  again.addEventListener('click', event => { event.preventDefault(); fill({...asked, n: 1}, data.seed); });
  cell.caption.replaceChildren(`seed ${data.seed} · `, save, ' · ', again);
}

function onEvent(asked, shown, name, data) {
  const progress = byId('progress'), cell = shown.cells[data.image];
  switch (name) {
    case 'queued': say(data.ahead ? `${data.ahead} images are made before` : 'begins'); break;
    case 'step':
      shown.steps[data.image] = data.step;
      progress.value = shown.steps.reduce((a, b) => a + b, 0) / (asked.steps * asked.n);
      cell.caption.textContent = `step ${data.step} of ${data.steps}`;
      say(`step ${data.step} of ${data.steps}`);
      break;
    case 'preview': cell.image.src = 'data:image/png;base64,' + data.b64_png; break;
    case 'image': done(asked, cell, data); break;
    case 'done':
      shown.about.textContent = [`${asked.width} × ${asked.height}, ${asked.steps} steps, guidance ${asked.guidance}, ${asked.solver}, `
        + `${data.seconds.toFixed(1)} s`, ...data.warnings].join(' · ');
      say(`made in ${data.seconds.toFixed(1)} s`);
      break;
    case 'error': throw new Error(data.error.message);
  }
}

async function read(response, each) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '', ended = false;
  while (true) {
    const {value, done} = await reader.read();
    if (done) break;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = name => lines.filter(line => line.startsWith(name + ': ')).map(line => line.slice(name.length + 2)).join('\n');
      if (field('event')) each(field('event'), JSON.parse(field('data')));
      ended = ended || field('event') === 'done';
    }
  }
  if (!ended) throw new Error('the connection ended early');
}

async function make() {
  if (running || !form.reportValidity()) return;
  const asked = wanted(), shown = entry(asked);
  running = new AbortController();
  byId('make').disabled = true;
  byId('stop').disabled = false;
  byId('progress').hidden = false;
  byId('progress').value = 0;
  try {
    const response = await fetch('/api/images', {method: 'POST', headers: headers({'Content-Type': 'application/json'}),
      body: JSON.stringify(asked), signal: running.signal});
    if (!response.ok) throw new Error(await reason(response));
    await read(response, (name, data) => onEvent(asked, shown, name, data));
  } catch (e) {
    if (!shown.cells.some(cell => cell.image.alt)) shown.article.remove();
    byId('empty').hidden = byId('history').childElementCount > 0;
    say(e.name === 'AbortError' ? 'stopped' : e.message, e.name !== 'AbortError');
  } finally {
    running = null;
    byId('make').disabled = false;
    byId('stop').disabled = true;
    byId('progress').hidden = true;
  }
}

// ---- runs

async function runs() {
  const rows = (await (await ask('/api/runs')).json()).runs;
  byId('runs').hidden = false;
  byId('run-rows').replaceChildren(...rows.map(run => {
    const picture = element('td', {}), number = value => value === undefined ? '–' : String(Number(value.toPrecision(4)));
    if (run.image) show(run.name, picture);
    const name = element('th', {scope: 'row'}, run.report ? report(run.name) : run.name, run.finished ? '' : ' (not at its end)');
    return element('tr', {}, name,
      element('td', {textContent: run.step}), element('td', {textContent: number(run.flow)}),
      element('td', {textContent: number(run.images_per_second)}),
      element('td', {textContent: new Date(run.written * 1000).toLocaleString()}), picture);
  }));
}

// A link shows no token, so where there is one the page is saved.
function report(name) {
  const place = `/api/runs/${encodeURIComponent(name)}/report`, link = element('a', {href: place, target: '_blank', textContent: name});
  link.addEventListener('click', async event => {
    if (!sessionStorage.getItem('token')) return;
    event.preventDefault();
    const saved = element('a', {href: URL.createObjectURL(await (await ask(place)).blob()), download: name + '.html'});
    saved.click();
    URL.revokeObjectURL(saved.href);
  });
  return link;
}

async function show(name, cell) {
  const blob = await (await ask(`/api/runs/${encodeURIComponent(name)}/image`)).blob();
  cell.append(element('img', {src: URL.createObjectURL(blob), alt: 'newest images of ' + name, loading: 'lazy'}));
}

form.addEventListener('submit', event => { event.preventDefault(); make(); });
byId('stop').addEventListener('click', () => running && running.abort());
byId('unlock').addEventListener('click', () => { sessionStorage.setItem('token', byId('token').value.trim()); byId('token').value = ''; start(); });
for (const id of ['prompt', 'negative']) {
  byId(id).addEventListener('keydown', event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) make(); });
}
start();
