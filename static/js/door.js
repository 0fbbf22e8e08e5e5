// The door's page: the camera, scans one after the other, sounds, a screen that stays awake.
// The page works without this file.
(() => {
  "use strict";
  const door = document.querySelector("[data-door]");
  if (!door) return;
  const form = document.getElementById("scan");
  const field = form.elements.code;
  const offline = window.doorOffline || null;
  const PATIENCE = 1000; // milliseconds for an answer, where there is a list to decide by
  // Told apart without looking: two rising notes, two equal ones, one low.
  const NOTES = { in: [660, 880], used: [440, 440], no: [180], undone: [520], error: [180] };
  const PASSES = ["in", "undone"];
  let audio = null;

  function sound(tone) {
    const Audio = window.AudioContext || window.webkitAudioContext;
    if (!Audio || !NOTES[tone]) return;
    audio = audio || new Audio();
    // Refused until somebody has touched the page; the next answer sounds then.
    if (audio.state === "suspended") audio.resume().catch(() => {});
    NOTES[tone].forEach((pitch, turn) => {
      const note = audio.createOscillator();
      const loudness = audio.createGain();
      const at = audio.currentTime + turn * 0.14;
      note.frequency.value = pitch;
      note.type = tone === "in" ? "sine" : "square";
      loudness.gain.setValueAtTime(tone === "in" ? 0.2 : 0.12, at);
      loudness.gain.exponentialRampToValueAtTime(0.001, at + (tone === "no" ? 0.45 : 0.13));
      note.connect(loudness).connect(audio.destination);
      note.start(at);
      note.stop(at + 0.5);
    });
    if (navigator.vibrate) navigator.vibrate(tone === "in" ? 60 : [120, 60, 120]);
  }

  // One scan after the other. What comes while an answer is on its way is sent after it; a scan
  // that got no answer is sent again with the same id, so that it admits once.
  const queue = [];
  let sending = false;
  let sent = "";
  let failed = "";

  // Whoever types the next code meanwhile goes on with it.
  function send(code) {
    const typed = field.value;
    field.value = code;
    form.requestSubmit();
    field.value = typed;
  }

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  const idField = () => document.getElementById("scan-id");
  const byList = () => offline && offline.canDecide();

  form.addEventListener("submit", (event) => {
    if (sending) {
      stop(event);
      if (field.value) queue.push(field.value);
      field.value = "";
    } else if (byList() && offline.isAway()) {
      stop(event);
      const code = field.value;
      field.value = "";
      if (code.trim()) decide({ id: idField().value, code, seats: 1 });
    } else if (failed && field.value !== failed) {
      idField().value = window.newScanId();
    }
  }, true);

  // Of a group, of a guest found by name, and undo.
  door.addEventListener("submit", (event) => {
    if (sending) stop(event);
    else if (byList() && offline.isAway()) {
      stop(event);
      decideBy(event.target);
    }
  }, true);

  // By the list of this device. What is typed may be a guest's name.
  async function decide(scan) {
    sending = true;
    const place = form.elements.door.value.trim();
    try {
      if (scan.code && offline.isName(scan.code)) offline.find(scan.code.trim(), place);
      else if (scan.undoes) await offline.undo(scan.undoes, scan.booking, scan.numbers, place);
      else await offline.check({ ...scan, door: place });
      idField().value = window.newScanId();
      answered();
    } catch {
      withoutAnswer(scan.code || "");
    }
  }

  function decideBy(asked) {
    const facts = new FormData(asked);
    const undoes = asked.dataset.undoes;
    const numbers = (asked.dataset.numbers || "").split(",").filter(Boolean).map(Number);
    const booking = Number(facts.get("booking") || asked.dataset.booking);
    const scan = { id: facts.get("id"), booking, seats: Number(facts.get("seats") || 1) };
    return decide(undoes ? { ...scan, undoes, numbers } : scan);
  }

  function begun(event) {
    sending = true;
    if (byList()) event.detail.xhr.timeout = PATIENCE;
    if (event.detail.elt !== form) return;
    sent = field.value;
    field.value = "";
  }

  // The network has failed, or the server: whom it refuses by name or key is told so.
  function lost(event) {
    const { status } = event.detail.xhr;
    const asked = event.detail.elt;
    if (!byList() || (status >= 400 && status < 500)) {
      withoutAnswer(asked === form ? sent : "");
      return;
    }
    offline.wasAway();
    if (asked === form) decide({ id: idField().value, code: sent, seats: 1 });
    else decideBy(asked);
  }

  function withoutAnswer(code) {
    const answer = door.querySelector(".door-answer");
    const word = document.createElement("p");
    word.className = "door-word";
    word.textContent = door.dataset.network;
    answer.dataset.answer = "error";
    answer.replaceChildren(word);
    sound("error");
    sending = false;
    failed = code;
    queue.length = 0;
    if (!field.value) field.value = code;
    field.select();
  }

  function answered() {
    sending = false;
    failed = "";
    const answer = door.querySelector("[data-told]");
    if (answer) {
      sound(answer.dataset.answer);
      answer.scrollIntoView({ block: "nearest" });
    }
    if (mustBeSeen(answer)) return;
    // After a press of what is no more here. With the camera nobody types, and a phone would show
    // its keyboard.
    if (document.activeElement === document.body && !camera) field.focus({ preventScroll: true });
    if (queue.length) send(queue.shift());
  }

  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach((name) => {
    document.addEventListener(name, (event) => {
      if (event.detail.target === door) lost(event);
    });
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === door) begun(event);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target !== door) return;
    learn();
    answered();
  });
  door.addEventListener("door:told", answered);

  // The list hears of what the server has answered with the next look at it.
  function learn() {
    const answer = door.querySelector("[data-numbers]");
    if (!answer || !offline) return;
    const numbers = answer.dataset.numbers.split(",").filter(Boolean).map(Number);
    const undoes = answer.dataset.answer === "undone";
    const booking = Number(answer.dataset.booking);
    offline.note({ booking_id: booking, numbers, undoes, reference: null, door: form.elements.door.value });
  }

  const panel = document.querySelector("[data-camera]");
  const video = panel.querySelector("video");
  const opener = panel.querySelector("[data-camera-open]");
  const torch = panel.querySelector("[data-camera-torch]");
  const express = panel.querySelector("[data-express]");
  const next = panel.querySelector("[data-next]");
  let camera = null;

  // Green goes on by itself; what is not green waits to be seen, unless the queue is in a hurry.
  function mustBeSeen(answer) {
    next.hidden = !camera || !answer || PASSES.includes(answer.dataset.answer) || express.checked;
    if (next.hidden) return false;
    queue.length = 0;
    next.querySelector("button").focus();
    return true;
  }

  function goOn() {
    next.hidden = true;
    opener.focus({ preventScroll: true });
  }

  function read(code) {
    if (!next.hidden) return;
    if (sending) queue.push(code);
    else send(code);
  }

  function complain(word) {
    const problem = panel.querySelector("[data-camera-problem]");
    problem.textContent = panel.dataset[word] || panel.dataset.unknown;
    problem.hidden = false;
    closeCamera();
  }

  function closeCamera() {
    if (camera) camera.close();
    camera = null;
    video.hidden = true;
    torch.hidden = true;
    next.hidden = true;
    opener.setAttribute("aria-pressed", "false");
  }

  async function toggleCamera() {
    if (opener.getAttribute("aria-pressed") === "true") {
      closeCamera();
      return;
    }
    panel.querySelector("[data-camera-problem]").hidden = true;
    video.hidden = false;
    opener.setAttribute("aria-pressed", "true");
    const opened = await window.doorCamera.open(video, { onCode: read, onProblem: complain });
    if (opener.getAttribute("aria-pressed") === "false") {
      opened.close();
      return;
    }
    camera = opened;
    torch.hidden = !(await camera.torch(false));
  }

  async function toggleTorch() {
    const on = torch.getAttribute("aria-pressed") !== "true";
    if (camera && (await camera.torch(on))) torch.setAttribute("aria-pressed", String(on));
  }

  if (window.doorCamera) {
    panel.hidden = false;
    opener.addEventListener("click", toggleCamera);
    torch.addEventListener("click", toggleTorch);
    next.querySelector("button").addEventListener("click", goOn);
    express.checked = window.localStorage.getItem("door-express") === "1";
    express.addEventListener("change", () => {
      window.localStorage.setItem("door-express", express.checked ? "1" : "0");
      if (express.checked) next.hidden = true;
    });
  }

  let awake = null;
  async function stayAwake() {
    if (document.hidden || !navigator.wakeLock) return;
    try {
      awake = awake && !awake.released ? awake : await navigator.wakeLock.request("screen");
    } catch {
      // Refused where the battery is low: the screen goes dark as ever.
    }
  }

  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
})();
