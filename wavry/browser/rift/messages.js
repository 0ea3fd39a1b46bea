/**
 * Control messages: what they say. How they travel is in `framing.js`; WIRE.md sections 7 and 11 are the
 * definition.
 *
 * What another part of a session says or takes (input, cursor, clipboard) is described where that part is.
 */

import { ErrorCode, RemoteProtocolError } from "./errors.js";
import { messageKinds } from "./framing.js";
import { array, bool, bytes, integer, oneOf, orNil, struct, text, withDefault } from "./schema.js";
import { u16, u32, u63, u8 } from "./schema.js";

export const PROTOCOL_MAJOR = 1;
export const PROTOCOL_MINOR = 4;

export const NONCE_BYTES = 32;
const PUBLIC_KEY_BYTES = 32;
const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;

const MAX_MONITORS = 16;
const shortText = text(32);
const side = integer(1, 65_535);
const version = {
  versionMajor: withDefault(u16, PROTOCOL_MAJOR),
  versionMinor: withDefault(u16, PROTOCOL_MINOR),
};

/** What is said on the control stream. */
export const CONTROL_MESSAGES = messageKinds({
  hello: {
    ...version,
    name: withDefault(text(256), ""),
    codecs: withDefault(array(shortText, 16), []),
    maxDatagramBytes: withDefault(integer(512, 65_535), 1170),
    sound: withDefault(bool, false),
    input: withDefault(bool, false),
    cursor: withDefault(bool, false),
    clipboardSend: withDefault(bool, false),
    clipboardReceive: withDefault(bool, false),
  },
  stream_config: {
    epoch: u8,
    codec: oneOf("h264", "hevc", "av1"),
    width: integer(1, 16_384),
    height: integer(1, 16_384),
    fps: integer(1, 1000),
    bitrateBps: integer(1, 10_000_000_000),
    color: withDefault(shortText, "bt709"),
    fullRange: withDefault(bool, false),
  },
  sound_config: {
    epoch: u8,
    codec: withDefault(shortText, "opus"),
    channels: withDefault(integer(1, 255), 2),
    frameUs: withDefault(integer(2500, 60_000), 5000),
    available: withDefault(bool, true),
    reason: withDefault(text(256), ""),
  },
  keyframe_request: { epoch: u8, afterFrameId: u32 },
  feedback: {
    epoch: u8,
    highestPacketId: u32,
    packetsReceived: u63,
    packetsLost: u63,
    packetsRepaired: withDefault(u63, 0),
    packetsDuplicate: u63,
    framesReceived: u63,
    framesLost: u63,
    bytesReceived: u63,
    jitterUs: u32,
    isPlayoutBehind: withDefault(bool, false),
    reorderPermille: withDefault(orNil(integer(0, 1000)), null),
    fecPendingGroups: withDefault(orNil(u16), null),
    networkUs: withDefault(orNil(u32), null),
    playoutUs: withDefault(orNil(u32), null),
    decodeUs: withDefault(orNil(u32), null),
    captureToDecodedUs: withDefault(orNil(u32), null),
  },
  ping: { pingId: u32, sentUs: u63 },
  pong: { pingId: u32, sentUs: u63, receivedUs: u63 },
  source_state: { available: bool, reason: withDefault(text(256), "") },
  rights_granted: { rights: withDefault(array(shortText, 16), []) },
  denied: { right: shortText },
  monitor_list: {
    monitors: withDefault(
      array(struct({ name: withDefault(text(64), ""), width: side, height: side }), MAX_MONITORS),
      [],
    ),
    captured: withDefault(orNil(integer(0, MAX_MONITORS - 1)), null),
    refusal: withDefault(text(256), ""),
  },
  choose_monitor: { number: u16 },
  bye: { code: u16, reason: withDefault(text(256), "") },
});

/**
 * What is said on the control stream before a page is let in. A page has no SPAKE2, so what needs it is not
 * here.
 */
export const ENTRANCE_MESSAGES = messageKinds({
  knock: {
    ...version,
    publicKey: bytes(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES),
    nonce: bytes(NONCE_BYTES, NONCE_BYTES),
  },
  challenge: {
    nonce: bytes(NONCE_BYTES, NONCE_BYTES),
    certificate: withDefault(orNil(bytes(HASH_BYTES, HASH_BYTES)), null),
  },
  proof: { signature: bytes(SIGNATURE_BYTES, SIGNATURE_BYTES) },
  pair_pin: {
    pin: text(16),
    signature: bytes(SIGNATURE_BYTES, SIGNATURE_BYTES),
    name: withDefault(text(256), ""),
  },
  welcome: {},
  bye: CONTROL_MESSAGES.bye,
});

/**
 * Make sure that we can talk with the peer. Unlike minor versions can.
 *
 * @param {{versionMajor: number, versionMinor: number}} hello A first message.
 * @throws {RemoteProtocolError} It speaks another major version; the text names both.
 */
export function checkVersion({ versionMajor, versionMinor }) {
  if (versionMajor === PROTOCOL_MAJOR) {
    return;
  }
  const older = versionMajor > PROTOCOL_MAJOR ? "this side" : "the peer";
  throw new RemoteProtocolError(
    `the peer speaks RIFT ${versionMajor}.${versionMinor}, ` +
      `this side ${PROTOCOL_MAJOR}.${PROTOCOL_MINOR}; update ${older}`,
    ErrorCode.UNSUPPORTED_VERSION,
  );
}
