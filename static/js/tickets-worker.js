// Keeps the tickets that were opened in this browser, to show them where there is no network (ADR 94).
// It answers for tickets' pages, and for the files of a copy that it shows; all else goes its way.
(() => {
  "use strict";
  const STORE = "tickets"; // app.js deletes it
  const ABOUT = "/tickets/kept.json"; // in the store: whose copies these are, and until when
  const MOST = 20; // pages
  const PATIENCE = 3000; // milliseconds for the network's answer, where there is a copy
  const TICKET = /^\/(bookings\/[1-9][0-9]*|tickets\/[A-Za-z0-9_-]+)$/;
  const FILE = /^\/(static|art|images)\//;
  const FONT = /^\/static\/fonts\//;
  const copies = new Set(); // the clients that show one

  // A ticket's address without what its page is told once, such as `new`.
  function addressOf({ pathname, searchParams }) {
    const from = searchParams.get("from");
    return from ? `${pathname}?from=${encodeURIComponent(from)}` : pathname;
  }

  // Whether the site has answered, and not what stands before it, or a site that has too much to do.
  function isAnswer({ status }) {
    return status !== 429 && status < 500;
  }

  function untilOf(response) {
    return Date.parse(response.headers.get("X-Keep-Until"));
  }

  async function about(store) {
    const found = await store.match(ABOUT);
    return found ? found.json() : null;
  }

  // The store, which holds copies of one person alone.
  async function storeOf(person, opened) {
    const known = await about(opened);
    if (!known || known.person === person) return opened;
    await caches.delete(STORE);
    return caches.open(STORE);
  }

  // What the site says of a ticket takes the place of what it said before. `opened` is the store as
  // it was before the site was asked: when that is erased meanwhile, nothing gets into the next one.
  async function keep(opened, address, response) {
    const until = untilOf(response);
    if (!(until > Date.now())) {
      await opened.delete(address);
      return null;
    }
    const person = response.headers.get("X-Keep-For");
    const store = await storeOf(person, opened);
    const known = await about(store);
    const last = Math.max(until, known ? known.until : 0);
    await store.put(ABOUT, new Response(JSON.stringify({ person, until: last })));
    const headers = new Headers(response.headers);
    ["Content-Encoding", "Content-Length", "Vary"].forEach((name) => headers.delete(name));
    headers.set("X-Kept-At", String(Date.now()));
    await store.put(address, new Response(await response.blob(), { headers }));
    await forgetOld(store);
    return store;
  }

  async function pagesOf(store) {
    const requests = (await store.keys()).filter(({ url }) => TICKET.test(new URL(url).pathname));
    const pages = await Promise.all(requests.map(async (request) => ({ request, kept: await store.match(request) })));
    return pages.filter(({ kept }) => kept);
  }

  async function forgetOld(store) {
    const pages = await pagesOf(store);
    const valid = pages.filter(({ kept }) => untilOf(kept) > Date.now());
    const keptAt = ({ kept }) => Number(kept.headers.get("X-Kept-At"));
    const newest = valid.sort((one, other) => keptAt(other) - keptAt(one)).slice(0, MOST);
    const old = pages.filter((page) => !newest.includes(page));
    await Promise.all(old.map(({ request }) => store.delete(request)));
  }

  // Its page says so, by a line that the site has put there.
  async function copyOf(store, address) {
    const kept = await store.match(address);
    if (!kept || !(untilOf(kept) > Date.now())) return null;
    const at = timeOf(new Date(Number(kept.headers.get("X-Kept-At"))));
    const page = (await kept.text()).replace(/(data-kept) hidden>([^]*?)\{time\}/, (_all, start, text) => `${start}>${text}${at}`);
    return new Response(page, { headers: kept.headers });
  }

  function timeOf(at) {
    const today = at.toDateString() === new Date().toDateString();
    const day = today ? {} : { weekday: "short", day: "numeric", month: "short" };
    return at.toLocaleString("en-IN", { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  async function ticket(event, url) {
    const { pathname, search } = url;
    const address = addressOf(url);
    const opening = caches.open(STORE);
    const network = fetch(event.request);
    const answer = network.then((response) => {
      if (!isAnswer(response)) return null;
      const same = response.clone();
      // A page with more in its address tells what is true once: `complete` asks for the other.
      const isPlain = pathname + search === address || !untilOf(response);
      if (isPlain) event.waitUntil(opening.then((store) => keep(store, address, same)));
      return response;
    }, () => null);
    event.waitUntil(answer);
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    const first = await Promise.race([answer, late]);
    if (first) return first;
    const copy = await copyOf(await opening, address);
    if (!copy) return network;
    copies.add(event.resultingClientId);
    return copy;
  }

  async function file(request) {
    const store = await caches.open(STORE);
    return (await store.match(request, { ignoreVary: true })) || fetch(request);
  }

  // A ticket's page tells which files it uses. Before its first visit there was no worker, so that
  // the page itself may be missing too.
  async function complete(url, used) {
    const address = addressOf(url);
    let store = await caches.open(STORE);
    if (!(await store.match(address))) {
      const response = await fetch(address, { headers: { Accept: "text/html" }, redirect: "manual" });
      store = isAnswer(response) && (await keep(store, address, response));
    }
    if (!store || !(await about(store))) return;
    const files = used.filter((file) => new URL(file).origin === self.location.origin && FILE.test(new URL(file).pathname));
    await Promise.all(files.map(async (file) => (await store.match(file, { ignoreVary: true })) || store.add(file).catch(() => {})));
    await forgetFiles(store, files);
  }

  // Of files, those stay which a page names; of fonts all, which styles name.
  async function forgetFiles(store, files) {
    const pages = await Promise.all((await pagesOf(store)).map(({ kept }) => kept.text()));
    const names = ({ pathname, search }) => pages.some((page) => page.includes(pathname + search));
    const unused = (await store.keys()).filter(({ url }) => {
      const at = new URL(url);
      return FILE.test(at.pathname) && !FONT.test(at.pathname) && !files.includes(url) && !names(at);
    });
    await Promise.all(unused.map((request) => store.delete(request)));
  }

  self.addEventListener("install", () => self.skipWaiting());

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (request.mode !== "navigate") {
      if (copies.has(event.clientId) && FILE.test(url.pathname)) event.respondWith(file(request));
    } else if (TICKET.test(url.pathname)) {
      event.respondWith(ticket(event, url));
    }
  });

  self.addEventListener("message", (event) => {
    const url = new URL(event.source ? event.source.url : "/", self.location.origin);
    if (TICKET.test(url.pathname)) event.waitUntil(complete(url, event.data.files));
  });
})();
