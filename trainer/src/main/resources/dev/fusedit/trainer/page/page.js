'use strict';
(() => {
  // light-dark() of a custom property is only settled where it is used
  const probe = document.createElement('span');
  const color = name => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const faint = (rgb, alpha) => rgb.replace(/rgba?\(([^,]+),([^,]+),([^,)]+).*/, `rgba($1,$2,$3,${alpha})`);
  const short = value => value == null ? '\u2013' : Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e') : String(Number(value.toPrecision(4)));

  // ---- charts

  const LEAST = 240;
  function logTicks(low, high, times = [1, 2, 5]) {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const each of times) {
        const tick = Number((each * 10 ** power).toPrecision(12));
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    if (ticks.length < 3 && times.length < 9) return logTicks(low, high, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    return ticks.length < 10 ? ticks : ticks.filter(tick => /^[^1-9]*1/.test(String(tick)));
  }

  const scale = axis => axis.log ? {time: false, distr: 3, range: (_, low, high) => low == null ? [1, 10] : [low / 1.05, Math.max(high, low * 1.2) * 1.05]}
    : {time: false};

  function axis(of, ink, line, more) {
    const shown = {label: of.label, labelSize: 20, labelFont: '12px system-ui', font: '12px system-ui', stroke: ink, grid: {stroke: line, width: 1},
      ticks: {stroke: line, width: 1}, values: (_, values) => values.map(short), ...more};
    if (of.log) Object.assign(shown, {splits: (_, __, low, high) => logTicks(low, high), filter: (_, splits) => splits});
    return shown;
  }

  // What is beside a series' own line: the points it is the average of, or the ends of their intervals.
  function parts(one, index) {
    const ink = color('--c' + index % 8), line = one.smooth || one.y, aux = {class: 'aux', points: {show: false}, label: one.name};
    const made = {columns: [line], series: [{label: one.name, stroke: ink, width: 2, value: (_, value) => short(value),
      points: {show: one.mark !== 'none' || line.length === 1, size: 7, fill: one.mark === 'rings' ? color('--ground') : ink}}], band: false, bars: false};
    if (one.low) {
      made.columns.push(one.high, one.low);
      made.band = one.mark === 'none';
      made.bars = !made.band;
      const edge = {...aux, stroke: 'transparent', width: 0};
      made.series.push(edge, {...edge});
      made.fill = faint(ink, .22);
      made.ink = ink;
    } else if (one.smooth) {
      made.columns.push(one.y);
      made.series.push({...aux, stroke: faint(ink, .3), width: 1});
    }
    return made;
  }

  function draw(box, plot) {
    const all = plot.series.map(parts), series = [{label: plot.x.label, value: (_, value) => short(value)}], bands = [], bars = [], owner = [0];
    all.forEach((one, i) => {
      const first = series.length;
      if (one.band) bands.push({series: [first + 1, first + 2], fill: one.fill});
      if (one.bars) bars.push({high: first + 1, low: first + 2, ink: one.ink});
      one.series.forEach(() => owner.push(first));
      series.push(...one.series);
    });
    const data = uPlot.join(plot.series.map((one, i) => [one.x, ...all[i].columns]));
    const ink = color('--quiet'), line = color('--line');
    const size = () => ({width: Math.max(LEAST, box.clientWidth), height: Math.round(Math.min(320, Math.max(220, box.clientWidth * .55)))});
    const whiskers = u => {
      for (const bar of bars) {
        if (!u.series[bar.high].show) continue;
        u.ctx.strokeStyle = bar.ink;
        u.ctx.lineWidth = devicePixelRatio;
        data[0].forEach((x, i) => {
          if (data[bar.high][i] == null) return;
          const at = u.valToPos(x, 'x', true);
          u.ctx.beginPath();
          u.ctx.moveTo(at, u.valToPos(data[bar.high][i], 'y', true));
          u.ctx.lineTo(at, u.valToPos(data[bar.low][i], 'y', true));
          u.ctx.stroke();
        });
      }
    };
    const follow = (u, index, options) => { // what belongs to a series goes and comes with it
      if (index == null || options.show == null || owner[index] !== index) return;
      owner.forEach((of, i) => { if (of === index && i !== index && u.series[i].show !== options.show) u.setSeries(i, {show: options.show}); });
    };
    const chart = new uPlot({...size(), series, bands, scales: {x: scale(plot.x), y: scale(plot.y)}, legend: {live: true},
      axes: [axis(plot.x, ink, line, {size: 34}), axis(plot.y, ink, line, {size: 58})], cursor: {y: false, points: {size: 6}},
      hooks: {draw: [whiskers], setSeries: [follow]}}, data, box);
    return {chart, resize: () => chart.setSize(size())};
  }

  function charts() {
    const stored = document.getElementById('charts');
    if (!stored) return;
    const plots = JSON.parse(stored.textContent), drawn = new Map();
    document.body.append(probe);
    const show = box => {
      const before = drawn.get(box);
      if (before) before.chart.destroy();
      drawn.set(box, draw(box, plots[Number(box.dataset.chart)]));
    };
    const boxes = [...document.querySelectorAll('[data-chart]')];
    boxes.forEach(show);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => boxes.forEach(show));
    const resized = new ResizeObserver(entries => entries.forEach(({target}) => {
      if (drawn.get(target).chart.width !== Math.max(LEAST, target.clientWidth)) drawn.get(target).resize();
    }));
    boxes.forEach(box => resized.observe(box));
  }

  // ---- previews through time

  // What is shown stays so when the page is read again; a page of no site of its own may not remember.
  function remember(hash) {
    try { history.replaceState(null, '', hash); } catch { /* it begins at the newest again */ }
  }

  function film(section) {
    const frames = JSON.parse(section.querySelector('script').textContent);
    const slider = section.querySelector('input'), output = section.querySelector('output');
    const strip = section.querySelector('.strip'), now = section.querySelector('.now');
    const text = (name, content) => Object.assign(document.createElement(name), {textContent: content});
    const figure = image => {
      const made = document.createElement('figure'), shown = document.createElement('img'), caption = document.createElement('figcaption');
      Object.assign(shown, {src: image.src, alt: image.caption});
      if (image.verdict) caption.append(text('b', image.verdict), document.createElement('br'));
      caption.append(image.caption);
      made.append(shown, caption);
      return made;
    };
    const thumbs = frames.map((frame, i) => {
      const thumb = Object.assign(document.createElement('img'), {src: frame.images[0].src, alt: '', title: 'step ' + frame.step});
      thumb.addEventListener('click', () => { slider.value = i; show(); });
      return thumb;
    });
    strip.append(...thumbs);
    function show() {
      const index = Number(slider.value), frame = frames[index];
      output.textContent = frame.step;
      slider.setAttribute('aria-valuetext', 'step ' + frame.step);
      now.replaceChildren(...frame.images.map(figure));
      thumbs.forEach((thumb, i) => thumb.classList.toggle('chosen', i === index));
      strip.scrollLeft = thumbs[index].offsetLeft - strip.offsetLeft - strip.clientWidth / 2;
      remember(index === frames.length - 1 ? '#newest' : '#step-' + frame.step);
    }
    const asked = frames.findIndex(frame => location.hash === '#step-' + frame.step);
    if (asked >= 0) slider.value = asked;
    slider.addEventListener('input', show);
    show();
  }

  // ---- a run that goes on

  function goesOn(line) {
    line.hidden = false;
    setInterval(() => { if (line.querySelector('input').checked) location.reload(); }, 30_000);
  }

  charts();
  document.querySelectorAll('.film').forEach(film);
  document.querySelectorAll('.goes-on').forEach(goesOn);
})();
