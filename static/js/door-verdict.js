// Whether a code opens the door, by a guest list that this device keeps: the same rules as on the
// server (app/services/check_ins.py), and one more for codes that were sold after it was fetched.
(() => {
  "use strict";
  const BETWEEN = /[\s\-\u2010-\u2015\u2212_]/g;
  const HASH_BYTES = 9;

  function base64url(bytes) {
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
  }

  async function hash(reference) {
    const whole = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(reference));
    return base64url(new Uint8Array(whole).slice(0, HASH_BYTES));
  }

  // `rules` are the server's: { code: pattern, letters }.
  function read(text, rules) {
    const whole = new RegExp(`^${rules.code}$`);
    const found = whole.exec(text.replace(BETWEEN, "").toUpperCase());
    if (!found) return null;
    const [, reference, seat, signature] = found;
    return { reference, seat: seat ? Number(seat) : null, signature: signature || "" };
  }

  async function signature(key, text, letters, length) {
    const bytes = Uint8Array.from(key.match(/../g), (pair) => parseInt(pair, 16));
    const kind = { name: "HMAC", hash: "SHA-256" };
    const ours = await crypto.subtle.importKey("raw", bytes, kind, false, ["sign"]);
    const whole = await crypto.subtle.sign("HMAC", ours, new TextEncoder().encode(text));
    let number = new DataView(whole).getBigUint64(0);
    let made = "";
    while (made.length < length) {
      made += letters[Number(number % BigInt(letters.length))];
      number /= BigInt(letters.length);
    }
    return made;
  }

  async function isSigned(code, keys, letters) {
    if (!code.signature || code.seat === null) return false;
    const text = `${code.reference}-${code.seat}`;
    const made = keys.map((key) => signature(key, text, letters, code.signature.length));
    return (await Promise.all(made)).includes(code.signature);
  }

  const refused = (reason, guest) => ({ tone: "no", reason, guest, numbers: [], earlier: [] });

  // `seatsIn` tells which of a guest's seats are in: [{ seat, at, door, actor }].
  function ofGuest(guest, seat, wanted, seatsIn) {
    if (!guest.seats) return refused("cancelled", guest);
    if (seat !== null && seat > guest.seats) {
      return refused(seat <= guest.seats + guest.left ? "has_left" : "unknown", guest);
    }
    if (seat === 0) return refused("unknown", guest);
    const there = seatsIn(guest);
    const taken = new Set(there.map((one) => one.seat));
    const all = Array.from({ length: guest.seats }, (_, index) => index + 1);
    const free = all.filter((number) => !taken.has(number));
    const asked = seat === null ? free.slice(0, wanted) : [seat];
    const numbers = asked.filter((number) => !taken.has(number));
    const earlier = there.filter((one) => (asked.length ? asked.includes(one.seat) : true));
    return { tone: numbers.length ? "in" : "used", guest, numbers, earlier };
  }

  // `list` finds guests: { byHash, byId } are Maps; `facts` came with it; `earlierBy` tells whether
  // this device has let a code in that is not in the list.
  async function decide(scan, list, rules, seatsIn, earlierBy) {
    const facts = list.facts;
    const code = scan.code ? read(scan.code, rules) : null;
    if (scan.code && !code) return refused("unknown");
    const guest = code ? list.byHash.get(await hash(code.reference)) : list.byId.get(scan.booking);
    if (guest && facts.event_is_cancelled) return refused("event_cancelled", guest);
    if (guest) return ofGuest(guest, code ? code.seat : null, scan.seats, seatsIn);
    if (!code || !(await isSigned(code, facts.signing_keys, rules.letters))) {
      return refused(code && !code.signature ? "unsigned" : "unknown");
    }
    if (facts.event_is_cancelled) return refused("event_cancelled");
    const earlier = earlierBy(code);
    if (earlier) return { tone: "used", numbers: [], earlier: [earlier] };
    return { tone: "in", numbers: [code.seat], earlier: [], isLater: true };
  }

  window.doorVerdict = { decide, hash, read };
})();
