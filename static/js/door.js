// The door's page: sounds, a screen that stays awake, and the code's field always ready.
// The page works without this file.
(() => {
  "use strict";
  const door = document.querySelector("[data-door]");
  if (!door) return;
  // Told apart without looking: two rising notes, two equal ones, one low.
  const NOTES = { in: [660, 880], used: [440, 440], no: [180], undone: [520], error: [180] };
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

  function tell() {
    const answer = door.querySelector("[data-told]");
    if (answer) sound(answer.dataset.answer);
    const field = document.getElementById("code");
    if (field) field.focus({ preventScroll: true });
    if (answer) answer.scrollIntoView({ block: "nearest" });
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

  // A scan that got no answer is kept in its field: sent again it has the same id.
  function withoutAnswer() {
    const answer = door.querySelector(".door-answer");
    answer.dataset.answer = "error";
    answer.replaceChildren(Object.assign(document.createElement("p"), { className: "door-word", textContent: door.dataset.network }));
    sound("error");
    const field = document.getElementById("code");
    if (field) field.select();
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target === door) tell();
  });
  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach((name) => {
    document.addEventListener(name, (event) => {
      if (event.detail.target === door) withoutAnswer();
    });
  });
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
  tell();
})();
