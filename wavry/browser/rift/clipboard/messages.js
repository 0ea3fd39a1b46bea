/** What is said of clipboards on the bulk stream; WIRE.md section 10 is the definition. */

import { messageKinds } from "../framing.js";
import { bytes, integer, u32 } from "../schema.js";

/** UTF-8 of one text. More is not sent. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** Of one piece of it. */
export const MAX_DATA_BYTES = 8000;

/**
 * What either side says: a text is on its clipboard, and follows in pieces, which may end within a character.
 */
export const TO_CLIENT = messageKinds({
  clipboard_offer: { transfer: u32, sizeBytes: integer(0, MAX_TEXT_BYTES) },
  clipboard_data: { transfer: u32, data: bytes(MAX_DATA_BYTES, 1) },
});

/** What the client says: besides, once, that the host may speak from now on. */
export const TO_HOST = messageKinds({ clipboard_ready: {}, ...TO_CLIENT });
