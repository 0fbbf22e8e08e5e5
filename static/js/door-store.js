// What a phone at the door keeps: the guest list, scans that wait to be sent, and the page itself.
// Nothing is encrypted; all of it is erased when the key ends or the event is over.
(() => {
  "use strict";
  const DATABASE = "utsavam-door";
  const PAGES = "door";
  let opening = null;

  function open() {
    opening = opening || new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        const made = request.result;
        made.createObjectStore("lists", { keyPath: "event" });
        made.createObjectStore("guests", { keyPath: ["event", "booking_id"] });
        made.createObjectStore("scans", { keyPath: "turn", autoIncrement: true });
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => resolve(request.result);
    });
    return opening;
  }

  // `work` takes the stores by name; its requests are one transaction.
  async function within(names, mode, work) {
    const transaction = (await open()).transaction(names, mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
    const result = work(...names.map((name) => transaction.objectStore(name)));
    await done;
    return result && result.result;
  }

  const ofEvent = (event) => IDBKeyRange.bound([event, 0], [event, Infinity]);

  const store = {
    list: (event) => within(["lists"], "readonly", (lists) => lists.get(event)),
    guests: (event) => within(["guests"], "readonly", (guests) => guests.getAll(ofEvent(event))),
    scans: () => within(["scans"], "readonly", (scans) => scans.getAll()),

    // The facts of a list and the guests that came with them belong together.
    keep: (list, changed) =>
      within(["lists", "guests"], "readwrite", (lists, guests) => {
        lists.put(list);
        changed.forEach((guest) => guests.put({ ...guest, event: list.event }));
      }),

    add: (scan) => within(["scans"], "readwrite", (scans) => scans.add(scan)),
    remove: (turns) =>
      within(["scans"], "readwrite", (scans) => {
        turns.forEach((turn) => scans.delete(turn));
      }),

    async keepPage(address, others) {
      const pages = await caches.open(PAGES);
      await pages.add(new Request(address, { cache: "reload", credentials: "same-origin" }));
      const known = new Set((await pages.keys()).map((request) => request.url));
      await pages.addAll(others.filter((url) => !known.has(url)));
    },

    // Scans that wait name nobody: whoever opens a door on this device next sends them.
    async erase() {
      if (window.caches) await caches.delete(PAGES);
      await within(["lists", "guests"], "readwrite", (lists, guests) => {
        lists.clear();
        guests.clear();
      });
    },
  };

  if (!window.indexedDB) return;
  window.doorStore = store;
  // On the page where staff log in: nobody is at a door of this device any more.
  if (document.querySelector("[data-forgets-doors]")) store.erase().catch(() => {});
})();
