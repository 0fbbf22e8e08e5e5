// What HTMX does not do by itself. Every page works without this file.
(() => {
  "use strict";
  const TICK = 4000;

  // Elements that show live figures ask for them at each tick, while somebody can see the page.
  setInterval(() => {
    if (!document.hidden && navigator.onLine && window.htmx) {
      window.htmx.trigger(document.body, "utsavam:tick");
    }
  }, TICK);

  function label(input) {
    const button = input.form.querySelector("[data-book]");
    const seats = Number(input.value);
    if (!button || !Number.isInteger(seats) || seats < 1) return;
    const price = Number(input.dataset.price);
    let text = seats === 1 ? button.dataset.one : button.dataset.many.replace("{n}", seats);
    if (price > 0) {
      const total = (seats * price) / 100;
      text += " · " + new Intl.NumberFormat("en-IN", {
        style: "currency",
        currency: input.dataset.currency,
        minimumFractionDigits: Number.isInteger(total) ? 0 : 2,
      }).format(total);
    }
    button.textContent = text;
  }

  function reveal(button) {
    const field = document.getElementById(button.dataset.reveal);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  }

  function prepare(root) {
    root.querySelectorAll("[data-reveal]").forEach((button) => { button.hidden = false; });
    const first = root.querySelector("[data-focus]");
    if (!first) return;
    first.focus({ preventScroll: true });
    first.scrollIntoView({ block: "nearest" });
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

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-price]")) label(event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.dataset.reveal) reveal(button);
    if (button && button.id === "retry") window.location.reload();
  });
  document.addEventListener("htmx:afterSwap", (event) => prepare(event.target.parentElement || document));
  document.addEventListener("htmx:sendError", () => offline(true));
  document.addEventListener("htmx:timeout", () => offline(true));
  document.addEventListener("htmx:responseError", () => offline(true));
  document.addEventListener("htmx:afterOnLoad", () => offline(false));
  window.addEventListener("offline", () => offline(true));
  window.addEventListener("online", () => offline(false));
  document.addEventListener("DOMContentLoaded", () => {
    prepare(document);
    bar();
    document.querySelectorAll("[data-price]").forEach(label);
  });
})();
