// Draws what a door tells by its own list as the server draws its answers (fragments/door.html).
// The pieces and the words come with the page: `doorAnswers.start(root)`.
(() => {
  "use strict";
  const MOST = 8; // guests found by name
  const MARKS = /\p{M}/gu;

  const NAMES = ["actor", "code", "door", "name", "words"];
  const isolated = (text) => `\u2068${text}\u2069`;
  const folded = (text) => text.normalize("NFD").replace(MARKS, "").toLowerCase();

  function clock(at) {
    const parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
    return new Date(at).toLocaleTimeString(document.documentElement.lang || undefined, parts);
  }

  function start(root) {
    const words = JSON.parse(root.dataset.words);
    const pieces = root.parentElement.querySelector("template[data-pieces]").content;

    function piece(name) {
      return pieces.querySelector(`[data-piece="${name}"]`).cloneNode(true);
    }

    // A name in a sentence keeps its own direction.
    function say(name, facts = {}) {
      return words[name].replace(/\{(\w+)\}/g, (whole, key) => {
        if (!(key in facts)) return whole;
        return NAMES.includes(key) ? isolated(facts[key]) : String(facts[key]);
      });
    }

    function line(text, kind) {
      const made = document.createElement("p");
      made.textContent = text;
      if (kind) made.className = kind;
      return made;
    }

    function seatsLine(verdict) {
      if (!verdict.guest || verdict.guest.seats === 1) return say("one_seat");
      const numbers = verdict.numbers.join(", ");
      return say(verdict.numbers.length === 1 ? "seat" : "seats", { numbers, all: verdict.guest.seats });
    }

    function arrival(one) {
      const facts = { seat: one.seat, at: clock(one.at), door: one.door, actor: one.actor };
      const where = one.door ? "_at" : "";
      return say(one.actor ? `came_in${where}` : `let_in_here${where}`, facts);
    }

    function lines(verdict, list, seatsIn) {
      const told = verdict.numbers.length ? [seatsLine(verdict)] : [];
      told.push(...verdict.earlier.slice(0, 3).map(arrival));
      const at = clock(list.at);
      if (verdict.reason) told.push(say(verdict.reason, { at }));
      if (verdict.isLater) told.push(say("sold_later", { at }));
      else if (verdict.guest && verdict.tone !== "no" && verdict.guest.seats > 1) {
        told.push(say("seats_are_in", { in: seatsIn, all: verdict.guest.seats }));
      }
      told.push(say("by_the_list", { at }));
      return told;
    }

    // As it is called by the last look at the list: it may have been renamed since its guest came.
    function typeOf({ ticket_type_id: id, ticket_type: then }, { facts }) {
      const types = (id !== undefined && facts && facts.ticket_types) || [];
      const now = types.find((type) => (id ? type.id === id : type.is_default));
      return now ? now.name : then;
    }

    function more(verdict, seatsIn, { onMore, onUndo }) {
      const made = piece("more");
      const waiting = verdict.guest && verdict.tone !== "no" ? verdict.guest.seats - seatsIn : 0;
      const [group, undo] = made.children;
      const field = group.querySelector("input");
      if (waiting > 0) {
        field.max = field.value = String(waiting);
        group.querySelector("button").addEventListener("click", () => onMore(Number(field.value)));
      } else group.remove();
      if (verdict.tone === "in") undo.addEventListener("click", onUndo);
      else undo.remove();
      return made.children.length ? [made] : [];
    }

    function count(arrivals) {
      const made = piece("count");
      made.querySelector("strong").textContent = String(arrivals.seatsIn);
      made.querySelector("span").textContent = say("of_all_in", { all: arrivals.seats });
      return made;
    }

    function answer(tone, told) {
      const made = piece("answer");
      made.dataset.answer = tone;
      made.append(piece(tone), ...told);
      return made;
    }

    return {
      say,
      has: (name) => name in words,
      clock,

      // `actions`: { onMore(seats), onUndo() }
      tell(verdict, list, seatsIn, arrivals, actions) {
        const guest = verdict.guest ? [line(verdict.guest.name, "door-guest")] : [];
        const type = verdict.guest && typeOf(verdict.guest, list);
        if (type) guest.push(line(type, "door-type"));
        guest.forEach((name) => { name.dir = "auto"; });
        const told = [...guest, ...lines(verdict, list, seatsIn).map((text) => line(text))];
        const buttons = more(verdict, seatsIn, actions);
        root.replaceChildren(answer(verdict.tone, told), ...buttons, count(arrivals));
      },

      tellFound(typed, list, seatsInOf, arrivals, onAdmit) {
        const wanted = folded(typed).split(/\s+/).filter(Boolean);
        const all = [...list.byId.values()].filter((guest) => guest.seats);
        const found = all.filter((guest) => {
          const name = folded(guest.name);
          return wanted.every((word) => name.includes(word));
        });
        const rows = piece("guests");
        found.slice(0, MOST).forEach((guest) => {
          const row = piece("guest");
          const left = guest.seats - seatsInOf(guest);
          const [field, button, done] = ["input", "button", "[data-in]"].map((s) => row.querySelector(s));
          row.querySelector("strong").textContent = guest.name;
          const seats = say("of_seats_in", { in: seatsInOf(guest), all: guest.seats });
          row.querySelector(".help").textContent = [typeOf(guest, list), seats].filter(Boolean).join(" · ");
          button.querySelector(".visually-hidden").textContent = ` ${guest.name}`;
          field.max = field.value = String(left);
          if (left < 2) field.parentElement.remove();
          if (left < 1) button.remove();
          else done.remove();
          button.addEventListener("click", () => onAdmit(guest, left < 2 ? 1 : Number(field.value)));
          rows.append(row);
        });
        const heading = piece("guests-heading");
        heading.textContent = say("found", { words: typed });
        const result = found.length ? rows : line(say("nobody"));
        root.replaceChildren(answer("found", []), count(arrivals), heading, result);
      },
    };
  }

  window.doorAnswers = { start };
})();
