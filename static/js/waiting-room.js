// The page of somebody who waits: it asks for a status that is the same for all, works out its own
// place and time from it, and asks for a page of its own only when something has changed for it.
// Without this file the page loads itself again.
(() => {
  "use strict";
  const words = JSON.parse(document.getElementById("room-words").textContent);
  const ASK_PAGE_AFTER = 3; // seconds between two questions for a page, doubled while nothing changes
  const OLD = 10; // seconds after which a status is not relied on
  const BESIDE = 200; // seconds for which the proxy's file is passed by after that
  const luck = Math.random();
  const room = () => document.getElementById("room");
  const facts = () => room().dataset;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
  const digits = (n) => n.toLocaleString("en");

  let status = null; // the last one that was got
  let ahead = 0; // seconds by which the server's clock is ahead of ours
  let next = 0;
  let lookedAt = 0;
  let missed = 0;
  let lateUntil = 0; // until then the file that a proxy serves is passed by
  let pageAt = 0;
  let unchanged = 0;
  let milestone = Infinity;
  let left = Infinity;
  let grade = facts().outlook;
  const now = () => Date.now() / 1000 + ahead;
  const opens = () => (status || facts()).opens_at || facts().opens; // it may be put off

  function say(text) {
    document.getElementById("live").textContent = text;
  }

  function write(what, text) {
    const place = room().querySelector(`[data-says=${what}]`);
    if (place && place.textContent !== text) place.textContent = text;
    return place;
  }

  // What is asked, and when.

  async function look() {
    clearTimeout(next);
    lookedAt = Date.now();
    let again = 5 * 2 ** Math.min(missed, 2);
    try {
      const signal = AbortSignal.timeout ? AbortSignal.timeout(8000) : undefined;
      const late = Date.now() < lateUntil ? "?late" : "";
      const answer = await fetch(facts().status + late, { cache: "no-cache", credentials: "omit", signal });
      if (answer.status === 404) askPage(); // nobody waits any more
      else if (!answer.ok) throw new Error(answer.status);
      else again = learn(await answer.json(), Date.parse(answer.headers.get("Date")) / 1000);
      lost(false);
    } catch (error) {
      missed += 1;
      if (missed > 1 || navigator.onLine === false) lost(true);
    }
    clearTimeout(next);
    next = setTimeout(look, again * 1000);
  }

  // Returns the seconds until the next question.
  function learn(found, told) {
    const asked = found.ask;
    if (told - found.at > OLD) {
      // What makes the status, or the file that has it, stands still.
      if (Date.now() < lateUntil) askPage();
      const again = Date.now() < lateUntil ? asked.most : luck * 2;
      lateUntil = Date.now() + BESIDE * (1 + luck) * 1000;
      return again;
    }
    const before = status;
    status = found;
    ahead = Math.max(found.at, told || 0) - Date.now() / 1000;
    const { phase, epoch } = facts();
    if (found.phase === "closed" || String(found.epoch) !== epoch) askPage();
    else if (phase === "lobby" && found.phase === "open") askPage();
    if (before && before.paused !== found.paused && phase === "waiting") {
      say(words.say[found.halted ? "halted" : found.paused ? "paused" : "resumed"]);
    }
    turn();
    return whenToAsk(asked);
  }

  function whenToAsk(asked) {
    const within = (seconds) => Math.min(Math.max(seconds, asked.least), asked.most) * (0.9 + 0.2 * luck);
    const { phase } = facts();
    if (phase === "lobby") return Math.min(Math.max(opens() - now(), 0) + asked.least + luck * asked.spread, within(Infinity));
    if (phase !== "waiting") return within(Infinity);
    const pace = status.paused ? asked.paused_per_second : status.fast_per_second;
    return within(pace ? (places() / pace) * asked.share : Infinity);
  }

  function askPage() {
    const { page, phase } = facts();
    if (!window.htmx || Date.now() - pageAt < ASK_PAGE_AFTER * 1000 * 2 ** Math.min(unchanged, 4)) return;
    pageAt = Date.now();
    unchanged += 1;
    window.htmx.ajax("GET", `${page}&script=1`, { source: room(), target: "#room", swap: "outerHTML" })
      .then(() => changed(phase), () => {});
  }

  function changed(was) {
    const { phase, outlook } = facts();
    if (phase === was) return;
    unchanged = 0;
    milestone = left = Infinity;
    grade = outlook;
    if (phase === "admitted") itIsTheirTurn();
    turn();
    look();
  }

  function lost(away) {
    if (!away) missed = 0;
    const place = document.getElementById("room-lost");
    if (place.hidden === !away) return;
    place.hidden = !away;
    say(words.say[away ? "lost" : "back"]);
  }

  // What is told meanwhile, once a second.

  // Places that had their turn: as many as can be told by a pace.
  function served(pace) {
    return status.served + (status.per_second ? pace : 0) * Math.max(now() - status.at, 0);
  }
  const places = () => Math.max(facts().place - served(status.per_second), 0);

  function turn() {
    const { phase } = facts();
    document.getElementById("room-tell").hidden = !["lobby", "waiting"].includes(phase);
    if (phase === "lobby") inLobby();
    if (phase === "waiting" && status && status.phase === "open") waiting();
    if (phase === "admitted") admitted();
  }

  function inLobby() {
    countDown(opens() - now());
    const here = Math.max(status ? status.arrived : 0, facts().here); // the status may be older
    write("here", here === 1 ? words.here_one : fill(words.here, { n: digits(here) }));
  }

  function waiting() {
    const { place } = facts();
    if (places() <= 0) {
      askPage();
      return;
    }
    // Not by the likeliest pace: nobody shall see the number before them grow.
    const done = served(status.slow_per_second);
    const before = Math.max(Math.ceil(place - done) - 1, 0);
    write("count", before ? digits(before) : words.next).classList.toggle("long", !before);
    room().querySelector("[data-says=label]").hidden = !before;
    room().querySelector("progress").value = Math.min(done, place);
    document.title = `${fill(words.title, { place: digits(before + 1) })}: ${words.event} · Utsavam`;
    const wait = status.slow_per_second
      ? [(place - done) / status.fast_per_second, (place - done) / status.slow_per_second + words.hiccup] : null;
    write("wait", wait ? waitWords(wait) : words[status.halted ? "halted" : status.paused ? "paused" : "unknown"]);
    write("clock", wait ? clockWords(wait) : "");
    if (wait) tellMilestone(wait[1]);
    seats(before);
  }

  function waitWords([earliest, latest]) {
    const least = Math.floor(earliest / 60);
    const most = Math.max(Math.ceil(latest / 60), 1);
    const within = (unit) => ({ least: Math.floor(least / unit), most: Math.ceil(most / unit) });
    const told = (figures, range, atMost) => fill(figures.least ? range : atMost, figures);
    if (most > 2880) return told(within(1440), words.days_range, words.days);
    if (most > 120) return told(within(60), words.hours_range, words.hours);
    if (!least) return most === 1 ? words.minute : fill(words.minutes, { most });
    return fill(words.range, { least, most });
  }

  // The time of the day, to who may do something else meanwhile.
  function clockWords([earliest, latest]) {
    if (latest < 300 || latest > 43200) return "";
    const at = (seconds) => new Date(Date.now() + seconds * 1000).toLocaleTimeString("en-IN", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return fill(words.clock, { least: at(Math.floor(earliest / 60) * 60), most: at(Math.ceil(latest / 60) * 60) });
  }

  function tellMilestone(latest) {
    const reached = [60, 300, 600].find((seconds) => latest <= seconds) || Infinity;
    // What the page said when it came was read with it.
    if (reached < milestone && milestone !== Infinity) say(words.say[reached]);
    milestone = Math.min(milestone, reached === Infinity ? Number.MAX_VALUE : reached);
  }

  function seats(before) {
    write("seats", digits(status.seats));
    const [least, most, pending] = status.taking;
    if (least === undefined) return;
    const doubt = words.doubt * Math.sqrt(before);
    let found = "unsure";
    if (status.seats - (before * most + pending + doubt) >= 1) found = "enough";
    else if (before * least - doubt >= status.seats) found = "none";
    if (status.seats === 0) found = "gone";
    const place = write("outlook", words.outlook[found]);
    place.dataset.outlook = found;
    if (grade && grade !== found && (found === "none" || found === "gone")) say(words.outlook[found]);
    grade = found;
  }

  function admitted() {
    const rest = facts().ends - now();
    countDown(rest);
    if (rest <= 120 && left > 120 && left !== Infinity) say(words.say.two);
    left = rest;
    if (rest <= 0) askPage();
  }

  function countDown(seconds) {
    const place = room().querySelector("[data-clock]");
    const rest = Math.ceil(seconds);
    if (!place) return;
    place.hidden = rest <= 0 || (!status && !ahead);
    const days = Math.floor(rest / 86400);
    const pad = (n) => String(n).padStart(2, "0");
    const parts = [(rest % 86400) / 3600, (rest % 3600) / 60, rest % 60].map(Math.floor);
    const clock = (parts[0] || days ? parts : parts.slice(1)).map(pad).join(":");
    const named = days === 1 ? place.dataset.day : place.dataset.days && place.dataset.days.replace("{n}", days);
    place.classList.toggle("long", Boolean(days));
    place.textContent = days ? `${named}, ${clock}` : clock;
  }

  // How they hear that it is their turn.

  const kept = {
    get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
    set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* it is asked anew next time */ } },
  };
  const sound = document.getElementById("room-sound");
  const notice = document.getElementById("room-notice");
  let audio = null;

  function press(button, on, told) {
    button.setAttribute("aria-pressed", String(on));
    document.getElementById("room-told").textContent = told;
  }

  // Browsers let a page sound only once somebody has touched it.
  async function arm() {
    if (sound.getAttribute("aria-pressed") !== "true") return;
    audio = audio || new AudioContext();
    await audio.resume();
    sound.dataset.armed = audio.state;
    press(sound, true, words.sound);
  }

  function chime() {
    [523.25, 659.25, 783.99].forEach((pitch, turn) => {
      const at = audio.currentTime + turn * 0.35;
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.0001, at);
      loud.gain.exponentialRampToValueAtTime(0.25, at + 0.04);
      loud.gain.exponentialRampToValueAtTime(0.0001, at + 1.4);
      tone.connect(loud).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 1.5);
    });
    sound.dataset.chimes = Number(sound.dataset.chimes || 0) + 1;
  }

  async function offerSound() {
    if (!window.AudioContext) return;
    sound.hidden = false;
    if (kept.get("room-sound") === "on") {
      press(sound, true, words.touch);
      ["pointerdown", "keydown"].forEach((gesture) => document.addEventListener(gesture, arm, { once: true }));
    }
    sound.addEventListener("click", async () => {
      const on = sound.getAttribute("aria-pressed") !== "true";
      kept.set("room-sound", on ? "on" : "off");
      press(sound, on, "");
      if (!on) return;
      await arm();
      chime(); // so that they know it
    });
  }

  function offerNotice() {
    // Android's browsers have `Notification`, and show none of a page's own.
    if (!window.Notification || /Android/.test(navigator.userAgent)) return;
    notice.hidden = false;
    if (Notification.permission === "granted" && kept.get("room-notice") === "on") notice.setAttribute("aria-pressed", "true");
    notice.addEventListener("click", async () => {
      const wished = notice.getAttribute("aria-pressed") !== "true";
      const on = wished && (await Notification.requestPermission()) === "granted";
      kept.set("room-notice", on ? "on" : "off");
      press(notice, on, on ? words.told : wished ? words.refused : "");
    });
  }

  function itIsTheirTurn() {
    const { epoch, place } = facts();
    const once = (how) => {
      // Of several tabs one is enough.
      const name = `room-turn-${how}`;
      const first = kept.get(name) !== `${epoch}:${place}`;
      kept.set(name, `${epoch}:${place}`);
      return first;
    };
    if (audio && audio.state === "running" && sound.getAttribute("aria-pressed") === "true" && once("sound")) chime();
    if (document.hidden && notice.getAttribute("aria-pressed") === "true" && once("notice")) {
      const shown = new Notification(words.notice, { body: words.event, tag: `room-${epoch}` });
      shown.onclick = () => { window.focus(); shown.close(); };
    }
  }

  // Timers of a page that nobody sees run late.
  function catchUp() {
    if (document.hidden) return;
    turn();
    if (Date.now() - lookedAt > 2000) look();
  }

  document.documentElement.classList.add("live-room");
  room().setAttribute("hx-trigger", "room:ask"); // before htmx reads it
  offerSound();
  offerNotice();
  document.addEventListener("visibilitychange", catchUp);
  window.addEventListener("pageshow", ({ persisted }) => persisted && catchUp());
  window.addEventListener("online", look);
  window.addEventListener("offline", () => lost(true));
  setInterval(turn, 1000);
  turn();
  look();
})();
