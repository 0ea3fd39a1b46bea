import assert from "node:assert/strict";
import test from "node:test";

import { RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { codecString } from "../../../wavry/browser/video/codec_string.js";

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

/** How keyframes of 1080p begin: of libx264, libx265 and SVT-AV1. */
const KEYFRAMES = {
  h264: ["000000016742c028da01e0089f9610000003001000000303c8f1832a0000000168ce0fc8", "avc1.42c028"],
  hevc: [
    "0000000140010c01ffff016000000300900000030000030078959809" +
      "00000001420101016000000300900000030000030078a003c08010e59656",
    "hev1.1.6.L120.90",
  ],
  av1: ["12000a0b00000042abbfc371abe601323510008ce081860c30400002", "av01.0.08M.08"],
};

for (const [codec, [data, wanted]] of Object.entries(KEYFRAMES)) {
  test(`${codec}: from the parameter sets of an encoder`, () => {
    assert.equal(codecString(codec, bytes(data)), wanted);
  });

  test(`${codec}: cut anywhere it is a fault of the peer or the same string`, () => {
    const whole = bytes(data);
    for (let size = 0; size < whole.length; size += 1) {
      try {
        codecString(codec, whole.subarray(0, size));
      } catch (error) {
        assert.ok(error instanceof RemoteProtocolError, `${size}: ${error}`);
      }
    }
  });
}

test("a keyframe without parameter sets is a fault of the peer", () => {
  assert.throws(() => codecString("h264", bytes("0000000165888400")), RemoteProtocolError);
  assert.throws(() => codecString("hevc", bytes("00000001260100")), RemoteProtocolError);
  assert.throws(() => codecString("av1", bytes("12003201ff")), RemoteProtocolError);
});
