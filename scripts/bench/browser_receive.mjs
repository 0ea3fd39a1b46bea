/**
 * What the browser's receiver takes for a packet, in node: in order, with 20 % parity that nothing needs, and with each
 * fourth pair of packets swapped. Units of 36 packets of 1170 bytes, as scripts/bench/receive.py has them.
 *
 *     node scripts/bench/browser_receive.mjs
 */

import { performance } from "node:perf_hooks";

import { makeFrame, makeParity } from "../../tests/browser/rift/packets.mjs";
import { Stream, readU32, writeU32 } from "../../wavry/browser/rift/packet.js";
import { Receiver } from "../../wavry/browser/rift/receiver.js";

const PACKETS = 36;
const PARITIES = 7;
const FRAMES = 3000;
const WARM_UP_FRAMES = 500;
const FRAME_S = 1 / 60;

const payload = Uint8Array.from({ length: 1146 }, (_, at) => at);
const frame = makeFrame(0, 0, PACKETS, { flags: 1, captureUs: 0, payload });
const swapped = frame.map((_, place) => frame[place % 8 < 2 ? place ^ 1 : place]);
const parities = Array.from({ length: PARITIES }, (_, index) =>
  makeParity(0, frame, { family: 0, index, parityCount: PARITIES, retiring: PACKETS }),
);

/** Return the µs that each packet takes, the median of frames. */
function measure(datagrams) {
  const receiver = new Receiver();
  const times = [];
  for (let number = 0; number < FRAMES; number++) {
    const copies = datagrams.map((datagram) => datagram.slice());
    for (const copy of copies) {
      moveTo(copy, number);
    }
    const now = number * FRAME_S;
    const beganAt = performance.now();
    for (const copy of copies) {
      receiver.receiveDatagram(copy, now);
    }
    receiver.datagramsToSend(now);
    receiver.nextTimer();
    times.push(performance.now() - beganAt);
    if (receiver.events().length !== 1) {
      throw new Error(`frame ${number} was not delivered`);
    }
  }
  times.splice(0, WARM_UP_FRAMES);
  return (times.sort((one, other) => one - other)[times.length >> 1] * 1000) / PACKETS;
}

function moveTo(datagram, number) {
  if (datagram[1] === Stream.PARITY) {
    writeU32(datagram, 7, number * PACKETS);
  } else {
    writeU32(datagram, 4, readU32(datagram, 4) + number * PACKETS);
    writeU32(datagram, 8, number);
  }
}

const result = {
  node: process.version,
  in_order_us: measure(frame),
  parity_us: measure([...frame, ...parities]),
  swapped_us: measure(swapped),
};
console.log(JSON.stringify(result));
