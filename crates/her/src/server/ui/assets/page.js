'use strict';
// What a page does by itself: swap fragments as they come, say what is under the pointer, move the
// scrubber, carry the token of a link to the login form. Without it every page is whole, but still.
(() => {
  const $ = id => document.getElementById(id);
  const pause = $('pause');
  const from = document.body.dataset.live;
  let source = null;
  let paused = false;

  // A fragment is replaced; its folds stay as they were, what was scrolled and the focus too.
  const swap = (id, html) => {
    const old = $(id);
    if (!old) return;
    const open = [...old.querySelectorAll('details[open]')].map(d => d.id);
    const scrolled = [...old.querySelectorAll('.scroll')].map(s => [s.scrollLeft, s.scrollTop]);
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const all = [...old.querySelectorAll('a, button, summary, [tabindex]')];
    const at = all.indexOf(focus);
    old.innerHTML = html;
    for (const d of open) if ($(d)) $(d).open = true;
    old.querySelectorAll('.scroll').forEach((s, i) => {
      if (scrolled[i]) [s.scrollLeft, s.scrollTop] = scrolled[i];
    });
    const again = at < 0 ? null : old.querySelectorAll('a, button, summary, [tabindex]')[at];
    if (again) again.focus({ preventScroll: true });
    if (pointer) hover(pointer);
  };

  const listen = () => {
    if (!from || source || paused || document.hidden) return;
    source = new EventSource(from);
    source.addEventListener('fragment', event => {
      const end = event.data.indexOf('\n');
      swap(event.data.slice(0, end), event.data.slice(end + 1));
    });
    source.onopen = () => document.body.classList.remove('cut');
    source.onerror = () => {
      document.body.classList.add('cut');
      // The browser tries again by itself, except after a refusal.
      if (source.readyState === EventSource.CLOSED) { stop(); setTimeout(listen, 5000); }
    };
  };
  const stop = () => { if (source) { source.close(); source = null; } };

  if (pause && from) {
    pause.hidden = false;
    const press = () => {
      paused = !paused;
      pause.setAttribute('aria-pressed', String(paused));
      pause.textContent = paused ? 'Go on' : 'Pause';
      if (paused) stop(); else listen();
    };
    pause.addEventListener('click', press);
    document.addEventListener('keydown', event => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key === 'p' && !typing && !event.ctrlKey && !event.metaKey) press();
    });
  }
  // A tab that nobody sees asks for nothing: browsers allow six streams to one place.
  document.addEventListener('visibilitychange', () => document.hidden ? stop() : listen());
  window.addEventListener('pagehide', stop);
  listen();

  // What is under the pointer is read from the table behind the chart.
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  tip.setAttribute('aria-hidden', 'true');
  document.body.append(tip);
  let pointer = null;
  const hide = () => {
    tip.hidden = true;
    pointer = null;
    document.querySelectorAll('.cursor').forEach(c => c.setAttribute('d', ''));
  };
  const hover = at => {
    const under = document.elementFromPoint(at.x, at.y);
    const drawing = under && under.closest('.plot[data-table] .drawing');
    if (!drawing) return hide();
    const table = $(drawing.parentElement.dataset.table);
    const rows = table ? table.tBodies[0].rows : [];
    if (!rows.length) return hide();
    const box = drawing.getBoundingClientRect();
    const share = Math.min(0.9999, Math.max(0, (at.x - box.left) / box.width));
    const i = Math.floor(share * rows.length);
    const heads = [...table.tHead.rows[0].cells].map(c => c.textContent);
    tip.replaceChildren(...[...rows[i].cells].map((cell, k) => {
      const line = document.createElement('span');
      line.textContent = heads[k] + ': ' + cell.textContent;
      return line;
    }));
    const cursor = drawing.querySelector('.cursor');
    const x = (i + 0.5) / rows.length * drawing.viewBox.baseVal.width;
    if (cursor) cursor.setAttribute('d', 'M' + x + ' 0V' + drawing.viewBox.baseVal.height);
    tip.hidden = false;
    pointer = at;
    const left = Math.min(at.x + 14, innerWidth - tip.offsetWidth - 8);
    tip.style.left = Math.max(8, left) + 'px';
    tip.style.top = Math.max(8, at.y - tip.offsetHeight - 14) + 'px';
  };
  document.addEventListener('pointermove', event => hover({ x: event.clientX, y: event.clientY }));
  document.addEventListener('pointerdown', event => hover({ x: event.clientX, y: event.clientY }));
  document.addEventListener('scroll', hide, { passive: true });
  document.addEventListener('keydown', event => { if (event.key === 'Escape') hide(); });

  // The scrubber says its version while it moves, and shows it when let go.
  const scrub = $('scrub');
  if (scrub) {
    const range = scrub.querySelector('input[type=range]');
    const says = scrub.querySelector('output');
    range.addEventListener('input', () => {
      says.value = Number(range.value).toLocaleString('en-US');
    });
    // By keyboard it moves a step at a time, and Show shows it.
    const before = range.value;
    range.addEventListener('pointerup', () => {
      if (range.value !== before) scrub.requestSubmit();
    });
  }

  // Talking: what is said goes where programs send it, and the answer comes a word at a time.
  const say = $('say');
  if (say) {
    const log = $('said');
    const told = $('told');
    const hush = $('hush');
    const words = $('words');
    const add = (role, text) => {
      const none = log.querySelector('.none-yet');
      if (none) none.remove();
      const line = document.createElement('div');
      line.className = 'said ' + role;
      const who = document.createElement('p');
      who.className = 'who';
      who.textContent = role === 'user' ? 'you' : say.dataset.model;
      const what = document.createElement('p');
      what.className = 'words';
      what.textContent = text;
      line.append(who, what);
      log.append(line);
      log.scrollTop = log.scrollHeight;
      return what;
    };
    const messages = () => [...log.querySelectorAll('.said')].map(line => ({
      role: line.classList.contains('user') ? 'user' : 'assistant',
      content: line.querySelector('.words').textContent,
    })).filter(message => message.content.trim());
    const short = x => Number(x).toPrecision(3);
    const tell = (her, usage) => {
      const all = [];
      const s = her.seconds || {};
      if (her.learned_tokens) {
        all.push(her.learned_tokens + ' tokens learned, at ' + short(her.bits_per_token) +
          ' bits each before' +
          (s.learning ? ', ' + short(her.learned_tokens / s.learning) + ' a second' : ''));
      }
      if (her.learned_nothing) all.push('nothing learned: ' + her.learned_nothing);
      if (usage && s.speaking) {
        all.push(usage.completion_tokens + ' spoken, ' +
          short(usage.completion_tokens / s.speaking) + ' a second');
      }
      all.push('version ' + her.version.toLocaleString('en-US'));
      told.textContent = all.join(' · ');
    };
    let stopper = null;
    const answer = async () => {
      const all = messages();
      // As much of the conversation as the terminal sends: the context has its end.
      let bytes = 0;
      let from = all.length;
      while (from > 0 && (bytes += all[from - 1].content.length) < 6144) from--;
      from = Math.min(from, all.length - 1);
      const said = add('assistant', '');
      stopper = new AbortController();
      const body = {
        model: say.dataset.model, conversation: say.dataset.conversation, stream: true,
        stream_options: { include_usage: true }, messages: all.slice(from),
      };
      if (!$('learn').checked) body.learn = false;
      const response = await fetch('/openai/v1/chat/completions', {
        method: 'POST', signal: stopper.signal, body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
      if (!response.ok) {
        said.closest('.said').remove();
        throw new Error((await response.json()).error.message);
      }
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let held = '';
      let her = null;
      let usage = null;
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const frames = (held + value).split('\n\n');
        held = frames.pop();
        for (const frame of frames) {
          const data = frame.slice(6);
          if (data === '[DONE]') continue;
          const chunk = JSON.parse(data);
          if (chunk.error) throw new Error(chunk.error.message);
          const choice = chunk.choices[0];
          if (choice && choice.delta.content) {
            said.textContent += choice.delta.content;
            log.scrollTop = log.scrollHeight;
          }
          her = chunk.her || her;
          usage = chunk.usage || usage;
        }
      }
      if (her) tell(her, usage);
      if (!said.textContent.trim()) said.closest('.said').remove();
    };
    say.addEventListener('submit', async event => {
      event.preventDefault();
      const text = words.value.trim();
      if (!text || stopper) return;
      add('user', text);
      words.value = '';
      told.textContent = 'it listens …';
      say.querySelector('[type=submit]').disabled = true;
      hush.hidden = false;
      await answer().catch(error => {
        told.textContent = error.name === 'AbortError' ? 'stopped' : error.message;
      });
      stopper = null;
      hush.hidden = true;
      say.querySelector('[type=submit]').disabled = false;
      words.focus();
    });
    hush.addEventListener('click', () => stopper && stopper.abort());
    words.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      say.requestSubmit();
    });
    log.scrollTop = log.scrollHeight;
  }

  // A link with #token=… logs in; the token leaves the address bar first.
  const login = $('login');
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (login && token) {
    history.replaceState(null, '', location.pathname + location.search);
    login.elements.token.value = token;
    login.requestSubmit();
  }
})();
