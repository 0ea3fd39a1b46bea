/**
 * What WebCodecs calls the coding of a stream: from the parameter sets of a keyframe, so that the decoder is
 * told of the stream that comes and not of one that might.
 */

import { RemoteProtocolError } from "../rift/errors.js";

const H264_SPS = 7; // ITU-T H.264, table 7-1
const HEVC_SPS = 33; // ITU-T H.265, table 7-1
const OBU_SEQUENCE_HEADER = 1; // AV1, section 6.2.2

/** What is asked about before there is a stream, of 1080p. */
const PROBES = { h264: "avc1.64002a", hevc: "hev1.1.6.L123.b0", av1: "av01.0.08M.08" };

/**
 * Return the codecs that this browser decodes, as RIFT names them, best first.
 *
 * @returns {Promise<string[]>}
 */
export async function supportedCodecs() {
  const found = [];
  for (const [name, codec] of Object.entries(PROBES)) {
    const config = { codec, codedWidth: 1920, codedHeight: 1080, optimizeForLatency: true };
    const { supported } = await VideoDecoder.isConfigSupported(config).catch(() => ({ supported: false }));
    if (supported) {
      found.push(name);
    }
  }
  return found;
}

/**
 * Return the codec string of a keyframe (RFC 6381; ISO/IEC 14496-15 annex E; AV1 in ISOBMFF, section 5).
 *
 * @param {string} codec "h264", "hevc" or "av1".
 * @param {Uint8Array} data The access unit.
 * @returns {string}
 * @throws {RemoteProtocolError} It has no parameter sets.
 */
export function codecString(codec, data) {
  const found = codec === "av1" ? av1(data) : codec === "hevc" ? hevc(data) : h264(data);
  if (found === null) {
    throw new RemoteProtocolError("a keyframe without parameter sets");
  }
  return found;
}

function h264(data) {
  const sps = nalUnit(data, (header) => (header & 0x1f) === H264_SPS, 4);
  return sps && `avc1.${hex(sps[1])}${hex(sps[2])}${hex(sps[3])}`;
}

function hevc(data) {
  const sps = nalUnit(data, (header) => ((header >> 1) & 0x3f) === HEVC_SPS, 15);
  if (sps === null) {
    return null;
  }
  const profile = sps.subarray(3); // profile_tier_level, after the header and one byte
  const space = ["", "A", "B", "C"][profile[0] >> 6];
  const tier = profile[0] & 0x20 ? "H" : "L";
  let compatibility = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    if (profile[1 + (bit >> 3)] & (0x80 >> (bit & 7))) {
      compatibility += 2 ** bit;
    }
  }
  const constraints = Array.from(profile.subarray(5, 11), (byte) => byte.toString(16));
  while (constraints.at(-1) === "0") {
    constraints.pop();
  }
  const profileName = `${space}${profile[0] & 0x1f}`;
  const level = `${tier}${profile[11]}`;
  return ["hev1", profileName, compatibility.toString(16), level, ...constraints].join(".");
}

/**
 * Return the first bytes of the first NAL unit of a kind, without emulation prevention; null where there is
 * none.
 */
function nalUnit(data, isWanted, size) {
  for (let at = data.indexOf(1, 2); at >= 0; at = data.indexOf(1, at + 1)) {
    if (data[at - 1] === 0 && data[at - 2] === 0 && isWanted(data[at + 1])) {
      const bytes = [];
      for (let next = at + 1; bytes.length < size; next += 1) {
        if (next >= data.length) {
          return null;
        }
        const followsZeros = bytes.at(-1) === 0 && bytes.at(-2) === 0 && data[next - 1] === 0;
        const isEmulation = followsZeros && data[next] === 3;
        if (!isEmulation) {
          bytes.push(data[next]);
        }
      }
      return Uint8Array.from(bytes);
    }
  }
  return null;
}

function av1(data) {
  for (let at = 0; at < data.length; ) {
    const header = data[at];
    let begin = at + 1 + ((header >> 2) & 1);
    let size = data.length - begin;
    if (header & 2) {
      [size, begin] = leb128(data, begin);
    }
    if (((header >> 3) & 0xf) === OBU_SEQUENCE_HEADER) {
      return av1Sequence(data.subarray(begin, begin + size));
    }
    at = begin + size;
  }
  return null;
}

/** Read a number of at most 4 bytes; larger units than that are not taken. */
function leb128(data, at) {
  let value = 0;
  for (let byte = 0; byte < 4; byte += 1) {
    value |= (data[at + byte] & 0x7f) << (7 * byte);
    if ((data[at + byte] & 0x80) === 0) {
      return [value, at + byte + 1];
    }
  }
  throw new RemoteProtocolError("an OBU of an impossible size");
}

/**
 * The sequence header up to the level of the first operating point (AV1, section 5.5.1); hosts send 8 bits.
 */
function av1Sequence(bytes) {
  let at = 0;
  const bits = (count) => {
    let value = 0;
    for (let left = count; left > 0; left -= 1, at += 1) {
      value = value * 2 + ((bytes[at >> 3] >> (7 - (at & 7))) & 1);
    }
    return value;
  };
  const profile = bits(3);
  bits(1);
  const isReduced = bits(1) === 1;
  if (!isReduced) {
    if (bits(1) === 1) {
      return null; // timing info: no encoder of wavry's writes it
    }
    bits(1 + 5 + 12);
  }
  const level = bits(5);
  const tier = !isReduced && level > 7 && bits(1) === 1 ? "H" : "M";
  return `av01.${profile}.${String(level).padStart(2, "0")}${tier}.08`;
}

function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}
