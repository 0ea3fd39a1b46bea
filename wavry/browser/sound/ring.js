/**
 * Samples on their way to the sound card: one writer, one reader, on two threads, without a lock.
 *
 * Over a `SharedArrayBuffer` the two are the worker and the audio worklet. Where memory can't be shared both
 * are the worklet, which writes what comes by messages.
 */

/** Frames it holds; 171 ms at 48 kHz. A power of two, so that places go on when counters wrap. */
export const RING_FRAMES = 8192;

const MASK = RING_FRAMES - 1;

/** Counters at its head, each modulo 2^32. */
const WRITTEN = 0;
const READ = 1;
/** Frames for which there was nothing to read. */
const DRY = 2;
/** How often that began. */
const UNDERRUNS = 3;
/** The context's frame at which reading began. */
const BEGAN = 4;
const HEAD_COUNTERS = 16;

/**
 * A ring of planar samples. The writer calls `write`, the reader `read` and `noteDry`; each may read all
 * counters.
 */
export class Ring {
  #head;
  #planes;

  /**
   * @param {ArrayBufferLike} buffer Of `Ring.bytesFor(channels)`, zeros at first; shared by all that use the
   *   ring.
   * @param {number} channels 1 to 6.
   */
  constructor(buffer, channels) {
    this.buffer = buffer;
    this.channels = channels;
    this.#head = new Int32Array(buffer, 0, HEAD_COUNTERS);
    this.#planes = Array.from({ length: channels }, (_, channel) => {
      return new Float32Array(buffer, 4 * (HEAD_COUNTERS + channel * RING_FRAMES), RING_FRAMES);
    });
  }

  /**
   * @param {number} channels
   * @returns {number} Bytes of its buffer.
   */
  static bytesFor(channels) {
    return 4 * (HEAD_COUNTERS + channels * RING_FRAMES);
  }

  /** Frames that wait to be read. */
  get waiting() {
    return (Atomics.load(this.#head, WRITTEN) - Atomics.load(this.#head, READ)) | 0;
  }

  /** Frames written since it was made, modulo 2^32. */
  get written() {
    return Atomics.load(this.#head, WRITTEN);
  }

  /** Frames for which there was nothing to read, modulo 2^32. */
  get dry() {
    return Atomics.load(this.#head, DRY);
  }

  /** Frames that the sound card took, with those for which there was nothing, modulo 2^32. */
  get taken() {
    return (Atomics.load(this.#head, READ) + Atomics.load(this.#head, DRY)) | 0;
  }

  /** How often there began to be nothing to read. */
  get underruns() {
    return Atomics.load(this.#head, UNDERRUNS);
  }

  /** The context's frame at which reading began, modulo 2^32. */
  get began() {
    return Atomics.load(this.#head, BEGAN);
  }

  /**
   * Append frames.
   *
   * @param {Float32Array[]} planes One for each channel; copied.
   * @param {number} frames
   * @returns {boolean} False, and nothing is written, where there is no room.
   */
  write(planes, frames) {
    if (frames > RING_FRAMES - this.waiting) {
      return false;
    }
    const written = Atomics.load(this.#head, WRITTEN);
    for (let channel = 0; channel < this.channels; channel += 1) {
      const from = planes[channel];
      const to = this.#planes[channel];
      for (let frame = 0; frame < frames; frame += 1) {
        to[(written + frame) & MASK] = from[frame];
      }
    }
    Atomics.store(this.#head, WRITTEN, (written + frames) | 0);
    return true;
  }

  /**
   * Take frames out. Allocates nothing.
   *
   * @param {Float32Array[]} planes One for each channel, to write to.
   * @param {number} frames Most that are taken.
   * @returns {number} How many were.
   */
  read(planes, frames) {
    const count = Math.min(frames, this.waiting);
    const read = Atomics.load(this.#head, READ);
    for (let channel = 0; channel < this.channels && channel < planes.length; channel += 1) {
      const from = this.#planes[channel];
      const to = planes[channel];
      for (let frame = 0; frame < count; frame += 1) {
        to[frame] = from[(read + frame) & MASK];
      }
    }
    Atomics.store(this.#head, READ, (read + count) | 0);
    return count;
  }

  /**
   * Count frames for which there was nothing to read.
   *
   * @param {number} frames
   * @param {boolean} isFirst Whether there was something before them.
   */
  noteDry(frames, isFirst) {
    Atomics.add(this.#head, DRY, frames);
    if (isFirst) {
      Atomics.add(this.#head, UNDERRUNS, 1);
    }
  }

  /** @param {number} frame The context's, at which reading begins. */
  noteBegan(frame) {
    Atomics.store(this.#head, BEGAN, frame | 0);
  }

  /** Use it no more. */
  close() {}

  /** @returns {Int32Array} A copy of the counters, for a `RemoteRing`. */
  counters() {
    return this.#head.slice();
  }

  /**
   * Take over all counters but that of the writer.
   *
   * @param {Int32Array} counters Of the reader's ring.
   */
  takeCounters(counters) {
    for (const index of [READ, DRY, UNDERRUNS, BEGAN]) {
      Atomics.store(this.#head, index, counters[index]);
    }
  }
}

/** The writer's end of a ring in the worklet's own memory: what is written there goes by messages. */
export class RemoteRing extends Ring {
  #port;

  /**
   * @param {MessagePort} port To the worklet.
   * @param {number} channels
   */
  constructor(port, channels) {
    super(new ArrayBuffer(Ring.bytesFor(channels)), channels);
    this.#port = port;
    port.onmessage = ({ data }) => this.takeCounters(data);
  }

  close() {
    this.#port.close();
  }

  write(planes, frames) {
    if (!super.write(planes, frames)) {
      return false;
    }
    const copies = planes.map((plane) => plane.slice(0, frames));
    this.#port.postMessage(
      copies,
      copies.map((copy) => copy.buffer),
    );
    return true;
  }
}
