/** What a sound card is told when it asks for a block. */

/** What a block of sound is made from. */
export const PullKind = Object.freeze({
  /** Decode `packet`. */
  PLAY: "play",
  /** A block is missing: let the decoder make one up. */
  CONCEAL: "conceal",
  /** There is nothing to hear. */
  SILENCE: "silence",
});

/**
 * What to play for one block.
 *
 * @typedef {object} Pull
 * @property {string} kind Of `PullKind`.
 * @property {?import("./packet.js").SoundPacket} packet To be played; of `CONCEAL` the one after the block
 *   that is missing, where that is here.
 * @property {?import("./packet.js").SoundPacket} merged Of `PLAY`: the packet before it, which is to be
 *   decoded first; the block goes over from one to the other.
 */

/** @type {Pull} */
export const SILENCE = Object.freeze({ kind: PullKind.SILENCE, packet: null, merged: null });
/** @type {Pull} A block that no packet says anything of. */
export const MADE_UP = Object.freeze({ kind: PullKind.CONCEAL, packet: null, merged: null });
