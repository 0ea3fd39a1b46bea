// Does again in JavaScript what `test_golden_hands.py` tells, one JSON array a line, and writes what came of
// it.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { MessageDecoder } from "../../wavry/browser/rift/framing.js";
import { CONTROL_MESSAGES } from "../../wavry/browser/rift/messages.js";
import { TO_CLIENT as CLIPBOARD, TO_HOST as CLIPBOARD_TO_HOST } from "../../wavry/browser/rift/clipboard/messages.js";
import { ClipboardReceiver } from "../../wavry/browser/rift/clipboard/receiver.js";
import { ClipboardSender } from "../../wavry/browser/rift/clipboard/sender.js";
import { CURSOR_MESSAGES, imageOf } from "../../wavry/browser/rift/cursor/messages.js";
import { CursorReceiver } from "../../wavry/browser/rift/cursor/receiver.js";
import { RemoteProtocolError } from "../../wavry/browser/rift/errors.js";
import { TO_CLIENT, TO_HOST } from "../../wavry/browser/rift/input/messages.js";
import { InputSender } from "../../wavry/browser/rift/input/sender.js";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));

/** Return what a call gives, or "malformed". */
async function answerOf(call) {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RemoteProtocolError) {
      return "malformed";
    }
    throw error;
  }
}

/** Calls of an InputSender; after each one what it has to say. */
function input(lines) {
  const sender = new InputSender();
  return lines.map(([now, name, ...rest]) => {
    const isTimed = ["pressKey", "moveTo", "moveBy", "pressButton", "releaseButton", "movePad", "handleTimer"];
    sender[name](...rest, ...(isTimed.includes(name) ? [now] : []));
    const said = sender.messages().map(({ kind, fields }) => hex(TO_HOST[kind].encode(kind, fields)));
    return [said, sender.datagramsToSend(now).map(hex), sender.nextTimer()];
  });
}

/** Datagrams of the cursor. */
async function places(lines) {
  const receiver = new CursorReceiver();
  const answers = [];
  for (const datagram of lines) {
    const place = await answerOf(() => receiver.receiveDatagram(bytes(datagram)));
    answers.push(place?.x === undefined ? place : [place.isInside, place.x, place.y, place.warps]);
  }
  return answers;
}

/** Shapes of the cursor as they stand on the control stream, and rumble as on the input stream. */
async function shapes(lines) {
  const answers = [];
  for (const frame of lines) {
    const kinds = Object.assign(Object.create(null), CONTROL_MESSAGES, CURSOR_MESSAGES, TO_CLIENT);
    answers.push(await answerOf(async () => {
      const [{ kind, fields }] = new MessageDecoder(kinds).receive(bytes(frame));
      if (kind !== "cursor_shape") {
        return fields;
      }
      const image = await imageOf(fields);
      return image === null ? null : [image.width, image.height, image.hotX, image.hotY, hex(image.pixels)];
    }));
  }
  return answers;
}

/** Messages of any kind that a host says of hands, cursor and clipboard: what becomes of each. */
function verdicts(lines) {
  const kinds = Object.assign(Object.create(null), CURSOR_MESSAGES, TO_CLIENT, CLIPBOARD);
  return lines.map((frame) => {
    try {
      return new MessageDecoder(kinds).receive(bytes(frame)).length > 0 ? "taken" : "skipped";
    } catch (error) {
      if (error instanceof RemoteProtocolError) {
        return "refused";
      }
      throw error;
    }
  });
}

/** The stream of a clipboard; each text that becomes whole, as its digest. */
async function clipboard(lines) {
  const decoder = new MessageDecoder(CLIPBOARD);
  const receiver = new ClipboardReceiver();
  const texts = [];
  for (const piece of lines) {
    for (const { kind, fields } of decoder.receive(bytes(piece))) {
      const text = kind === "clipboard_offer" ? receiver.receiveOffer(fields) : receiver.receiveData(fields);
      if (text !== null) {
        texts.push(createHash("sha256").update(text).digest("hex"));
      }
    }
  }
  return texts;
}

/** Texts, sent with nothing in the way. */
function offers(lines) {
  const sender = new ClipboardSender(4_000_000);
  const said = [hex(CLIPBOARD_TO_HOST.clipboard_ready.encode("clipboard_ready", {}))];
  let now = 0;
  for (const text of lines) {
    sender.offer(bytes(text));
    while (!sender.isIdle) {
      now = Math.max(now, sender.nextTimer);
      const { kind, fields } = sender.nextMessage(0, now);
      said.push(hex(CLIPBOARD_TO_HOST[kind].encode(kind, fields)));
    }
  }
  return said;
}

const [what, ...lines] = readFileSync(0, "utf-8").trimEnd().split("\n").map((line) => JSON.parse(line));
const answers = await { input, places, shapes, verdicts, clipboard, offers }[what](lines);
process.stdout.write(JSON.stringify(answers));
