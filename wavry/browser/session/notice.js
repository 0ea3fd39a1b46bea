/**
 * What a person reads while there is no picture, or a stale one. As `wavry/client/notice.py`.
 *
 * @typedef {{heading: string, detail: string, wants: "nothing" | "pin" | "again"}} Notice `wants`: what the
 *   person can do about it.
 */

/** Nothing has answered yet. */
export function connecting(host, reason = "") {
  return notice(`Connecting to ${host} …`, reason === "" ? "" : `No answer yet: ${reason}`);
}

/** The host has answered, its first picture has not come. */
export function connected(host) {
  return notice(`Connected to ${host}`, "Waiting for its picture …");
}

/** The connection has ended and may come back. */
export function lost(host, reason) {
  return notice(`Lost ${host}; trying again …`, reason);
}

/** The host is there, its screen is not. */
export function noPicture(reason) {
  return notice("The host has no picture", reason);
}

/**
 * The host wants to know who we are. How to get a PIN stands beside the field for it, so the host's words on
 * it go.
 */
export function wantsPin(host, reason) {
  return notice(`${host} wants a PIN`, reason.replace(/; run `.*$/s, ""), "pin");
}

/** The host does not want us; trying again at once changes nothing. */
export function refused(host, reason) {
  return notice(`${host} refuses this page`, reason, "again");
}

/** The person has left. */
export function left(host) {
  return notice(`You have left ${host}`, "", "again");
}

function notice(heading, detail = "", wants = "nothing") {
  return { heading, detail, wants };
}
