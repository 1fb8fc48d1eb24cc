/* Small comforts. Every page works without this file. */
(() => {
  "use strict";

  const summary = document.getElementById("summary");
  if (summary) summary.focus();

  /* One press sends once; coming back by the browser's Back button wakes the form up again. */
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      if (button && button.dataset.busy) { button.dataset.label = button.textContent; button.textContent = button.dataset.busy; }
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[data-label]")) button.textContent = button.dataset.label;
    }
  });

  /* The server wrote the minutes and seconds; the script makes them tick. */
  for (const clock of document.querySelectorAll("[data-seconds]")) {
    const end = performance.now() + Number(clock.dataset.seconds) * 1000;
    const write = () => {
      const left = Math.max(0, Math.round((end - performance.now()) / 1000));
      const dots = document.createElement("span");
      dots.textContent = ":";
      clock.replaceChildren(String(Math.floor(left / 60)), dots, String(left % 60).padStart(2, "0"));
    };
    setInterval(write, 1000);
  }
  const waiting = document.querySelector("[data-reload]");
  if (waiting) setTimeout(() => window.location.reload(), Number(waiting.dataset.reload) * 1000);

  /* A zone that nobody chose is guessed from the device, and the times on the page follow it. */
  const guess = document.querySelector('input[name="guess"]');
  if (!guess || guess.value || !guess.dataset.clinicZone) return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || !zone.includes("/")) return;
  guess.value = zone;
  /* In the language of the page: its sentences stand in the field's data, with {gaps}; habits are American, as the server's. */
  const said = guess.dataset;
  const zones = JSON.parse(said.zones);
  const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const locale = `${document.documentElement.lang}-US`;
  const say = (options, at, where) => new Intl.DateTimeFormat(locale, { ...options, timeZone: where }).format(at);
  const held = (words) => words.replace(/[\u202f ]/g, "\u00a0");
  const day = (at, where) => {
    const words = held(say({ weekday: "long", month: "long", day: "numeric" }, at, where)).replace("\u00a0", " ");
    return locale.startsWith("en") ? words : words.replace(",", "");
  };
  const hour = (at, where) => held(say({ hour: "numeric", minute: "2-digit" }, at, where));
  const place = (where) => {
    const listed = document.querySelector(`#zone option[value="${where}"]`);
    return listed ? listed.dataset.city : where.split("/").pop().replace(/_/g, " ");
  };
  const usual = (where) => {
    const parts = new Intl.DateTimeFormat("en-US", { timeZone: where, timeZoneName: "longGeneric" }).formatToParts(new Date());
    const name = /^(\w+) Time$/.exec(parts.find((part) => part.type === "timeZoneName").value);
    return name ? zones[name[1]] : undefined;
  };
  const word = (where) => usual(where) || fill(said.zone, { city: place(where) });
  const clinic = said.clinicZone;
  const mine = word(zone);
  for (const item of document.querySelectorAll("[data-at]")) {
    const at = new Date(item.dataset.at);
    const same = day(at, zone) === day(at, clinic) && hour(at, zone) === hour(at, clinic);
    const there = `${hour(at, clinic)} ${word(clinic)}`;
    const weekday = say({ weekday: "long" }, at, clinic);
    const time = day(at, zone) === day(at, clinic) ? there : fill(said.otherDay, { weekday, time: there });
    item.textContent = {
      day: day(at, zone),
      hour: hour(at, zone),
      own: `${hour(at, zone)} ${mine}`,
      yours: fill(same ? said.yoursToo : said.yours, { zone: mine }),
      clinic: same ? "" : fill(said.there, { time }),
    }[item.dataset.form];
  }
  const title = document.querySelector("[data-zone-title]");
  if (title) title.textContent = `${fill(usual(zone) ? said.zoneWithCity : said.zoneOfCity, { zone: mine, city: place(zone) })}.`;
})();
