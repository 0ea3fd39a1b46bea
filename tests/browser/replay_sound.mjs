/**
 * Runs what a Python test wrote through the browser's receiver and playout of sound: a line of JSON in is a
 * datagram or a pull, a line out is what came of it.
 */

import { readFileSync } from "node:fs";

import { RemoteProtocolError } from "../../wavry/browser/rift/errors.js";
import { SoundPlayoutConfig } from "../../wavry/browser/rift/sound/config.js";
import { SoundPlayout } from "../../wavry/browser/rift/sound/playout.js";
import { SoundReceiver } from "../../wavry/browser/rift/sound/receiver.js";

const [head, ...lines] = readFileSync(process.argv[2], "utf8").split("\n").map((line) => JSON.parse(line));
const receiver = new SoundReceiver();
const playout = new SoundPlayout(new SoundPlayoutConfig(head));

function receive({ now, datagram }) {
  let packets;
  try {
    packets = receiver.receiveDatagram(Uint8Array.from(Buffer.from(datagram, "hex")));
  } catch (error) {
    if (error instanceof RemoteProtocolError) {
      return "malformed";
    }
    throw error;
  }
  return packets.map((packet) => {
    playout.add(packet, now);
    const { packetId, captureUs, epoch, flags, opus } = packet;
    return [packetId, captureUs, epoch, flags, Buffer.from(opus).toString("hex")];
  });
}

function pull({ now, extraHoldS }) {
  playout.extraHoldS = extraHoldS;
  const { speed } = playout;
  const { kind, packet, merged } = playout.pull(now);
  return [kind, packet?.packetId ?? null, merged?.packetId ?? null, speed, playout.holdS, playout.waitedS];
}

const answers = lines.map((line) => (line.datagram === undefined ? pull(line) : receive(line)));
const { played, spliced, concealed, late, drops } = playout;
const { usedBytes, capBytes } = playout;
const counts = { played, spliced, concealed, late, drops };
console.log(JSON.stringify({ answers, playout: counts, stats: receiver.stats, usedBytes, capBytes }));
