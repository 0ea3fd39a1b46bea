/**
 * Golden files: records of a size (4 bytes, big-endian), a letter and a body. `golden.py` says what the
 * letters mean.
 */

/** Each record of a file: its letter and its body, a view. */
export function* records(file) {
  for (let at = 0; at < file.length; ) {
    const end = at + 5 + file.readUInt32BE(at);
    yield [String.fromCharCode(file[at + 4]), file.subarray(at + 5, end)];
    at = end;
  }
}

/** The bytes of one record. */
export function record(kind, ...parts) {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length);
  head.write(kind, 4);
  return Buffer.concat([head, body]);
}

/** A number as 4 bytes. */
export function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
