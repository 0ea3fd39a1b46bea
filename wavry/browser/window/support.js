/** What the page needs of a browser, and words for what is missing. */

/** What has to be there, and what people call it. */
const NEEDS = { WebTransport: "WebTransport", VideoDecoder: "WebCodecs", OffscreenCanvas: "OffscreenCanvas" };

/**
 * Return what a person should read in a browser that can't do it; null in one that can.
 *
 * @param {object} scope The window; the tests bring others.
 * @returns {import("../session/notice.js").Notice | null}
 */
export function missing(scope) {
  if (!scope.isSecureContext) {
    return say(
      "This page needs a secure connection",
      "Browsers allow what it does only over HTTPS, or on the machine itself. Open it with https:// in front of " +
        "the address; the host has to be started with --web on an address that is not loopback, or with " +
        "--tls-cert and --tls-key.",
    );
  }
  const lacks = Object.keys(NEEDS).filter((name) => !(name in scope));
  if (lacks.length > 0) {
    return say(
      "This browser can't show the host's screen",
      `It has no ${lacks.map((name) => NEEDS[name]).join(" and no ")}. A current Chrome, Edge or Chromium has ` +
        "all of it. Or use the client without a browser: python -m wavry.client",
    );
  }
  return null;
}

function say(heading, detail) {
  return { heading, detail, wants: "nothing" };
}
