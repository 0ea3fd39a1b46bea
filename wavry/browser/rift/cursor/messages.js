/**
 * The shape of the host's pointer, as it is said on the control stream; WIRE.md section 9 is the definition.
 *
 * Pixels travel compressed. Whoever unpacks them does so no further than to the size that the bounded fields
 * name.
 */

import { MessageKind, messageKinds } from "../framing.js";
import { RemoteProtocolError } from "../errors.js";
import { bool, bytes, integer, withDefault } from "../schema.js";

/** Largest width and height. */
export const MAX_SIDE = 256;

/** Most that compressed pixels may take. */
export const MAX_PIXELS_BYTES = 27 * 1024;

const MAX_BYTES = 28 * 1024;
const side = withDefault(integer(0, MAX_SIDE), 0);

/** What the host says. */
export const CURSOR_MESSAGES = messageKinds({
  cursor_shape: new MessageKind(
    {
      width: side,
      height: side,
      hotX: side,
      hotY: side,
      pixels: withDefault(bytes(MAX_PIXELS_BYTES), new Uint8Array(0)),
      isDefault: withDefault(bool, false),
    },
    { maxBytes: MAX_BYTES },
  ),
});

/**
 * What the host's pointer looks like.
 *
 * @typedef {object} CursorImage
 * @property {number} width In pixels; 0: a program of the host has hidden it.
 * @property {number} height
 * @property {number} hotX The pixel that points.
 * @property {number} hotY
 * @property {Uint8ClampedArray} pixels RGBA, not premultiplied, rows without a gap: 4 `width` `height` bytes.
 */

/** A pointer that nobody sees. */
export const HIDDEN = Object.freeze({
  width: 0,
  height: 0,
  hotX: 0,
  hotY: 0,
  pixels: new Uint8ClampedArray(0),
});

/**
 * Unpack a shape.
 *
 * @param {object} shape The fields of a `cursor_shape`.
 * @returns {Promise<CursorImage | null>} The caller's; null where the client shows an arrow of its own.
 * @throws {RemoteProtocolError} The hot spot is outside, or the pixels are not as many as the fields say.
 */
export async function imageOf({ width, height, hotX, hotY, pixels, isDefault }) {
  if (isDefault) {
    return null;
  }
  if (width === 0 || height === 0) {
    return HIDDEN;
  }
  if (hotX >= width || hotY >= height) {
    throw new RemoteProtocolError(`hot spot ${hotX},${hotY} of a ${width}x${height} cursor`);
  }
  const unpacked = await unpack(pixels, 4 * width * height);
  return { width, height, hotX, hotY, pixels: straightened(unpacked) };
}

/** Unpack one RFC 1950 stream of exactly so many bytes, and never hold more than one chunk beyond them. */
async function unpack(packed, sizeBytes) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const unpacked = new Uint8Array(sizeBytes);
  let filled = 0;
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (filled + piece.value.length > sizeBytes) {
        throw new RemoteProtocolError("more pixels of a cursor than it has");
      }
      unpacked.set(piece.value, filled);
      filled += piece.value.length;
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof RemoteProtocolError) {
      throw error;
    }
    throw new RemoteProtocolError("pixels of a cursor are not RFC 1950");
  }
  if (filled !== sizeBytes) {
    throw new RemoteProtocolError("fewer pixels of a cursor than it has");
  }
  return unpacked;
}

/** Make premultiplied BGRA to straight RGBA. */
function straightened(pixels) {
  const straight = new Uint8ClampedArray(pixels.length); // it rounds, and keeps to 255
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3];
    const share = alpha === 0 ? 0 : 255 / alpha;
    straight[at] = pixels[at + 2] * share;
    straight[at + 1] = pixels[at + 1] * share;
    straight[at + 2] = pixels[at] * share;
    straight[at + 3] = alpha;
  }
  return straight;
}
