// The guest list of one event on this device, and what was scanned by it: fetched every few
// seconds, sent when there is a network. `doorSync.start(settings)` returns what door.js asks.
(() => {
  "use strict";
  const store = window.doorStore;
  const EVERY = 5000; // milliseconds between two looks
  const PATIENCE = 8000; // milliseconds for an answer
  const MOST = 50; // scans sent at once
  const FORBIDDEN = [401, 403, 404];

  class Ended extends Error {}

  // Answers JSON. Raises Ended where the key or the event has ended, and another error without a
  // network: an answer that is neither is one too, for a hotel's sign-in page answers everything.
  async function ask(address, options) {
    const aborted = new AbortController();
    const timer = setTimeout(() => aborted.abort(), PATIENCE);
    try {
      const headers = { Accept: "application/json", "Content-Type": "application/json" };
      const how = { redirect: "manual", cache: "no-store", signal: aborted.signal, headers };
      const answer = await fetch(address, { ...how, ...options });
      if (answer.type === "opaqueredirect" || FORBIDDEN.includes(answer.status)) throw new Ended();
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      return await answer.json();
    } finally {
      clearTimeout(timer);
    }
  }

  // Not crypto.randomUUID, which an address without https does not have.
  function newScanId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64; // RFC 9562: version 4
    bytes[8] = (bytes[8] & 63) | 128;
    const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function start({ event, listAddress, scansAddress, onChange, onConflicts, onRefused }) {
    const list = { facts: null, byHash: new Map(), byId: new Map(), isWhole: false };
    // What the list does not know yet: scans to be sent, and those sent since it was fetched.
    let pending = [];
    let isAway = false;
    let hasEnded = false;
    let looking = null;

    function take(guests) {
      guests.forEach((guest) => {
        list.byId.set(guest.booking_id, guest);
        list.byHash.set(guest.reference_hash, guest);
      });
    }

    async function end() {
      hasEnded = true;
      list.facts = null;
      list.isWhole = false;
      list.byHash.clear();
      list.byId.clear();
      await store.erase();
      onChange();
    }

    async function load() {
      const kept = await store.list(event);
      pending = (await store.scans()).map((scan) => ({ ...scan, isSent: false }));
      if (kept && Date.parse(kept.facts.until) < Date.now()) await end();
      else if (kept) {
        Object.assign(list, { facts: kept.facts, at: kept.at, isWhole: kept.isWhole });
        take(await store.guests(event));
      }
      hasEnded = false;
      onChange();
    }

    async function send() {
      for (;;) {
        const batch = pending.filter((scan) => !scan.isSent && scan.event === event);
        if (!batch.length) return;
        const scans = batch.slice(0, MOST);
        const told = await ask(scansAddress, { method: "POST", body: JSON.stringify({ scans }) });
        told.scans.forEach((one, turn) => {
          if (one.refused) onRefused(scans[turn], one.refused);
        });
        await store.remove(scans.map((scan) => scan.turn));
        scans.forEach((scan) => {
          scan.isSent = true;
        });
      }
    }

    async function fetchPart() {
      const cursor = list.facts ? `?after=${encodeURIComponent(list.facts.cursor)}` : "";
      const known = pending.filter((scan) => scan.isSent);
      const { guests, conflicts, ...facts } = await ask(listAddress + cursor);
      list.isWhole = list.isWhole || facts.is_last;
      list.facts = facts;
      if (facts.is_last) list.at = Date.now();
      take(guests);
      await store.keep({ event, facts, at: list.at, isWhole: list.isWhole }, guests);
      if (facts.is_last) pending = pending.filter((scan) => !known.includes(scan));
      if (conflicts.length) onConflicts(conflicts);
      return facts.is_last;
    }

    async function look() {
      try {
        await send();
        while (!(await fetchPart())) onChange();
        isAway = false;
      } catch (error) {
        if (error instanceof Ended) await end();
        else isAway = true;
      }
      // Also without a network, and on a page that nobody touches.
      if (list.facts && Date.parse(list.facts.until) < Date.now()) await end();
      onChange();
    }

    // One look at a time; who asks meanwhile waits for it.
    function lookNow() {
      looking = looking || look().finally(() => {
        looking = null;
      });
      return looking;
    }

    async function goOn() {
      await lookNow();
      if (!hasEnded) setTimeout(goOn, EVERY * (0.9 + Math.random() / 5));
    }

    function seatsIn(guest) {
      let there = [...guest.seats_in];
      pending.forEach((scan) => {
        if (scan.booking_id !== guest.booking_id) return;
        there = there.filter((one) => !scan.numbers.includes(one.seat));
        if (scan.undoes) return;
        const facts = { at: new Date(scan.at).toISOString(), door: scan.door, actor: "" };
        there.push(...scan.numbers.map((seat) => ({ seat, ...facts })));
      });
      return there;
    }

    function earlierBy(code) {
      const same = (scan) => scan.reference === code.reference && scan.numbers.includes(code.seat);
      const last = pending.filter(same).pop();
      if (!last || last.undoes) return null;
      return { seat: code.seat, at: new Date(last.at).toISOString(), door: last.door, actor: "" };
    }

    // Kept on the device before anybody is told, so that it is never lost.
    async function record(scan) {
      const kept = { ...scan, event, at: Date.now() };
      kept.turn = await store.add(kept);
      pending.push({ ...kept, isSent: false });
      onChange();
    }

    // What the server has just answered, until the list has it.
    function note(facts) {
      pending.push({ ...facts, event, at: Date.now(), isSent: true });
    }

    const changed = () => pending.filter((scan) => scan.event === event);
    load().then(goOn, onChange);
    window.addEventListener("online", lookNow);
    return {
      list,
      seatsIn,
      earlierBy,
      record,
      note,
      lookNow,
      canDecide: () => list.isWhole,
      isAway: () => isAway,
      wasAway() {
        isAway = true;
        onChange();
      },
      hasEnded: () => hasEnded,
      waiting: () => changed().filter((scan) => !scan.isSent).length,
      arrivals() {
        const count = (sum, guest) => ({
          seatsIn: sum.seatsIn + seatsIn(guest).length,
          seats: sum.seats + guest.seats,
        });
        return [...list.byId.values()].reduce(count, { seatsIn: 0, seats: 0 });
      },
    };
  }

  window.newScanId = newScanId;
  window.doorSync = store && window.crypto && crypto.subtle ? { start } : null;
})();
