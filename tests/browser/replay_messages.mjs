/**
 * Reads frames that Python wrote, one in hex on each line, and says what the browser makes of each: the frame that it
 * writes for what it read, "skipped", or "refused".
 */

import { createInterface } from "node:readline";

import { TO_CLIENT as CLIPBOARD } from "../../wavry/browser/rift/clipboard/messages.js";
import { RemoteProtocolError } from "../../wavry/browser/rift/errors.js";
import { MessageDecoder } from "../../wavry/browser/rift/framing.js";
import { TO_CLIENT, TO_HOST } from "../../wavry/browser/rift/input/messages.js";
import { CONTROL_MESSAGES, ENTRANCE_MESSAGES } from "../../wavry/browser/rift/messages.js";

const kinds = { ...ENTRANCE_MESSAGES, ...CONTROL_MESSAGES, ...TO_CLIENT, ...TO_HOST, ...CLIPBOARD };

function answer(frame) {
  try {
    const [message] = new MessageDecoder(kinds).receive(frame);
    if (message === undefined) {
      return "skipped";
    }
    return Buffer.from(kinds[message.kind].encode(message.kind, message.fields)).toString("hex");
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) {
      throw error;
    }
    return "refused";
  }
}

const answers = [];
for await (const line of createInterface({ input: process.stdin })) {
  answers.push(answer(Buffer.from(line, "hex")));
}
process.stdout.write(answers.join("\n"));
