// The door's page: the camera, scans one after the other, sounds, a screen that stays awake.
// The page works without this file.
(() => {
  "use strict";
  const door = document.querySelector("[data-door]");
  if (!door) return;
  const form = document.getElementById("scan");
  const field = form.elements.code;
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

  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64; // RFC 9562: version 4
    bytes[8] = (bytes[8] & 63) | 128;
    const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function send(code) {
    field.value = code;
    form.requestSubmit();
  }

  form.addEventListener("submit", (event) => {
    if (sending) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (field.value) queue.push(field.value);
      field.value = "";
    } else if (failed && field.value !== failed) {
      document.getElementById("scan-id").value = uuid();
    }
  }, true);

  function begun(event) {
    sending = true;
    if (event.detail.elt !== form) return;
    sent = field.value;
    field.value = "";
  }

  function withoutAnswer() {
    const answer = door.querySelector(".door-answer");
    const word = document.createElement("p");
    word.className = "door-word";
    word.textContent = door.dataset.network;
    answer.dataset.answer = "error";
    answer.replaceChildren(word);
    sound("error");
    sending = false;
    failed = sent;
    queue.length = 0;
    if (!field.value) field.value = sent;
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
      if (event.detail.target === door) withoutAnswer();
    });
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === door) begun(event);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target === door) answered();
  });

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
