// What HTMX does not do by itself. Every page works without this file.
(() => {
  "use strict";
  const TICK = Number(document.body.dataset.tick) || 4000;
  const canObserve = typeof window.IntersectionObserver === "function";

  // Each extra stands alone: where a browser lacks what one needs, the others and the page go on.
  function safely(extra, ...given) {
    const tell = (error) => console.warn(extra.name, error);
    try {
      const ending = extra(...given);
      if (ending && ending.catch) ending.catch(tell);
    } catch (error) {
      tell(error);
    }
  }

  function each(root, selector, extra) {
    root.querySelectorAll(selector).forEach((element) => safely(extra, element));
  }

  function show(element) {
    element.hidden = false;
  }

  // Elements that show live figures ask for them at each tick, while somebody can see the page.
  function tick() {
    if (!document.hidden && navigator.onLine !== false && window.htmx) {
      window.htmx.trigger(document.body, "utsavam:tick");
    }
  }
  setInterval(tick, TICK);

  // The fewest seats of an order, which may have none of a ticket type.
  const least = (input) => Number(input.dataset.least) || 1;

  // How many seats a field asks for; NaN where that can't be had.
  function asked(input) {
    const seats = Number(input.value);
    const fits = seats >= least(input) || (seats === 0 && input.min === "0");
    return Number.isInteger(seats) && fits && seats <= Number(input.max) ? seats : NaN;
  }

  function label(input) {
    const all = document.getElementById("seats-help");
    const help = document.getElementById(input.dataset.help || "seats-help");
    if (help) input.max = help.dataset.most;
    const button = input.form.querySelector("[data-book]");
    // An event with ticket types has a field for each.
    let wanted = 0;
    let cost = 0;
    input.form.querySelectorAll("[data-price]").forEach((field) => {
      wanted += asked(field);
      cost += asked(field) * Number(field.dataset.price);
    });
    const seats = all && wanted > Number(all.dataset.most) ? 0 : wanted || 0;
    let text = button.dataset.book;
    if (seats) text = seats === 1 ? button.dataset.one : button.dataset.many.replace("{n}", seats.toLocaleString("en-IN"));
    if (seats && cost > 0) {
      // As the server writes amounts.
      const digits = Number(input.dataset.digits);
      const total = cost / 10 ** digits;
      const decimals = Number.isInteger(total) ? 0 : digits;
      text += " · " + input.dataset.mark + total.toLocaleString("en-IN", {
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
      });
    }
    button.textContent = text;
    input.parentNode.querySelectorAll("[data-step]").forEach((step) => {
      step.hidden = false;
      // Not disabled, which would take the focus away from whoever presses it.
      step.setAttribute("aria-disabled", String(asked(input) === stepped(input, step)));
    });
  }

  // The number after a press of − or +.
  function stepped(input, step) {
    const way = Number(step.dataset.step);
    let wanted = (Math.trunc(Number(input.value)) || 0) + way;
    if (wanted < least(input)) wanted = way < 0 ? Number(input.min) : least(input);
    return Math.min(wanted, Number(input.max));
  }

  function take(step) {
    const input = step.parentNode.querySelector("input");
    input.value = stepped(input, step);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    document.getElementById("live").textContent = step.form.querySelector("[data-book]").textContent;
  }

  function reveal(button) {
    const field = document.getElementById(button.dataset.reveal);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  }

  // The moment by the visitor's clock, where that is another than the event's.
  function yourTime(span) {
    if (!window.Intl || !window.Intl.DateTimeFormat) return;
    const at = new Date(span.dataset.yourTime);
    const written = (timeZone) => new Intl.DateTimeFormat("en-IN", {
      weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone,
    }).format(at);
    if (written() === written(span.dataset.zone)) return;
    span.textContent = span.dataset.text.replace("{time}", written());
    span.hidden = false;
  }

  // How far our server's clock is ahead of the visitor's, in milliseconds: at least, and at most.
  // Each answer's Date tells it; in the page itself it would be old once the page was kept.
  let ahead = null;
  function hear(xhr) {
    const second = Date.parse(xhr.getResponseHeader("Date"));
    if (Number.isNaN(second) || !xhr.askedAt) return;
    const now = { least: second - Date.now(), most: second + 1000 - xhr.askedAt };
    const both = ahead && { least: Math.max(now.least, ahead.least), most: Math.min(now.most, ahead.most) };
    // They contradict each other where the visitor's clock was set meanwhile.
    ahead = both && both.least <= both.most ? both : now;
    safely(countDown);
  }

  function countDown() {
    if (!ahead) return;
    document.querySelectorAll("[data-countdown]").forEach((place) => {
      const left = Math.ceil((new Date(place.dataset.countdown) - Date.now() - ahead.least) / 1000);
      if (left <= 0) {
        if (!place.hidden) tick(); // by our clock it is time: now the counter is asked
        place.hidden = true;
        return;
      }
      const days = Math.floor(left / 86400);
      const pad = (n) => String(n).padStart(2, "0");
      const clock = [(left % 86400) / 3600, (left % 3600) / 60, left % 60].map(Math.floor).map(pad).join(":");
      const named = days === 1 ? place.dataset.day : place.dataset.days.replace("{n}", days);
      place.textContent = place.dataset.text.replace("{time}", days ? `${named}, ${clock}` : clock);
      place.hidden = false;
    });
  }

  async function share(button) {
    const { share: url, title } = button.dataset;
    try {
      if (navigator.share) {
        await navigator.share({ title, url });
        return;
      }
    } catch (error) {
      if (error.name === "AbortError") return; // the system's sheet was closed on purpose
    }
    await navigator.clipboard.writeText(url);
    document.getElementById("live").textContent = button.dataset.copied;
    button.lastChild.textContent = " " + button.dataset.copied;
  }

  async function copy(button) {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    document.getElementById("live").textContent = button.dataset.copied;
    button.lastChild.textContent = " " + button.dataset.copied;
  }

  // Browsers fetch lazy images thousands of pixels ahead; a first visit needs three posters.
  const posters = canObserve && new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => hang(target));
  }, { rootMargin: "300px" });

  function hang(place) {
    if (posters) posters.unobserve(place);
    const poster = new Image(800, 500);
    poster.className = place.className;
    poster.alt = "";
    poster.src = place.dataset.poster;
    place.replaceWith(poster);
  }

  // A scanned key stands behind the address's #, which no server is sent.
  function takeKey(form) {
    const key = new URLSearchParams(window.location.hash.slice(1)).get("key");
    if (!key) return;
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    form.elements.key.value = key;
    form.requestSubmit();
  }

  // What was typed goes on in the next booking form that a poll brings.
  const typed = {};

  function prepare(root) {
    each(root, "[data-takes-key]", takeKey);
    if (navigator.clipboard) each(root, "[data-copy]", show);
    if (typeof window.print === "function") each(root, "[data-print]", show);
    if (navigator.share || navigator.clipboard) each(root, "[data-share]", show);
    each(root, "[data-reveal]", show);
    each(root, "[data-steps]", makeSteps);
    each(root, "[data-your-time]", yourTime);
    each(root, "[data-newest]", (frame) => { frame.scrollLeft = frame.scrollWidth; });
    each(root, "[data-poster]", (place) => (posters ? posters.observe(place) : hang(place)));
    each(root, "#booking-form input", (field) => { field.value = typed[field.name] || field.value; });
    each(root, ".code-field", (field) => { field.open = field.open || typed.code; });
    each(root, "[data-price]", label);
    safely(countDown);
    safely(focus, root);
  }

  function focus(root) {
    const first = root.querySelector("[data-focus]");
    if (!first) return;
    first.removeAttribute("data-focus"); // once: later swaps leave the focus where it is
    first.focus({ preventScroll: true });
    first.scrollIntoView({ block: "nearest" });
  }

  function comeBack({ persisted }) {
    const [how] = persisted ? [] : performance.getEntriesByType("navigation");
    const back = persisted || (how && how.type === "back_forward");
    if (back && window.htmx) window.htmx.trigger(document.body, "utsavam:back");
  }

  // On a phone the row of choices begins at what is chosen.
  function showChosen() {
    const pick = Array.from(document.querySelectorAll(".picks .pill :checked")).find((input) => input.value);
    if (pick) pick.closest(".picks").scrollLeft = pick.parentElement.offsetLeft - 16;
  }

  // A ticket of several seats: one seat a view, to swipe, to step through, or by arrow keys.
  function makeSteps(list) {
    const turns = document.getElementById("turns");
    const at = () => Math.round(list.scrollLeft / list.clientWidth);
    const mark = () => turns.querySelectorAll("button").forEach((button) => {
      const end = button.dataset.turn === "1" ? list.children.length - 1 : 0;
      button.setAttribute("aria-disabled", String(at() === end));
    });
    const turn = (by) => {
      const next = Math.min(Math.max(at() + by, 0), list.children.length - 1);
      list.scrollLeft = next * list.clientWidth;
      document.getElementById("live").textContent = list.children[next].querySelector(".code-text span").textContent;
    };
    list.classList.add("stepped");
    list.tabIndex = 0;
    list.addEventListener("scroll", mark);
    list.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by) event.preventDefault();
      if (by) turn(by);
    });
    turns.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) turn(Number(button.dataset.turn));
    });
    turns.hidden = false;
    mark();
  }

  function bar() {
    const shown = document.querySelector("[data-book-bar]");
    const card = document.getElementById("book");
    if (!shown || !card || !canObserve) return;
    new IntersectionObserver(([entry]) => { shown.hidden = entry.isIntersecting; }).observe(card);
  }

  function offline(away) {
    const banner = document.getElementById("offline");
    if (banner) banner.hidden = !away;
  }

  // What somebody was told to wait for is over with the next thing they do; a tick is no such thing.
  function forgetBusy(event) {
    const config = event.detail.requestConfig;
    const by = config && config.triggeringEvent;
    const busy = document.getElementById("busy");
    if (by && by.type === "utsavam:tick") return;
    clearTimeout(again);
    if (busy) busy.textContent = "";
  }

  // Who was told that many are here asks again as they did, unless they have gone on meanwhile.
  let again = 0;
  function comeAgain({ xhr, requestConfig }) {
    const by = requestConfig.triggeringEvent;
    const seconds = Number(xhr.getResponseHeader("Retry-After"));
    if (xhr.status !== 503 || !xhr.getResponseHeader("HX-Retarget") || !seconds || !by) return;
    if (by.type === "utsavam:tick") return; // comes again anyway
    const asks = new by.constructor(by.type, { bubbles: true, cancelable: true });
    again = setTimeout(() => by.target.isConnected && by.target.dispatchEvent(asks), seconds * 1000);
  }

  // The tickets that tickets-worker.js keeps are one person's: gone with the next one who is seen here,
  // and once all of their events are long over. A page that Back brings may be of somebody before.
  async function forgetTickets() {
    const shown = document.querySelector("[data-person]");
    const [how] = performance.getEntriesByType("navigation");
    if (!shown || !window.caches || (how && how.type === "back_forward")) return;
    const about = await window.caches.match("/tickets/kept.json", { cacheName: "tickets" });
    if (!about) return;
    const { person, until } = await about.json();
    if (person !== shown.dataset.person || until < Date.now()) await window.caches.delete("tickets");
  }

  // Who leaves a form with changes that are not saved is asked first.
  let unsaved = false;
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-unsaved]")) unsaved = false;
    if (event.target.matches("[data-forgets-tickets]") && window.caches) window.caches.delete("tickets");
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });

  document.addEventListener("input", (event) => {
    if (event.target.closest("[data-unsaved]")) unsaved = true;
    if (event.target.closest("#booking-form")) typed[event.target.name] = event.target.value;
    if (event.target.matches("[data-price]")) safely(label, event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.dataset.reveal) safely(reveal, button);
    if (button && button.dataset.share) safely(share, button);
    if (button && button.dataset.copy) safely(copy, button);
    if (button && button.dataset.step) safely(take, button);
    if (button && "print" in button.dataset) window.print();
    if (button && ("reload" in button.dataset || button.id === "retry")) window.location.reload();
  });
  // What was found wrong with a field, or no more, is also told to who can't see it.
  function judge(complaint) {
    const input = document.getElementById(complaint.dataset.field);
    const wrong = complaint.textContent !== "";
    input.toggleAttribute("aria-invalid", wrong);
    if (wrong) input.setAttribute("aria-invalid", "true");
    input.closest(".field").classList.toggle("invalid", wrong);
    if (wrong) document.getElementById("live").textContent = complaint.textContent;
  }

  document.addEventListener("htmx:afterSwap", (event) => safely(prepare, event.target.parentElement || document));
  // Back and Forward bring a whole page.
  document.addEventListener("htmx:historyRestore", () => {
    [() => prepare(document), bar, showChosen].forEach((extra) => safely(extra));
  });
  // A page that the browser kept, or asks nobody for, was made before what was done since.
  window.addEventListener("pageshow", (event) => safely(comeBack, event));
  document.addEventListener("htmx:beforeSend", (event) => { event.detail.xhr.askedAt = Date.now(); });
  document.addEventListener("htmx:afterRequest", (event) => {
    safely(hear, event.detail.xhr);
    safely(comeAgain, event.detail);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.dataset.field) judge(event.target);
  });
  // A form that was refused for its token gets a new one where it stands; what was typed stays.
  document.addEventListener("utsavam:token", (event) => {
    document.querySelectorAll("input[name$=csrf_token]").forEach((input) => { input.value = event.detail.token; });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (![400, 503].includes(event.detail.xhr.status) || !event.detail.xhr.getResponseHeader("HX-Retarget")) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  document.addEventListener("htmx:beforeRequest", forgetBusy);
  document.addEventListener("htmx:sendError", () => offline(true));
  document.addEventListener("htmx:timeout", () => offline(true));
  document.addEventListener("htmx:responseError", () => offline(true));
  document.addEventListener("htmx:afterOnLoad", () => offline(false));
  window.addEventListener("offline", () => offline(true));
  window.addEventListener("online", () => offline(false));
  document.addEventListener("DOMContentLoaded", () => {
    [() => prepare(document), bar, showChosen, forgetTickets].forEach((extra) => safely(extra));
    setInterval(() => safely(countDown), 1000);
    // A countdown waits for what time it is here; htmx is ready after this event.
    if (document.querySelector("[data-countdown]")) setTimeout(tick, 0);
  });
})();
