// What HTMX does not do by itself. Every page works without this file.
(() => {
  "use strict";
  const TICK = Number(document.body.dataset.tick) || 4000;

  // Elements that show live figures ask for them at each tick, while somebody can see the page.
  function tick() {
    if (!document.hidden && navigator.onLine && window.htmx) {
      window.htmx.trigger(document.body, "utsavam:tick");
    }
  }
  setInterval(tick, TICK);

  // How many seats the form asks for, or none where that can't be had.
  function asked(input) {
    const seats = Number(input.value);
    return Number.isInteger(seats) && seats >= 1 && seats <= Number(input.max) ? seats : 0;
  }

  function label(input) {
    const help = document.getElementById("seats-help");
    if (help) input.max = help.dataset.most;
    const button = input.form.querySelector("[data-book]");
    const seats = asked(input);
    const price = Number(input.dataset.price);
    let text = button.dataset.book;
    if (seats) text = seats === 1 ? button.dataset.one : button.dataset.many.replace("{n}", seats.toLocaleString("en-IN"));
    if (seats && price > 0) {
      // As the server writes amounts: the same sign, and no decimals where they are zero.
      const digits = Number(input.dataset.digits);
      const total = (seats * price) / 10 ** digits;
      const decimals = Number.isInteger(total) ? 0 : digits;
      text += " · " + input.dataset.mark + new Intl.NumberFormat("en-IN", {
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
      }).format(total);
    }
    button.textContent = text;
    input.form.querySelectorAll("[data-step]").forEach((step) => {
      step.hidden = false;
      // Not disabled, which would take the focus away from whoever presses it.
      step.setAttribute("aria-disabled", String(seats !== 0 && stepped(input, step) === seats));
    });
  }

  // The number after a press of − or +; from what is no number of seats, the nearest that is.
  function stepped(input, step) {
    const wanted = (Math.trunc(Number(input.value)) || 0) + Number(step.dataset.step);
    return Math.min(Math.max(wanted, 1), Number(input.max));
  }

  function take(step) {
    const input = step.form.elements.seats;
    input.value = stepped(input, step);
    label(input);
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
    const at = new Date(span.dataset.yourTime);
    const show = (timeZone) => new Intl.DateTimeFormat("en-IN", {
      weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone,
    }).format(at);
    if (show() === show(span.dataset.zone)) return;
    span.textContent = span.dataset.text.replace("{time}", show());
    span.hidden = false;
  }

  function countDown() {
    document.querySelectorAll("[data-countdown]").forEach((place) => {
      const left = Math.ceil((new Date(place.dataset.countdown) - Date.now()) / 1000);
      if (left <= 0) {
        // Now the counter is asked; a clock that is ahead of ours asks again at the next tick.
        if (!place.hidden) tick();
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
      if (navigator.share) return await navigator.share({ title, url });
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

  // A long list tells how far it has come, while the browser takes it down.
  function follow(link) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const token = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    const file = new URL(link.href);
    file.searchParams.set("progress", token);
    link.href = file;
    const place = document.getElementById("export");
    const path = link.dataset.export.replace(/[0-]{36}/, token);
    let tries = 120;
    const ask = async () => {
      await window.htmx.ajax("GET", path, { target: place, swap: "innerHTML" });
      tries -= 1;
      if (tries && !place.querySelector("[data-done]")) setTimeout(ask, 1000);
    };
    setTimeout(ask, 300);
  }

  // Browsers fetch lazy images thousands of pixels ahead; a phone's first visit needs three posters.
  const posters = "IntersectionObserver" in window && new IntersectionObserver((entries) => {
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

  function prepare(root) {
    if (navigator.clipboard) {
      root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
    }
    root.querySelectorAll("[data-reveal], [data-print]").forEach((button) => { button.hidden = false; });
    if (navigator.share || navigator.clipboard) {
      root.querySelectorAll("[data-share]").forEach((button) => { button.hidden = false; });
    }
    root.querySelectorAll("[data-steps]").forEach(makeSteps);
    root.querySelectorAll("[data-your-time]").forEach(yourTime);
    root.querySelectorAll("[data-newest]").forEach((frame) => { frame.scrollLeft = frame.scrollWidth; });
    root.querySelectorAll("[data-poster]").forEach((place) => (posters ? posters.observe(place) : hang(place)));
    root.querySelectorAll("[data-price]").forEach(label);
    countDown();
    const first = root.querySelector("[data-focus]");
    if (!first) return;
    first.removeAttribute("data-focus"); // once: later swaps leave the focus where it is
    first.focus({ preventScroll: true });
    first.scrollIntoView({ block: "nearest" });
  }

  // On a phone the choices are a row to be moved sideways: it begins at what is chosen.
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
    if (!shown || !card || !("IntersectionObserver" in window)) return;
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
    if (busy && !(by && by.type === "utsavam:tick")) busy.replaceChildren();
  }

  // Whoever leaves a form with changes that are not saved is asked first.
  let unsaved = false;
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-unsaved]")) unsaved = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });

  document.addEventListener("input", (event) => {
    if (event.target.closest("[data-unsaved]")) unsaved = true;
    if (event.target.matches("[data-price]")) label(event.target);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-export]");
    if (link && window.htmx) follow(link);
    const button = event.target.closest("button");
    if (button && button.dataset.reveal) reveal(button);
    if (button && button.dataset.share) share(button);
    if (button && button.dataset.copy) copy(button);
    if (button && button.dataset.step) take(button);
    if (button && "print" in button.dataset) window.print();
    if (button && button.id === "retry") window.location.reload();
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

  document.addEventListener("htmx:afterSwap", (event) => prepare(event.target.parentElement || document));
  // Back and Forward bring a whole page.
  document.addEventListener("htmx:historyRestore", () => {
    prepare(document);
    bar();
    showChosen();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.dataset.field) judge(event.target);
  });
  // A form that was refused for its token gets a new one where it stands; what was typed stays.
  document.addEventListener("utsavam:token", (event) => {
    document.querySelectorAll("input[name$=csrf_token]").forEach((input) => { input.value = event.detail.token; });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 400 || !event.detail.xhr.getResponseHeader("HX-Retarget")) return;
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
    prepare(document);
    bar();
    showChosen();
    setInterval(countDown, 1000);
  });
})();
