/** What node has not, as little of it as the pictures need. */

import { readFile } from "node:fs/promises";

/** `ImageData` of pixels that are there. */
export class FakeImageData {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
}

/** `fetch`, of the page's own files. */
export async function serveFiles(url) {
  return new Response(await readFile(url), { headers: { "content-type": "application/wasm" } });
}
