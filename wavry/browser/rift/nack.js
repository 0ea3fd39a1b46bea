/**
 * The request for packets that did not come: one datagram from the client to the host. WIRE.md section 4
 * defines it.
 *
 * It travels beside the control stream, because a lost piece of the stream would hold it up for longer than
 * it is of use. Nobody acknowledges it; who still misses a packet asks again.
 */

import { PROTOCOL_MAJOR, Stream, writeU16, writeU32 } from "./packet.js";

const HEADER_BYTES = 3;
const ENTRY_BYTES = 6;

/** An id and the sixteen after it, the shape of RFC 4585's generic NACK (section 6.2.1). */
const IDS_PER_ENTRY = 17;

export const MAX_NACK_ENTRIES = 32;

/**
 * Return datagrams that ask for packets; losses side by side share an entry.
 *
 * @param {number[]} packetIds In the order of the ids.
 * @returns {Uint8Array[]} Each in memory of its own.
 */
export function serializeNacks(packetIds) {
  const firsts = [];
  const masks = [];
  for (const packetId of packetIds) {
    const last = firsts.length - 1;
    const ahead = last >= 0 ? (packetId - firsts[last]) >>> 0 : IDS_PER_ENTRY;
    if (ahead > 0 && ahead < IDS_PER_ENTRY) {
      masks[last] |= 1 << (ahead - 1);
    } else {
      firsts.push(packetId);
      masks.push(0);
    }
  }
  const datagrams = [];
  for (let at = 0; at < firsts.length; at += MAX_NACK_ENTRIES) {
    const count = Math.min(MAX_NACK_ENTRIES, firsts.length - at);
    const datagram = new Uint8Array(HEADER_BYTES + count * ENTRY_BYTES);
    datagram[0] = PROTOCOL_MAJOR;
    datagram[1] = Stream.NACK;
    datagram[2] = count;
    for (let entry = 0; entry < count; entry++) {
      writeU32(datagram, HEADER_BYTES + entry * ENTRY_BYTES, firsts[at + entry]);
      writeU16(datagram, HEADER_BYTES + entry * ENTRY_BYTES + 4, masks[at + entry]);
    }
    datagrams.push(datagram);
  }
  return datagrams;
}
