// Answers for the door's pages where there is no network. door-offline.js keeps them.
"use strict";
const PAGES = "door";
const PATIENCE = 3000; // milliseconds that a page may take before the kept one is shown

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function kept(request, otherwise) {
  const pages = await caches.open(PAGES);
  return (await pages.match(request, { ignoreVary: true })) || otherwise();
}

async function page(request) {
  const asked = fetch(request);
  const late = new Promise((resolve, reject) => {
    setTimeout(() => kept(request, () => asked).then(resolve, reject), PATIENCE);
  });
  late.catch(() => {}); // told by `asked`
  try {
    const answer = await Promise.race([asked, late]);
    return answer.status < 500 ? answer : await kept(request, () => answer);
  } catch (error) {
    return kept(request, () => Promise.reject(error));
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (path.startsWith("/static/")) event.respondWith(kept(request, () => fetch(request)));
});
