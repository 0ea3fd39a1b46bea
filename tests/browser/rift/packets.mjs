/** Makers of packets, and what tests ask of events. */

import { AccessUnitReceived } from "../../../wavry/browser/rift/events.js";
import { factorOf } from "../../../wavry/browser/rift/fec/coefficients.js";
import { multiply } from "../../../wavry/browser/rift/fec/gf256.js";

/**
 * One datagram of the video stream; the payload begins with the unit header where the fragment is the first.
 */
export function makeDatagram(packetId, fields = {}) {
  const { stream = 0, frameId = packetId, index = 0, count = 1, flags, epoch = 0, captureUs } = fields;
  const unitHeader = index === 0 ? new Uint8Array(12) : [];
  const payload = fields.payload ?? Uint8Array.of(...unitHeader, packetId & 0xff, index);
  const datagram = new Uint8Array(24 + payload.length);
  const view = new DataView(datagram.buffer);
  datagram.set([1, stream, flags ?? (frameId === 0 ? 1 : 0), epoch]);
  view.setUint32(4, packetId);
  view.setUint32(8, frameId);
  view.setUint16(12, index);
  view.setUint16(14, count);
  view.setBigUint64(16, BigInt(captureUs ?? frameId * 16_667));
  datagram.set(payload, 24);
  return datagram;
}

/** The datagrams of a frame that is cut into so many packets. */
export function makeFrame(frameId, firstPacketId, count, fields = {}) {
  return Array.from({ length: count }, (_, index) =>
    makeDatagram((firstPacketId + index) >>> 0, { frameId, index, count, ...fields }),
  );
}

/**
 * One parity packet over datagrams with the ids from `firstPacketId` on, computed byte by byte from WIRE.md.
 */
export function makeParity(firstPacketId, datagrams, shape = {}) {
  const { family = 1, index = 9, parityCount = 10, retiring = 0 } = shape;
  const longest = Math.max(...datagrams.map((each) => each.length));
  const parity = new Uint8Array(11 + 2 + longest);
  parity.set([1, 1, family, datagrams.length, index, parityCount, retiring]);
  new DataView(parity.buffer).setUint32(7, firstPacketId);
  datagrams.forEach((datagram, place) => {
    const factor = factorOf(family, datagrams.length - 1 - place, index, parityCount);
    const symbol = Uint8Array.of(datagram.length >> 8, datagram.length & 0xff, ...datagram);
    symbol.forEach((byte, at) => {
      parity[11 + at] ^= multiply(factor, byte);
    });
  });
  return parity;
}

/** Ids of the frames that were delivered. */
export function deliveredIds(events) {
  return events.filter((event) => event instanceof AccessUnitReceived).map((event) => event.unit.frameId);
}

/** Events of one class. */
export function ofType(events, type) {
  return events.filter((event) => event instanceof type);
}
