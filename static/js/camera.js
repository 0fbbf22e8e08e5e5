// The camera of a door: `doorCamera.open(video, { onCode, onProblem })` reads the QR codes before it.
// Needs data-decoder on its script element: the address of camera-worker.js, for browsers that
// can't read codes themselves (ADR 87).
(() => {
  "use strict";
  const DECODER = document.currentScript.dataset.decoder;
  const PAUSE = 100; // milliseconds between pictures, at least
  const AWAY = 3000; // milliseconds a code is out of sight before it is told anew
  const CENTRE = 0.8; // of the shorter side: where a code is held first of all
  const LONGEST = 1280; // pixels of what is searched
  const WANTED = {
    audio: false,
    video: { facingMode: "environment", width: { ideal: LONGEST }, height: { ideal: 720 } },
  };
  const PROBLEMS = {
    NotAllowedError: "denied",
    SecurityError: "denied",
    NotFoundError: "none",
    OverconstrainedError: "none",
    NotReadableError: "busy",
    AbortError: "busy",
  };

  // A reader takes a canvas and promises a text, or null.
  async function nativeReader() {
    if (typeof window.BarcodeDetector !== "function") return null;
    const formats = await window.BarcodeDetector.getSupportedFormats();
    if (!formats.includes("qr_code")) return null;
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    const read = async (canvas) => {
      const [found] = await detector.detect(canvas);
      return found ? found.rawValue : null;
    };
    return { read, close() {} };
  }

  function workerReader() {
    const worker = new Worker(DECODER, { type: "module" });
    let settle = null;
    const broken = new Promise((_, reject) => {
      worker.onerror = () => reject(new Error("the decoder did not load"));
    });
    broken.catch(() => {}); // told by whoever reads
    worker.onmessage = (event) => settle(event.data);
    const read = (canvas, context) => {
      const { width, height, data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const answer = new Promise((resolve) => {
        settle = resolve;
      });
      worker.postMessage({ width, height, buffer: data.buffer }, [data.buffer]);
      return Promise.race([answer, broken]);
    };
    return { read, close: () => worker.terminate() };
  }

  // Reads canvases with what the browser has, and with the worker once that has failed.
  async function makeReader() {
    const native = await nativeReader().catch(() => null);
    let reader = native || workerReader();
    const read = async (canvas, context) => {
      try {
        return await reader.read(canvas, context);
      } catch (error) {
        if (reader !== native) throw error;
        reader = workerReader();
        return null;
      }
    };
    return { read, close: () => reader.close() };
  }

  // Draws a video's picture: the square in its middle, or the whole.
  function makePainter(video) {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const paint = (whole) => {
      const side = Math.min(video.videoWidth, video.videoHeight) * CENTRE;
      const width = whole ? video.videoWidth : side;
      const height = whole ? video.videoHeight : side;
      const scale = Math.min(LONGEST / Math.max(width, height), 1);
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      const left = (video.videoWidth - width) / 2;
      const top = (video.videoHeight - height) / 2;
      context.drawImage(video, left, top, width, height, 0, 0, canvas.width, canvas.height);
    };
    return { canvas, context, paint };
  }

  // Tells each code once, until it was out of sight for a while.
  function makeTeller(onCode) {
    const seen = new Map();
    return (text) => {
      const now = performance.now();
      seen.forEach((at, other) => {
        if (now - at >= AWAY) seen.delete(other);
      });
      const isNew = !seen.has(text);
      seen.set(text, now);
      if (isNew) setTimeout(onCode, 0, text); // what goes wrong there stops no camera
    };
  }

  const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));
  const stopped = (stream) => stream.getTracks().forEach((track) => track.stop());

  function makeCamera(video, reader, tell, onProblem) {
    const { canvas, context, paint } = makePainter(video);
    let stream = null;
    let turn = 0; // each start and stop is a new one; what an older one still awaited is dropped
    let lit = false;

    async function look(mine) {
      for (let whole = false; mine === turn; whole = !whole) {
        const began = performance.now();
        if (video.readyState >= video.HAVE_CURRENT_DATA && video.videoWidth) {
          paint(whole);
          const text = await reader.read(canvas, context);
          if (text && mine === turn) tell(text);
        }
        await sleep(Math.max(PAUSE - (performance.now() - began), 0));
      }
    }

    async function light() {
      const [track] = stream ? stream.getVideoTracks() : [];
      if (!track || !track.getCapabilities || !track.getCapabilities().torch) return false;
      return track.applyConstraints({ advanced: [{ torch: lit }] }).then(() => true, () => false);
    }

    function stop() {
      turn += 1;
      if (stream) stopped(stream);
      stream = null;
      video.srcObject = null;
    }

    function fail(mine, problem) {
      if (mine !== turn) return;
      stop();
      onProblem(problem);
    }

    async function start() {
      stop();
      const mine = turn;
      try {
        const given = await navigator.mediaDevices.getUserMedia(WANTED);
        if (mine !== turn) {
          stopped(given);
          return;
        }
        stream = given;
        stream.getVideoTracks()[0].addEventListener("ended", () => fail(mine, "busy"));
        Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
        await video.play();
        if (lit) await light();
      } catch (error) {
        fail(mine, PROBLEMS[error.name] || "unknown");
        return;
      }
      look(mine).catch((error) => {
        console.warn("camera", error);
        fail(mine, "unknown");
      });
    }

    function torch(on) {
      lit = Boolean(on);
      return light();
    }

    return { start, stop, torch };
  }

  // Promises { close(), torch(on) }, whatever happens; problems are told as words: "denied", "none",
  // "busy", "insecure", "unknown". After one, nothing is read until the page is shown anew.
  async function open(video, { onCode, onProblem }) {
    const unable = !window.isSecureContext ? "insecure" : !navigator.mediaDevices ? "none" : null;
    if (unable) {
      onProblem(unable);
      return { close() {}, torch: async () => false };
    }
    const reader = await makeReader();
    const { start, stop, torch } = makeCamera(video, reader, makeTeller(onCode), onProblem);
    const follow = () => (document.hidden ? stop() : start());
    document.addEventListener("visibilitychange", follow);
    if (!document.hidden) await start();
    const close = () => {
      document.removeEventListener("visibilitychange", follow);
      stop();
      reader.close();
    };
    return { close, torch };
  }

  window.doorCamera = { open };
})();
