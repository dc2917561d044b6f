'use strict';
(function () {
  const rows = JSON.parse(document.getElementById('rows').textContent);
  const more = JSON.parse(document.getElementById('more').textContent);
  const perPage = 50;
  const get = (id) => document.getElementById(id);
  const show = get('show'), search = get('search'), body = get('body'), count = get('count'), none = get('none');
  let found = rows, page = 0;

  const element = (name, text, kind) => {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (kind) e.className = kind;
    return e;
  };
  const marks = (cell, texts, kind) => {
    for (const t of texts) cell.append(element('span', t, kind));
    return cell;
  };
  // A row is: number, label, pictures, results, name, sex, number, valid until, findings, yuan, level, pictures shown.
  const rowOf = (r) => {
    const tr = element('tr', undefined, 'l' + r[10]);
    tr.append(element('td', r[0], 'n'));
    if (more.named) tr.append(element('td', r[1], 'of'));
    if (more.paired) tr.append(element('td', r[2], 'n'));
    tr.append(element('td', r[3].map((i) => more.results[i]).join(more.and), 'of'), element('td', r[4]), element('td', r[5]), element('td', r[6], 'id'), element('td', r[7], 'id'));
    tr.append(marks(element('td'), r[8].map((i) => more.findings[i]), 'mark'), element('td', r[9], 'n'));
    if (more.pictures) {
      const td = element('td', undefined, 'look');
      for (const data of r[11] || []) {
        const img = element('img');
        img.alt = '';
        img.src = 'data:image/jpeg;base64,' + data;
        td.append(img);
      }
      tr.append(td);
    }
    return tr;
  };
  const draw = () => {
    const pages = Math.max(1, Math.ceil(found.length / perPage));
    page = Math.min(Math.max(page, 0), pages - 1);
    const first = page * perPage, part = found.slice(first, first + perPage);
    body.replaceChildren(...part.map(rowOf));
    none.hidden = part.length > 0;
    count.textContent = (part.length ? first + 1 : 0) + '–' + (first + part.length) + ' / ' + found.length;
    get('first').disabled = get('back').disabled = page === 0;
    get('next').disabled = get('last').disabled = page === pages - 1;
  };
  const choose = () => {
    const wanted = show.value, text = search.value.trim().toLowerCase();
    const has = (r) => {
      if (wanted === 'look') return r[10] > 0;
      if (wanted[0] === 'f') return r[8].includes(Number(wanted.slice(1)));
      if (wanted[0] === 'r') return r[3].includes(Number(wanted.slice(1)));
      return true;
    };
    const says = (r) => !text || [r[0], r[1], r[4], r[6]].some((v) => String(v).toLowerCase().includes(text));
    found = rows.filter((r) => has(r) && says(r));
    page = 0;
    draw();
  };
  const option = (value, text, to) => {
    const o = element('option', text);
    o.value = value;
    to.append(o);
  };
  const group = (label, texts, key) => {
    if (!texts.length) return;
    const g = element('optgroup');
    g.label = label;
    texts.forEach((t, i) => option(key + i, t, g));
    show.append(g);
  };
  group(more.findingsHead, more.findings, 'f');
  group(more.resultsHead, more.results, 'r');
  if (rows.some((r) => r[10] > 0)) show.value = 'look';
  show.addEventListener('change', choose);
  let wait;
  search.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(choose, 150); });
  get('first').addEventListener('click', () => { page = 0; draw(); });
  get('back').addEventListener('click', () => { page--; draw(); });
  get('next').addEventListener('click', () => { page++; draw(); });
  get('last').addEventListener('click', () => { page = Infinity; draw(); });
  choose();
})();
