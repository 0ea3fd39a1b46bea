import assert from "node:assert/strict";
import test from "node:test";

import { ErrorCode, RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { ClientGate } from "../../../wavry/browser/session/gate.js";
import { ClientIdentity } from "../../../wavry/browser/session/identity.js";

const CERTIFICATE = new Uint8Array(32).fill(7);
const HOST_NONCE = new Uint8Array(32).fill(1);
const CHALLENGE = { nonce: HOST_NONCE, certificate: CERTIFICATE };
const HASHES = ["00".repeat(32), "07".repeat(32)];

async function identity() {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { pair, identity: new ClientIdentity(pair.privateKey, publicKey) };
}

async function gate({ pin = null, hashes = HASHES } = {}) {
  const made = await identity();
  const newNonce = (size) => new Uint8Array(size).fill(9);
  return { ...made, gate: new ClientGate(made.identity, hashes, { pin, name: "page", newNonce }) };
}

async function isSigned(pair, publicKey, signature) {
  const label = new TextEncoder().encode("wavry browser proof 1\0");
  const text = Buffer.concat([label, CERTIFICATE, publicKey, HOST_NONCE, new Uint8Array(32).fill(9)]);
  return crypto.subtle.verify("Ed25519", pair.publicKey, signature, text);
}

test("a page that was paired proves who it is, bound to the certificate and both nonces", async () => {
  const { gate: each, identity: own, pair } = await gate();
  const wanted = { publicKey: own.publicKey, nonce: new Uint8Array(32).fill(9) };
  assert.deepEqual(each.knock(), { kind: "knock", fields: wanted });
  const { kind, fields } = await each.receive("challenge", CHALLENGE);
  assert.equal(kind, "proof");
  assert.ok(await isSigned(pair, own.publicKey, fields.signature));
  assert.equal(each.isOpen, false);
  assert.equal(await each.receive("welcome", {}), null);
  assert.equal(each.isOpen, true);
});

test("a page that has a PIN sends it with its signature and its name", async () => {
  const { gate: each, identity: own, pair } = await gate({ pin: "123456" });
  const { kind, fields } = await each.receive("challenge", CHALLENGE);
  assert.equal(kind, "pair_pin");
  assert.equal(fields.pin, "123456");
  assert.equal(fields.name, "page");
  assert.ok(await isSigned(pair, own.publicKey, fields.signature));
});

test("a host that shows another certificate than the page was given gets neither PIN nor proof", async () => {
  for (const certificate of [null, new Uint8Array(32).fill(8)]) {
    const { gate: each } = await gate({ pin: "123456" });
    await assert.rejects(each.receive("challenge", { nonce: HOST_NONCE, certificate }), (error) => {
      assert.ok(error instanceof RemoteProtocolError);
      assert.equal(error.code, ErrorCode.REFUSED);
      return true;
    });
  }
});

test("a second challenge, a second welcome and anything else are not to be said", async () => {
  const { gate: each } = await gate();
  await each.receive("challenge", CHALLENGE);
  await assert.rejects(each.receive("challenge", CHALLENGE), RemoteProtocolError);
  await each.receive("welcome", {});
  await assert.rejects(each.receive("welcome", {}), RemoteProtocolError);
  await assert.rejects(each.receive("proof", {}), RemoteProtocolError);
});

test("a host that lets everybody in may say welcome at once", async () => {
  const { gate: each } = await gate();
  await each.receive("welcome", {});
  assert.equal(each.isOpen, true);
  await assert.rejects(each.receive("challenge", CHALLENGE), RemoteProtocolError);
});
