/**
 * Plays sound a little quicker or slower: what keeps two sound cards together. The twin of
 * `wavry/client/sound/resampler.py`: a windowed sinc of 16 taps at 256 places between two samples.
 */

/** It looks half of them ahead, which delays sound by 0.17 ms. */
export const TAPS = 16;

const PLACES = 256;
const BANDWIDTH = 0.94;
const KAISER_BETA = 7;

/** @returns {Float32Array} The taps for each place; each row sums to 1, so that silence and loudness stay. */
function makeTable() {
  const table = new Float32Array((PLACES + 1) * TAPS);
  for (let place = 0; place <= PLACES; place += 1) {
    const row = Array.from({ length: TAPS }, (_, tap) => {
      const distance = tap - (TAPS / 2 - 1) - place / PLACES;
      const inside = Math.max(0, 1 - (distance / (TAPS / 2)) ** 2);
      return sinc(BANDWIDTH * distance) * bessel(KAISER_BETA * Math.sqrt(inside));
    });
    const sum = row.reduce((total, each) => total + each, 0);
    row.forEach((each, tap) => {
      table[place * TAPS + tap] = each / sum;
    });
  }
  return table;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of order 0, by its series (Abramowitz and Stegun, 9.6.12). */
function bessel(x) {
  let sum = 1;
  for (let n = 1, term = 1; term > 1e-12 * sum; n += 1) {
    term *= (x / (2 * n)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * Stretches a stream of blocks. Its buffers are made once: 16 kB for the taps, 4 kB for two channels of 5 ms.
 */
export class Resampler {
  #taps = makeTable();
  #inputs;
  #blockFrames;
  #position = 0; // of the next frame put out, among those of the present block

  /**
   * @param {number} channels
   * @param {number} blockFrames Frames of a block.
   * @param {number} maxChange Most that the speed is away from 1.
   */
  constructor(channels, blockFrames, maxChange) {
    this.#blockFrames = blockFrames;
    this.#inputs = Array.from({ length: channels }, () => new Float32Array(TAPS + blockFrames));
    const longest = Math.trunc(blockFrames / (1 - maxChange)) + 2;
    /** What the last block became, planar; as many frames as `process` returned. */
    this.planes = Array.from({ length: channels }, () => new Float32Array(longest));
  }

  /**
   * Write the block into `planes`, shorter when `speed` is above 1.
   *
   * @param {Float32Array[]} block Planar, a block's frames each; not kept.
   * @param {number} speed Within `maxChange` of 1.
   * @returns {number} Frames in `planes`.
   */
  process(block, speed) {
    const frames = this.#blockFrames;
    const taps = this.#taps;
    const from = this.#position;
    const count = Math.max(0, Math.ceil((frames - from) / speed));
    for (let channel = 0; channel < block.length; channel += 1) {
      const input = this.#inputs[channel];
      const output = this.planes[channel];
      input.set(block[channel].subarray(0, frames), TAPS);
      for (let frame = 0; frame < count; frame += 1) {
        const position = from + frame * speed;
        const whole = Math.trunc(position);
        const row = Math.trunc((position - whole) * PLACES + 0.5) * TAPS;
        let sum = 0;
        for (let tap = 0; tap < TAPS; tap += 1) {
          sum += input[whole + tap] * taps[row + tap];
        }
        output[frame] = sum;
      }
      input.copyWithin(0, frames);
    }
    this.#position = from + count * speed - frames;
    return count;
  }
}
