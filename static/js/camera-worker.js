// Reads QR codes beside the page, which stays quick: a picture in, its text or null out.
import { decodeQR } from "../vendor/qr@0.7.0/decode.js";

const PALE = 110; // of 255: what a picture's lights and darks are apart, or less, is stretched

function read(image) {
  try {
    return decodeQR(image, { effort: 4, timeLimit: 40 });
  } catch {
    return null; // it throws where there is no code
  }
}

// Stretch grey from the darkest to the lightest hundredth over its whole range; false where it is.
function stretch({ data }) {
  const counts = new Uint32Array(256);
  for (let i = 1; i < data.length; i += 16) counts[data[i]]++;
  const few = data.length / 1600;
  let low = 0;
  let high = 255;
  for (let seen = counts[0]; seen < few; seen += counts[low]) low++;
  for (let seen = counts[255]; seen < few; seen += counts[high]) high--;
  if (high - low > PALE) return false;
  const table = new Uint8ClampedArray(256).map((_, grey) => ((grey - low) * 255) / Math.max(high - low, 1));
  for (let i = 0; i < data.length; i += 4) data[i] = data[i + 1] = data[i + 2] = table[data[i + 1]];
  return true;
}

self.addEventListener("message", ({ data: { width, height, buffer } }) => {
  const image = { width, height, data: new Uint8ClampedArray(buffer) };
  self.postMessage(read(image) || (stretch(image) ? read(image) : null));
});
