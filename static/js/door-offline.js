// The door where there is no network: puts together the list (door-sync.js), its rules
// (door-verdict.js) and what is told (door-answers.js). door.js asks `doorOffline`.
(() => {
  "use strict";
  const root = document.querySelector("[data-door]");
  if (!root || !window.doorSync) return;
  const { listAddress, scansAddress, worker } = root.dataset;
  const event = Number(root.dataset.door);
  const rules = JSON.parse(root.dataset.rules);
  const state = document.querySelector("[data-guest-list]");
  const conflicts = document.querySelector("[data-door-conflicts]");
  const answers = window.doorAnswers.start(root);
  const told = new Set();
  const banner = document.getElementById("offline");
  if (banner) banner.remove(); // the list says more
  const sync = window.doorSync.start({
    event,
    listAddress,
    scansAddress,
    onChange: () => tellState(),
    onConflicts: (found) => found.forEach(tellConflict),
    onRefused: (scan, why) => warn(answers.say("refused", { at: answers.clock(scan.at), code: scan.code, why })),
  });

  function stateNow() {
    if (sync.hasEnded()) return "ended";
    if (!sync.canDecide()) return sync.isAway() ? "away_without_list" : "loading";
    return sync.isAway() ? "away" : "fresh";
  }

  function tellState() {
    if (!sync) return; // it has only just begun
    const [words, waits] = state.children;
    const now = stateNow();
    words.textContent = answers.say(now, { at: answers.clock(sync.list.at || Date.now()) });
    waits.textContent = sync.waiting() ? answers.say("waiting", { count: sync.waiting() }) : "";
    // Spoken when it changes, not at each look.
    state.setAttribute("aria-live", state.dataset.state === now ? "off" : "polite");
    state.dataset.state = now;
  }

  function warn(words) {
    const made = conflicts.querySelector("template").content.cloneNode(true).firstElementChild;
    made.querySelector("p").textContent = words;
    made.querySelector("button").addEventListener("click", () => made.remove());
    conflicts.append(made);
  }

  function tellConflict(one) {
    if (told.has(one.id)) return;
    told.add(one.id);
    const why = answers.say(one.reason && answers.has(one.reason) ? one.reason : "in_already", {
      at: answers.clock(one.at),
    });
    const facts = { name: one.name || answers.say("a_guest"), at: answers.clock(one.at), actor: one.actor, why };
    const name = one.door ? "conflict_at" : "conflict";
    warn(answers.say(name, { ...facts, door: one.door }));
  }

  // `scan`: { id, code or booking, seats, door }. Promises the answer's tone.
  async function check(scan) {
    const { seatsIn, earlierBy, list } = sync;
    const verdict = await window.doorVerdict.decide(scan, list, rules, seatsIn, earlierBy);
    const code = scan.code ? window.doorVerdict.read(scan.code, rules) : null;
    const kept = {
      id: scan.id,
      code: scan.code || "",
      booking: scan.code ? "" : scan.booking,
      seats: Math.max(1, verdict.numbers.length),
      let_in: verdict.numbers.length,
      door: scan.door,
      // For this device alone:
      booking_id: verdict.guest ? verdict.guest.booking_id : null,
      reference: code ? code.reference : null,
      numbers: verdict.numbers,
    };
    await sync.record(kept);
    const guest = verdict.guest;
    answers.tell(verdict, list, guest ? seatsIn(guest).length : 0, sync.arrivals(), {
      onMore: (seats) => checkAndTell({ id: window.newScanId(), booking: guest.booking_id, seats, door: scan.door }),
      onUndo: () => undoAndTell(kept, verdict),
    });
    return verdict.tone;
  }

  async function undo(kept, verdict) {
    const { id, door, booking_id, reference, numbers } = kept;
    await sync.record({ id: window.newScanId(), undoes: id, door, booking_id, reference, numbers });
    const seatsIn = verdict.guest ? sync.seatsIn(verdict.guest).length : 0;
    const undone = { ...verdict, tone: "undone", earlier: [], isLater: false };
    answers.tell(undone, sync.list, seatsIn, sync.arrivals(), {});
    return "undone";
  }

  // After a press of a button that the answer replaces.
  const tellLater = (tone) => root.dispatchEvent(new CustomEvent("door:told", { detail: tone }));
  const checkAndTell = (scan) => check(scan).then(tellLater);
  const undoAndTell = (kept, verdict) => undo(kept, verdict).then(tellLater);

  function find(words, door) {
    const seatsInOf = (guest) => sync.seatsIn(guest).length;
    answers.tellFound(words, sync.list, seatsInOf, sync.arrivals(), (guest, seats) => {
      checkAndTell({ id: window.newScanId(), booking: guest.booking_id, seats, door });
    });
  }

  // What is asked beside the door's own answers, as a walk-in is.
  ["htmx:sendError", "htmx:timeout"].forEach((name) => {
    document.addEventListener(name, (failed) => {
      if (failed.detail.target !== root) warn(answers.say("needs_network"));
    });
  });

  // The page, its scripts and drawings, so that it opens without a network.
  async function keepPage() {
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    const ours = `${location.origin}/static/`;
    const needed = [...loaded, ...JSON.parse(root.dataset.files).map((file) => new URL(file, location).href)];
    const files = [...new Set(needed)].filter((url) => url.startsWith(ours));
    await navigator.serviceWorker.register(worker);
    await navigator.serviceWorker.ready;
    await window.doorStore.keepPage(location.pathname, files);
    root.dataset.isKept = "yes";
  }

  if (navigator.serviceWorker && window.caches) {
    window.addEventListener("load", () => setTimeout(() => keepPage().catch(() => {}), 500));
  }

  window.doorOffline = {
    check,
    find,
    undo: (id, booking_id, numbers, door) => {
      const guest = sync.list.byId.get(booking_id);
      return undo({ id, door, booking_id, reference: null, numbers }, { guest, numbers, tone: "in" });
    },
    isName: (text) => /\p{L}/u.test(text) && !/[\d/]/.test(text) && !window.doorVerdict.read(text, rules),
    canDecide: sync.canDecide,
    isAway: sync.isAway,
    wasAway: sync.wasAway,
    note: sync.note,
  };
  tellState();
})();
