/**
 * What the fields of messages may be: types with bounds, which reading enforces. What was read is safe to
 * use.
 *
 * A type has `read(reader)` and `write(writer, value)`. Reading throws a `RemoteProtocolError`, writing a
 * `LocalProtocolError`, where a value is of another type or out of its bounds. Both never allocate more than
 * a few times the bytes that they read.
 *
 * @typedef {{read: (reader: import("./msgpack.js").MessagePackReader) => any,
 *            write: (writer: import("./msgpack.js").MessagePackWriter, value: any) => void}} FieldType
 */

import { LocalProtocolError, RemoteProtocolError } from "./errors.js";

const MAX_UTF8_BYTES = 4;

/**
 * Integers. Those that a Number can't hold are rounded, which leaves microseconds exact for 285 years.
 *
 * @param {number} least
 * @param {number | bigint} most Inclusive.
 * @returns {FieldType} Of Numbers.
 */
export function integer(least, most) {
  const isWithin = (value) => value >= least && value <= most;
  return {
    read(reader) {
      const value = reader.integer();
      if (!isWithin(value)) {
        throw new RemoteProtocolError(`${value} is not from ${least} to ${most}`);
      }
      return Number(value);
    },
    write(writer, value) {
      const isRight = Number.isInteger(value) && isWithin(value);
      check(isRight, `${value} is not an integer from ${least} to ${most}`);
      writer.integer(value);
    },
  };
}

export const u8 = integer(0, 0xff);
export const u16 = integer(0, 0xffff);
export const u32 = integer(0, 0xffffffff);
export const u63 = integer(0, 2n ** 63n - 1n);

/** @type {FieldType} */
export const bool = {
  read: (reader) => reader.boolean(),
  write(writer, value) {
    check(typeof value === "boolean", `${value} is not a boolean`);
    writer.boolean(value);
  },
};

/**
 * Texts, in characters: code points, as Python counts them.
 *
 * @param {number} most
 * @param {number} [least]
 * @returns {FieldType} Of strings.
 */
export function text(most, least = 0) {
  const isWithin = (value) => {
    const characters = value.length > most || value.length < 2 * least ? [...value].length : value.length;
    return characters >= least && characters <= most;
  };
  return {
    read(reader) {
      const value = reader.text(most * MAX_UTF8_BYTES);
      if (!isWithin(value)) {
        throw new RemoteProtocolError(`a text that is not of ${least} to ${most} characters`);
      }
      return value;
    },
    write(writer, value) {
      check(typeof value === "string" && isWithin(value), `not a text of ${least} to ${most} characters`);
      writer.text(value);
    },
  };
}

/**
 * Bytes.
 *
 * @param {number} most
 * @param {number} [least]
 * @returns {FieldType} Of `Uint8Array`s.
 */
export function bytes(most, least = 0) {
  return {
    read(reader) {
      const value = reader.bytes(most);
      if (value.length < least) {
        throw new RemoteProtocolError(`${value.length} bytes, at least ${least} expected`);
      }
      return value;
    },
    write(writer, value) {
      const isRight = value instanceof Uint8Array && value.length >= least && value.length <= most;
      check(isRight, `not ${least} to ${most} bytes`);
      writer.bytes(value);
    },
  };
}

/**
 * One of some texts.
 *
 * @param {...string} values
 * @returns {FieldType} Of strings.
 */
export function oneOf(...values) {
  const longest = text(Math.max(...values.map((each) => each.length)));
  return {
    read(reader) {
      const value = longest.read(reader);
      if (!values.includes(value)) {
        throw new RemoteProtocolError(`a text that is none of ${values.join(", ")}`);
      }
      return value;
    },
    write(writer, value) {
      check(values.includes(value), `not one of ${values.join(", ")}`);
      writer.text(value);
    },
  };
}

/**
 * Arrays.
 *
 * @param {FieldType} item
 * @param {number} most Items.
 * @returns {FieldType} Of arrays.
 */
export function array(item, most) {
  return {
    read(reader) {
      const count = reader.arrayHeader();
      if (count > most) {
        throw new RemoteProtocolError(`an array of ${count}, ${most} allowed`);
      }
      return Array.from({ length: count }, () => item.read(reader));
    },
    write(writer, value) {
      check(Array.isArray(value) && value.length <= most, `not an array of at most ${most}`);
      writer.arrayHeader(value.length);
      for (const each of value) {
        item.write(writer, each);
      }
    },
  };
}

/**
 * A type, or nothing.
 *
 * @param {FieldType} type
 * @returns {FieldType} Of its values and null.
 */
export function orNil(type) {
  return {
    read: (reader) => (reader.takeNil() ? null : type.read(reader)),
    write(writer, value) {
      if (value === null) {
        writer.nil();
      } else {
        type.write(writer, value);
      }
    },
  };
}

/**
 * A field that may be left out.
 *
 * @param {FieldType} type
 * @param {any} value What it is then; shared, so it must not be changed.
 */
export function withDefault(type, value) {
  return { ...type, default: value };
}

/**
 * Maps from field names to values, as objects. Unknown fields are passed over, so that a newer minor version
 * may add some.
 *
 * @param {Record<string, FieldType>} fields By name in camelCase; on the wire they are in snake_case.
 * @returns {FieldType} Of objects with all of the fields.
 */
export function struct(fields) {
  const described = Object.entries(fields).map(([name, type]) => ({ name, type, wireName: wireName(name) }));
  const byWireName = new Map(described.map((each) => [each.wireName, each]));
  return {
    read(reader) {
      const value = {};
      for (let count = reader.mapHeader(); count > 0; count -= 1) {
        const field = byWireName.get(reader.name());
        if (field === undefined) {
          reader.skip();
        } else {
          value[field.name] = readField(field, reader);
        }
      }
      for (const { name, type, wireName: missing } of described) {
        if (!Object.hasOwn(value, name)) {
          if (!Object.hasOwn(type, "default")) {
            throw new RemoteProtocolError(`without ${missing}`);
          }
          value[name] = type.default;
        }
      }
      return value;
    },
    write(writer, value) {
      writer.mapHeader(described.length);
      for (const { name, type, wireName: written } of described) {
        writer.text(written);
        type.write(writer, Object.hasOwn(value, name) ? value[name] : type.default);
      }
    },
  };
}

function readField(field, reader) {
  try {
    return field.type.read(reader);
  } catch (error) {
    if (error instanceof RemoteProtocolError) {
      error.message = `${field.wireName}: ${error.message}`;
    }
    throw error;
  }
}

/** "highestPacketId" is "highest_packet_id" on the wire. */
function wireName(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function check(isRight, message) {
  if (!isRight) {
    throw new LocalProtocolError(message);
  }
}
