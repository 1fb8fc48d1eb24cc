/* Says which seconds of the talk have been played. The page works without this file. */
(() => {
  "use strict";

  const EVERY = 10000;
  const MOST = 60;
  const LEAP = 1; /* seconds that playing may be ahead of the clock between two looks: more is a jump */
  const video = document.querySelector("video[data-ticket]");
  if (!video) return;
  const { ticket, beat } = video.dataset;

  /* What was played and not yet acknowledged: {ticket, from, to}. It outlives a reload of this tab,
     and each span goes with the ticket it was played under. */
  const key = `unsent ${beat}`;
  let unsent = [];
  try { unsent = JSON.parse(sessionStorage.getItem(key)) || []; } catch { /* no storage: memory will do */ }
  const keep = () => { try { sessionStorage.setItem(key, JSON.stringify(unsent)); } catch { /* as above */ } };

  let from = null; /* where the stretch that is being played began */
  let last = 0; /* how far it has come */
  let looked = 0; /* when that was, by the page's own clock */
  const tenth = (seconds) => Math.round(seconds * 10) / 10;
  const cut = () => {
    if (from === null) return;
    if (tenth(last) > tenth(from)) {
      unsent.push({ ticket, from: tenth(from), to: tenth(last) });
      keep();
    }
    from = last;
  };
  const look = () => {
    const at = video.currentTime;
    const now = performance.now();
    const playable = ((now - looked) / 1000) * Math.max(1, video.playbackRate) + LEAP;
    const played = from !== null && at >= last && at - last <= playable;
    looked = now;
    if (!played) {
      cut();
      from = video.paused || video.seeking ? null : at;
    }
    last = at;
  };

  /* One ticket at a time, the oldest first: what an earlier page played is paid for with its own time. */
  const next = () => unsent.filter((span) => span.ticket === unsent[0].ticket).slice(0, MOST);
  const body = (spans) => {
    const form = new URLSearchParams({ ticket: spans[0].ticket });
    for (const span of spans) { form.append("from", span.from.toFixed(1)); form.append("to", span.to.toFixed(1)); }
    return form;
  };
  const forget = (spans) => { unsent = unsent.filter((span) => !spans.includes(span)); keep(); };

  let sending = false;
  const send = async () => {
    cut();
    if (sending || !unsent.length) return;
    sending = true;
    const spans = next();
    try {
      const answer = await fetch(beat, { method: "POST", body: body(spans), keepalive: true, credentials: "same-origin" });
      /* What is declined for good is dropped; what may yet be taken goes with the next beat. */
      if (answer.ok || (answer.status < 500 && answer.status !== 429 && answer.status !== 408)) forget(spans);
    } catch { /* no network: the spans stay */ }
    sending = false;
  };
  /* A beacon brings no answer, so its spans stay and go once more: said twice counts once. */
  const leave = () => {
    cut();
    if (unsent.length) navigator.sendBeacon(beat, body(next()));
  };

  /* A question is sent without leaving the talk; whatever is not a plain yes is shown as its own page. */
  const asking = document.querySelector("form[data-question]");
  if (asking) asking.addEventListener("submit", async (event) => {
    event.preventDefault();
    let sent = false;
    try { sent = (await fetch(asking.action, { method: "POST", body: new URLSearchParams(new FormData(asking)) })).redirected; } catch { /* as below */ }
    if (!sent) { HTMLFormElement.prototype.submit.call(asking); return; }
    asking.reset();
    delete asking.dataset.sent;
    const button = asking.querySelector("[data-label]");
    if (button) button.textContent = button.dataset.label;
    const news = document.querySelector("[data-asked]");
    news.textContent = news.dataset.asked;
  });

  video.addEventListener("playing", look);
  video.addEventListener("timeupdate", () => { if (!video.seeking) look(); });
  video.addEventListener("seeking", () => { cut(); from = null; });
  video.addEventListener("seeked", () => { if (!video.paused) look(); });
  video.addEventListener("pause", () => { if (!video.seeking) look(); leave(); from = null; });
  video.addEventListener("loadedmetadata", () => {
    /* Browsers that do not read the second from the address are told it here. */
    const begins = Number(video.dataset.begins);
    if (begins && video.currentTime < 1) video.currentTime = begins;
  }, { once: true });
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
  window.addEventListener("pagehide", leave);
  window.addEventListener("online", send);
  setInterval(send, EVERY);
  send();
})();
