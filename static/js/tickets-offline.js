// A ticket that was opened once is also shown where there is no network: by tickets-worker.js, which
// is told here what the page is made of. Browsers without workers, and addresses without https, go on
// without.
(() => {
  "use strict";
  const { worker } = document.currentScript.dataset;

  async function keep() {
    await navigator.serviceWorker.register(worker);
    const { active } = await navigator.serviceWorker.ready;
    const files = performance.getEntriesByType("resource").map(({ name }) => name.replace(/#.*/, ""));
    active.postMessage({ files: Array.from(new Set(files)) });
  }

  if (worker && navigator.serviceWorker) window.addEventListener("load", () => keep().catch(() => {}));
})();
