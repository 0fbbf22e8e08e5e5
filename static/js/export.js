// A long list tells how far it has come, while the browser takes it down. Without this file it is
// taken down all the same.
(() => {
  "use strict";

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

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-export]");
    if (link && window.htmx) follow(link);
  });
})();
