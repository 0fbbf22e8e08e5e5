// Before somebody without an account joins a waiting room that asks for it, their browser finds the
// number that a challenge hides (app/waiting_room/proofs.py). The work is WebCrypto's, in threads of
// its own: the page stays quick.
const AT_ONCE = 4;
const PAINT_EVERY = 200; // ms

const text = new TextEncoder();
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function solve({ nonce, target, tries, iterations }, tell) {
  const key = await crypto.subtle.importKey("raw", text.encode(nonce), "PBKDF2", false, ["deriveBits"]);
  const derive = async (number) => {
    const salt = text.encode(String(number));
    return hex(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 128));
  };
  let told = 0;
  for (let first = 0; first < tries; first += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, more) => derive(first + more));
    const found = (await Promise.all(batch)).indexOf(target);
    if (found >= 0) return first + found;
    if (performance.now() - told > PAINT_EVERY) {
      told = performance.now();
      tell(first / tries);
    }
  }
  throw new Error("no number solves the challenge");
}

async function join(form) {
  const state = form.querySelector("[data-checking]");
  const bar = form.querySelector("progress");
  const button = form.querySelector("button");
  form.dataset.busy = "";
  button.setAttribute("aria-disabled", "true"); // not disabled, which would take the focus away
  bar.hidden = false;
  state.textContent = state.dataset.checking;
  try {
    const answer = await fetch(form.dataset.proof, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) throw new Error(`the challenge was answered ${answer.status}`);
    const challenge = await answer.json();
    if (challenge.tries) {
      const number = await solve(challenge, (share) => (bar.value = share));
      form.elements.proof.value = `${challenge.challenge}.${number}`;
    }
    bar.value = 1;
    state.textContent = state.dataset.joining;
    form.submit();
  } catch (error) {
    console.warn("join", error);
    state.textContent = state.dataset.failed;
    bar.hidden = true;
  }
  button.removeAttribute("aria-disabled");
  delete form.dataset.busy;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-proof]")) return;
  event.preventDefault();
  if (!("busy" in event.target.dataset)) join(event.target);
});

// Polls of the page around it may bring the form anew: not while it is at work.
["htmx:beforeSwap", "htmx:oobBeforeSwap"].forEach((swap) => {
  document.addEventListener(swap, ({ detail }) => {
    if (detail.target.querySelector("form[data-busy]")) detail.shouldSwap = false;
  });
});
