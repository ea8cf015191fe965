(() => {
  'use strict';
  const get = (id) => document.getElementById(id);
  const [form, text, verdict, engine, shown] = ['filter', 'text', 'verdict', 'engine', 'shown'].map(get);
  const items = [...document.querySelectorAll('.item')].map((el) => ({
    el,
    kind: el.classList.contains('finding') ? 'findings' : 'scenarios',
    text: (el.querySelector('summary').textContent + ' ' + el.dataset.text).toLowerCase(),
    verdict: el.dataset.verdict,
    engines: el.dataset.engines.split(' '),
  }));

  // Every word must be there, in any order.
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/);
    const all = { scenarios: 0, findings: 0 };
    const left = { scenarios: 0, findings: 0 };
    for (const one of items) {
      const fits = words.every((word) => one.text.includes(word))
        && (!verdict.value || one.verdict === verdict.value)
        && (!engine.value || one.engines.includes(engine.value));
      one.el.classList.toggle('hide', !fits);
      all[one.kind] += 1;
      left[one.kind] += fits ? 1 : 0;
    }
    shown.textContent = Object.keys(all).map((kind) => `${left[kind]} of ${all[kind]} ${kind}`).join(', ');
  };
  form.hidden = false;
  form.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(filter));
  filter();

  // A link leads into what is folded, and past the filter.
  const reveal = () => {
    let name = location.hash.slice(1);
    try { name = decodeURIComponent(name); } catch { /* as it stands */ }
    const target = name && get(name);
    if (!target) return;
    const item = target.closest('.item');
    if (item && item.classList.contains('hide')) { form.reset(); filter(); }
    for (let at = target; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    (item || target).scrollIntoView();
  };
  addEventListener('hashchange', reveal);
  reveal();

  // Paper cannot be unfolded.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const one of folded) one.open = true;
  });
  addEventListener('afterprint', () => {
    for (const one of folded) one.open = false;
    folded = [];
  });
})();
