/**
 * Writes windows of random packets, each with parity that is computed from WIRE.md, for the decoder in
 * Python.
 *
 *     node tests/browser/write_parity.mjs OUT
 */

import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

import { makeParity } from "./rift/packets.mjs";
import { record, u32 } from "./records.mjs";

const BLOCK = 0;
const SLIDING = 1;
/** Family, source and parity packets, first index, first packet id. */
const WINDOWS = [
  [BLOCK, 1, 1, 0, 0],
  [BLOCK, 8, 2, 0, 7],
  [BLOCK, 36, 8, 0, 0xffff_fff0],
  [BLOCK, 200, 20, 0, 1000],
  [SLIDING, 1, 1, 9, 0],
  [SLIDING, 20, 4, 9, 0xffff_ffff],
  [SLIDING, 108, 11, 30, 5],
  [SLIDING, 200, 20, 9, 2 ** 31],
];

const written = [];
let parities = 0;
for (const [family, count, parityCount, firstIndex, firstId] of WINDOWS) {
  const sources = Array.from({ length: count }, (_, place) => randomBytes(1 + ((place * 97) % 1200)));
  sources.forEach((payload, place) => written.push(record("P", u32((firstId + place) >>> 0), payload)));
  for (let index = firstIndex; index < firstIndex + parityCount; index++) {
    const shape = { family, index, parityCount: firstIndex + parityCount };
    written.push(record("Q", makeParity(firstId, sources, shape)));
    parities += 1;
  }
  written.push(record("E"));
}
writeFileSync(process.argv[2], Buffer.concat(written));
console.log(JSON.stringify({ parities }));
