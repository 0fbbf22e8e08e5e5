// Each candidate as one function: an ImageData in, a text or null out.
/* global jsQR, ZXingWASM, ZXing */
(() => {
  "use strict";

  function script(path) {
    return new Promise((resolve, reject) => {
      const element = document.createElement("script");
      Object.assign(element, { src: "/packages/" + path, onload: resolve, onerror: reject });
      document.head.append(element);
    });
  }

  const makers = {
    jsqr: async (inversionAttempts = "attemptBoth") => {
      await script("jsqr/dist/jsQR.js");
      return (image) => jsQR(image.data, image.width, image.height, { inversionAttempts })?.data || null;
    },
    "qr-scanner": async () => {
      const { createWorker } = await import("/packages/qr-scanner/qr-scanner-worker.min.js");
      const worker = createWorker(); // of a blob: address, which our policy forbids
      worker.postMessage({ type: "inversionMode", data: "both" });
      return (image) => new Promise((resolve) => {
        worker.onmessage = (event) => resolve(event.data.data);
        worker.postMessage({ id: 1, type: "decode", data: image }, [image.data.buffer]);
      });
    },
    "zxing-wasm": async (more = {}) => {
      await script("zxing-wasm/dist/iife/reader/index.js");
      const locateFile = (file) => "/packages/zxing-wasm/dist/reader/" + file;
      await ZXingWASM.prepareZXingModule({ overrides: { locateFile }, fireImmediately: true });
      const options = { formats: ["QRCode"], maxNumberOfSymbols: 1, ...more };
      return async (image) => (await ZXingWASM.readBarcodes(image, options))[0]?.text || null;
    },
    "zxing-wasm, less effort": () => makers["zxing-wasm"]({ tryHarder: false, tryDownscale: false }),
    "@zxing/library": async () => {
      await script("@zxing/library/umd/index.min.js");
      const reader = new ZXing.QRCodeReader();
      const hints = new Map([[ZXing.DecodeHintType.TRY_HARDER, true]]);
      const attempt = (source) => {
        try {
          return reader.decode(new ZXing.BinaryBitmap(new ZXing.HybridBinarizer(source)), hints).getText();
        } catch {
          return null;
        }
      };
      return ({ data, width, height }) => {
        const grey = new Uint8ClampedArray(width * height);
        for (let i = 0; i < grey.length; i++) grey[i] = (data[4 * i] + 2 * data[4 * i + 1] + data[4 * i + 2]) >> 2;
        const source = new ZXing.RGBLuminanceSource(grey, width, height);
        return attempt(source) || attempt(source.invert());
      };
    },
    qr: async (options = {}) => {
      const { decodeQR } = await import("/packages/qr/decode.js");
      return (image) => {
        try {
          return decodeQR(image, options);
        } catch {
          return null;
        }
      };
    },
    "camera-worker.js": () => {
      const worker = new Worker("/static/js/camera-worker.js", { type: "module" });
      return ({ width, height, data: { buffer } }) => new Promise((resolve) => {
        worker.onmessage = (event) => resolve(event.data);
        worker.postMessage({ width, height, buffer }, [buffer]);
      });
    },
    "qr, all effort": () => makers.qr({ effort: Infinity, timeLimit: 60 }),
  };
  const made = {};

  window.decode = async (address, names) => {
    const picture = await createImageBitmap(await (await fetch(address)).blob());
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: picture.width, height: picture.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    const told = {};
    for (const name of names) {
      made[name] ||= await makers[name]();
      const image = context.getImageData(0, 0, canvas.width, canvas.height);
      const start = performance.now();
      const text = await made[name](image);
      told[name] = [text, performance.now() - start];
    }
    return told;
  };
  window.decoders = Object.keys(makers);
})();
