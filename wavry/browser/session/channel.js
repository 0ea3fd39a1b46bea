/**
 * A stream in both directions, by its place among those that the client opens. What is lost of one holds up
 * no other.
 */
export const Channel = Object.freeze({
  /** What both sides say of the stream and of themselves. */
  CONTROL: 0,
  /** Keys, buttons and text. */
  INPUT: 1,
  /** What may be large and has time. */
  BULK: 2,
});
