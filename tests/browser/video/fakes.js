/** What node has not, as little of it as the pictures need. */

import { readFile } from "node:fs/promises";

/** `ImageData`, of either constructor's form. */
export class fakeImageData {
  constructor(dataOrWidth, widthOrHeight, height) {
    if (typeof dataOrWidth === "number") {
      const data = new Uint8ClampedArray(4 * dataOrWidth * widthOrHeight);
      Object.assign(this, { data, width: dataOrWidth, height: widthOrHeight });
    } else {
      Object.assign(this, { data: dataOrWidth, width: widthOrHeight, height });
    }
  }
}

/** `fetch`, of the page's own files. */
export async function serveFiles(url) {
  return new Response(await readFile(url), { headers: { "content-type": "application/wasm" } });
}
