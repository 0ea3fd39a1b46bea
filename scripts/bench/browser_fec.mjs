/**
 * What repairs cost in the browser's decoder; `browser_fec.py` runs it and says what is in the file.
 *
 *     node scripts/bench/browser_fec.mjs FILE
 */

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

import { StreamingFecDecoder } from "../../wavry/browser/rift/fec/decoder.js";
import { ParityPacket } from "../../wavry/browser/rift/fec/packets.js";
import { writeU32 } from "../../wavry/browser/rift/packet.js";

/** Where in a parity packet the id of its window's first packet is. */
const FIRST_ID_AT = 7;
const TURNS = 400;
/** Until the compiler has done what it will. */
const WARM_UP_TURNS = 1500;

const { symbolBytes, cases } = JSON.parse(readFileSync(process.argv[2]));

/** Return what repairs one window after the other, all alike but for their ids, with one decoder, and tells the µs. */
function makeTurn({ sources, parities }) {
  const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
  const packets = sources.map(([packetId, payload]) => ({ packetId, payload: bytesOf(payload) }));
  const parity = parities.map(bytesOf);
  const decoder = new StreamingFecDecoder(200, symbolBytes);
  let firstId = 0;
  return () => {
    const before = decoder.recovered;
    const beganAt = performance.now();
    for (const { packetId, payload } of packets) {
      decoder.addSourcePacket(firstId + packetId, payload);
    }
    for (const datagram of parity) {
      writeU32(datagram, FIRST_ID_AT, firstId);
      decoder.addParityPacket(ParityPacket.parse(datagram));
    }
    const tookUs = (performance.now() - beganAt) * 1000;
    if (decoder.recovered - before !== parity.length) {
      throw new Error(`${decoder.recovered - before} of ${parity.length} packets were repaired`);
    }
    firstId += packets.length + parity.length;
    return tookUs;
  };
}

function quantile(sorted, share) {
  return sorted[Math.floor(sorted.length * share)];
}

const costs = cases.map((each) => {
  const turn = makeTurn(each);
  for (let count = 0; count < WARM_UP_TURNS; count++) {
    turn();
  }
  const times = Float64Array.from({ length: TURNS }, turn).sort();
  const pairs = (each.sources.length + each.parities.length) * each.parities.length;
  return { p50: quantile(times, 0.5) / pairs, p95: quantile(times, 0.95) / pairs };
});
console.log(JSON.stringify({ node: process.version, costs }));
