/**
 * MessagePack, as far as RIFT's messages need it: read by those who know what they expect, and written.
 *
 * Nothing is built of what nobody asked for: whoever reads says which type comes next, and `skip` passes over
 * the rest without an object for it. So no length in the bytes sizes an allocation, and no nesting a stack.
 *
 * Source: the MessagePack specification (msgpack/msgpack, spec.md).
 */

import { LocalProtocolError, RemoteProtocolError } from "./errors.js";

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const byteDecoder = new TextDecoder("latin1");
const utf8Encoder = new TextEncoder();

const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;

/**
 * Bytes of payload after the first byte of each format from 0xc0 on; -1 where a length or a count follows.
 */
const FIXED_BYTES = [
  0, -1, 0, 0, -1, -1, -1, -1, -1, -1, 4, 8, 1, 2, 4, 8,
  1, 2, 4, 8, 2, 3, 5, 9, 17, -1, -1, -1, -1, -1, -1, -1,
];

/** Reads values from bytes. Every method throws a `RemoteProtocolError` where something else stands there. */
export class MessagePackReader {
  #bytes;
  #view;

  /** @param {Uint8Array} bytes Borrowed; must not change while it is read. */
  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    /** Where the next value begins. */
    this.offset = 0;
  }

  /** @returns {boolean} Whether everything was read. */
  get isAtEnd() {
    return this.offset === this.#bytes.length;
  }

  /** @returns {boolean} Whether nil comes next; then it is passed over. */
  takeNil() {
    if (this.offset < this.#bytes.length && this.#bytes[this.offset] === NIL) {
      this.offset += 1;
      return true;
    }
    return false;
  }

  /** @returns {boolean} */
  boolean() {
    const first = this.#first();
    if (first !== TRUE && first !== FALSE) {
      throw wrong("a truth value");
    }
    return first === TRUE;
  }

  /**
   * Read an integer.
   *
   * @returns {number | bigint} A BigInt where a Number can't hold it exactly.
   */
  integer() {
    const first = this.#first();
    if (first < 0x80) {
      return first;
    }
    if (first >= 0xe0) {
      return first - 0x100;
    }
    const view = this.#view;
    switch (first) {
      case 0xcc: return view.getUint8(this.#advance(1));
      case 0xcd: return view.getUint16(this.#advance(2));
      case 0xce: return view.getUint32(this.#advance(4));
      case 0xcf: return exact(view.getBigUint64(this.#advance(8)));
      case 0xd0: return view.getInt8(this.#advance(1));
      case 0xd1: return view.getInt16(this.#advance(2));
      case 0xd2: return view.getInt32(this.#advance(4));
      case 0xd3: return exact(view.getBigInt64(this.#advance(8)));
      default: throw wrong("an integer");
    }
  }

  /**
   * Read a text.
   *
   * @param {number} maxBytes Longest that is taken, in UTF-8.
   * @returns {string}
   */
  text(maxBytes) {
    const size = this.#textSize();
    if (size > maxBytes) {
      throw new RemoteProtocolError(`a text of ${size} bytes, ${maxBytes} allowed`);
    }
    const begin = this.#advance(size);
    try {
      return utf8Decoder.decode(this.#bytes.subarray(begin, begin + size));
    } catch {
      throw new RemoteProtocolError("a text that is not UTF-8");
    }
  }

  /**
   * @returns {string} A text of which only ASCII means something, a character for each byte: the name of a
   * field.
   */
  name() {
    const size = this.#textSize();
    const begin = this.#advance(size);
    return byteDecoder.decode(this.#bytes.subarray(begin, begin + size));
  }

  #textSize() {
    const first = this.#first();
    if (first >= 0xa0 && first < 0xc0) {
      return first & 0x1f;
    }
    if (first >= 0xd9 && first <= 0xdb) {
      return this.#size(first - 0xd9);
    }
    throw wrong("a text");
  }

  /**
   * Read bytes.
   *
   * @param {number} maxBytes Most that are taken.
   * @returns {Uint8Array} A copy.
   */
  bytes(maxBytes) {
    const first = this.#first();
    if (first < 0xc4 || first > 0xc6) {
      throw wrong("bytes");
    }
    const size = this.#size(first - 0xc4);
    if (size > maxBytes) {
      throw new RemoteProtocolError(`${size} bytes, ${maxBytes} allowed`);
    }
    const begin = this.#advance(size);
    return this.#bytes.slice(begin, begin + size);
  }

  /** @returns {number} How many values of an array follow; the bytes are there for one byte each. */
  arrayHeader() {
    const first = this.#first();
    if (first >= 0x90 && first < 0xa0) {
      return this.#count(first & 0x0f, 1);
    }
    if (first === 0xdc || first === 0xdd) {
      return this.#count(this.#size(first - 0xdc + 1), 1);
    }
    throw wrong("an array");
  }

  /** @returns {number} How many pairs of a map follow; the bytes are there for two bytes each. */
  mapHeader() {
    const first = this.#first();
    if (first >= 0x80 && first < 0x90) {
      return this.#count(first & 0x0f, 2);
    }
    if (first === 0xde || first === 0xdf) {
      return this.#count(this.#size(first - 0xde + 1), 2);
    }
    throw wrong("a map");
  }

  /** Pass over one value, whatever it is. O(bytes of it), no recursion. */
  skip() {
    for (let pending = 1; pending > 0; pending -= 1) {
      const first = this.#first();
      if (first < 0x80 || first >= 0xe0) {
        continue;
      }
      if (first < 0x90) {
        pending += 2 * this.#count(first & 0x0f, 2);
      } else if (first < 0xa0) {
        pending += this.#count(first & 0x0f, 1);
      } else if (first < 0xc0) {
        this.#advance(first & 0x1f);
      } else {
        pending += this.#skipFormat(first);
      }
    }
  }

  /** Pass over what follows a first byte from 0xc0 on; return how many values it holds. */
  #skipFormat(first) {
    const fixed = FIXED_BYTES[first - 0xc0];
    if (fixed >= 0) {
      this.#advance(fixed);
    } else if (first >= 0xc4 && first <= 0xc6) {
      this.#advance(this.#size(first - 0xc4));
    } else if (first >= 0xc7 && first <= 0xc9) {
      this.#advance(this.#size(first - 0xc7) + 1);
    } else if (first >= 0xd9 && first <= 0xdb) {
      this.#advance(this.#size(first - 0xd9));
    } else if (first === 0xdc || first === 0xdd) {
      return this.#count(this.#size(first - 0xdc + 1), 1);
    } else if (first === 0xde || first === 0xdf) {
      return 2 * this.#count(this.#size(first - 0xde + 1), 2);
    } else {
      throw new RemoteProtocolError("a byte that MessagePack never uses");
    }
    return 0;
  }

  #first() {
    return this.#bytes[this.#advance(1)];
  }

  /** Read a size of 1, 2 or 4 bytes. */
  #size(power) {
    const view = this.#view;
    const begin = this.#advance(1 << power);
    return power === 0 ? view.getUint8(begin) : power === 1 ? view.getUint16(begin) : view.getUint32(begin);
  }

  /** Make sure that so many values may follow. */
  #count(count, bytesEach) {
    if (count * bytesEach > this.#bytes.length - this.offset) {
      throw new RemoteProtocolError("more values than there are bytes");
    }
    return count;
  }

  #advance(size) {
    const begin = this.offset;
    if (size > this.#bytes.length - begin) {
      throw new RemoteProtocolError("a value that ends too early");
    }
    this.offset = begin + size;
    return begin;
  }
}

function exact(value) {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function wrong(expected) {
  return new RemoteProtocolError(`something else than ${expected}`);
}

/**
 * Writes values. Grows as it is written to, so what is written is the bound.
 */
export class MessagePackWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;

  /** @returns {Uint8Array} What was written; a copy. */
  finish() {
    return this.#bytes.slice(0, this.#size);
  }

  nil() {
    this.#put(NIL);
  }

  /** @param {boolean} value */
  boolean(value) {
    this.#put(value ? TRUE : FALSE);
  }

  /** @param {number | bigint} value -2^63 to 2^64 - 1, in its shortest form. */
  integer(value) {
    if (value >= 0) {
      this.#unsigned(value);
    } else if (value >= -0x20) {
      this.#put(Number(value) & 0xff);
    } else if (value >= -0x80) {
      this.#put(0xd0);
      this.#put(Number(value) & 0xff);
    } else if (value >= -0x8000) {
      this.#put(0xd1);
      this.#putUint16(Number(value) & 0xffff);
    } else if (value >= -0x80000000) {
      this.#put(0xd2);
      this.#putUint32(Number(value) >>> 0);
    } else {
      this.#put(0xd3);
      this.#putUint64(BigInt.asUintN(64, BigInt(value)));
    }
  }

  #unsigned(value) {
    if (value < 0x80) {
      this.#put(Number(value));
    } else if (value < 0x100) {
      this.#put(0xcc);
      this.#put(Number(value));
    } else if (value < 0x10000) {
      this.#put(0xcd);
      this.#putUint16(Number(value));
    } else if (value < 0x100000000) {
      this.#put(0xce);
      this.#putUint32(Number(value));
    } else {
      this.#put(0xcf);
      this.#putUint64(BigInt(value));
    }
  }

  /** @param {string} value */
  text(value) {
    const bytes = utf8Encoder.encode(value);
    if (bytes.length < 32) {
      this.#put(0xa0 | bytes.length);
    } else {
      this.#sized(0xd9, bytes.length);
    }
    this.raw(bytes);
  }

  /** @param {Uint8Array} value */
  bytes(value) {
    this.#sized(0xc4, value.length);
    this.raw(value);
  }

  /** @param {number} count Values that follow. */
  arrayHeader(count) {
    this.#header(0x90, 0xdc, count);
  }

  /** @param {number} count Pairs that follow. */
  mapHeader(count) {
    this.#header(0x80, 0xde, count);
  }

  /** @param {Uint8Array} bytes That are MessagePack already. */
  raw(bytes) {
    const begin = this.#reserve(bytes.length);
    this.#bytes.set(bytes, begin);
  }

  #header(short, long, count) {
    if (count < 16) {
      this.#put(short | count);
    } else if (count < 0x10000) {
      this.#put(long);
      this.#putUint16(count);
    } else {
      throw new LocalProtocolError(`${count} values in one message`);
    }
  }

  #sized(format, size) {
    if (size < 0x100) {
      this.#put(format);
      this.#put(size);
    } else if (size < 0x10000) {
      this.#put(format + 1);
      this.#putUint16(size);
    } else {
      this.#put(format + 2);
      this.#putUint32(size);
    }
  }

  #put(byte) {
    const begin = this.#reserve(1);
    this.#bytes[begin] = byte;
  }

  #putUint16(value) {
    const begin = this.#reserve(2);
    this.#view.setUint16(begin, value);
  }

  #putUint32(value) {
    const begin = this.#reserve(4);
    this.#view.setUint32(begin, value);
  }

  #putUint64(value) {
    const begin = this.#reserve(8);
    this.#view.setBigUint64(begin, value);
  }

  /**
   * Make room; the bytes and the view may be others afterwards, so it is called before either is looked at.
   */
  #reserve(size) {
    const begin = this.#size;
    this.#size = begin + size;
    if (this.#size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return begin;
  }
}
