/**
 * Keeps the page connected: connects, is let in, stays, and connects again when the connection is lost, for
 * ever. The twin of the connecting half of `wavry/client/app.py`.
 */

import { ErrorCode } from "../rift/errors.js";
import { Connection } from "./connection.js";
import { NotLetInError, passThrough } from "./entrance.js";
import { ClientGate } from "./gate.js";
import { ClientIdentity } from "./identity.js";
import * as notice from "./notice.js";
import { HostSession } from "./session.js";

const BACK_OFF_S = [0.25, 0.5, 1, 2, 4];
const ATTEMPT_S = 5;
const MAX_SITE_BYTES = 16 * 1024;

/** Reasons after which trying again at once changes nothing. */
const FINAL_CODES = new Set([ErrorCode.REFUSED, ErrorCode.UNSUPPORTED_VERSION, ErrorCode.PROTOCOL_VIOLATION]);

/** One for the life of the page. */
export class Keeper {
  #siteUrl;
  #hello;
  #statistics;
  #video;
  #parts;
  #say;
  #open;
  #session = null;
  #hostName = "";
  #wasConnected = false;
  #hasPicture = false;
  #pin = null;
  #hasLeft = false;
  /** Wakes up whoever waits for the person or for time to pass. */
  #wake = () => {};

  /**
   * @param {object} options
   * @param {string} options.siteUrl Of the page; `session.json` is beside it.
   * @param {object} options.hello What the page says of itself.
   * @param {import("./statistics.js").Statistics} options.statistics
   * @param {import("../video/stage.js").VideoStage} options.video Gets the units.
   * @param {import("./part.js").SessionPart[]} options.parts
   * @param {(notice: import("./notice.js").Notice | null) => void} options.say Told what a person should
   *   read.
   * @param {(stream: object) => void} options.onStream Told of every new stream.
   * @param {typeof Connection.open} [options.open] Connects.
   */
  constructor({ siteUrl, hello, statistics, video, parts, say, onStream, open = Connection.open }) {
    this.#open = open;
    this.#siteUrl = siteUrl;
    this.#hello = hello;
    this.#statistics = statistics;
    this.#video = video;
    this.#parts = parts;
    this.#say = say;
    this.#hostName = new URL(siteUrl).hostname;
    this.onStream = onStream;
    /** Says for how long pictures have to wait for the sound. */
    this.pictureHoldS = () => 0;
    video.onPicture = () => this.#pictureCame();
  }

  /** Stay connected; never returns. */
  async run() {
    this.#say(notice.connecting(this.#hostName));
    for (let attempt = 0; ; attempt += 1) {
      const sessions = this.#statistics.sessions;
      const ending = await this.#connectOnce();
      if (this.#statistics.sessions !== sessions) {
        attempt = 0;
      }
      if (this.#hasLeft) {
        await this.#untilAsked(notice.left(this.#hostName));
      } else if (ending.wantsPin) {
        await this.#untilAsked(notice.wantsPin(this.#hostName, ending.reason));
      } else if (FINAL_CODES.has(ending.code)) {
        await this.#untilAsked(notice.refused(this.#hostName, ending.reason));
      } else {
        const words = this.#wasConnected ? notice.lost : notice.connecting;
        this.#say(words(this.#hostName, ending.reason));
        await this.#pause(BACK_OFF_S[Math.min(attempt, BACK_OFF_S.length - 1)]);
        if (this.#hasLeft) {
          await this.#untilAsked(notice.left(this.#hostName));
        }
      }
    }
  }

  /**
   * Try again, with a PIN if there is one.
   *
   * @param {string | null} pin
   */
  connect(pin) {
    this.#pin = pin;
    this.#hasLeft = false;
    this.#say(notice.connecting(this.#hostName));
    this.#wake();
  }

  /** Leave the host until `connect`. */
  leave() {
    this.#hasLeft = true;
    this.#session?.leave(ErrorCode.NO_ERROR, "");
    this.#wake();
  }

  /**
   * Ask for a keyframe, if there is a session.
   *
   * @param {number} epoch
   * @param {number} frameId
   */
  requestKeyframe(epoch, frameId) {
    this.#session?.requestKeyframe(epoch, frameId);
  }

  /** Connect and stay until it ends; return why. Throws nothing but faults of ours. */
  async #connectOnce() {
    let connection = null;
    try {
      const site = await this.#fetchSite();
      this.#hostName = site.name || this.#hostName;
      const { hostname } = new URL(this.#siteUrl);
      const url = `https://${hostname}:${site.port}${site.path}`;
      connection = await this.#open(url, site.certificateHashes, ATTEMPT_S);
      if (site.needsPairing) {
        const identity = await ClientIdentity.loadOrCreate();
        const pin = this.#pin;
        this.#pin = null; // it is good for one try, whatever becomes of that
        const { name } = this.#hello;
        await passThrough(connection, new ClientGate(identity, site.certificateHashes, { pin, name }));
      }
    } catch (error) {
      connection?.close(ErrorCode.NO_ERROR, "");
      return this.#failed(error);
    }
    if (this.#hasLeft) {
      connection.close(ErrorCode.NO_ERROR, "");
      return { code: ErrorCode.NO_ERROR, reason: "" };
    }
    return this.#stay(connection);
  }

  #failed(error) {
    if (error instanceof NotLetInError) {
      return { code: error.code, reason: error.message, wantsPin: error.code === ErrorCode.REFUSED };
    }
    return { code: ErrorCode.TIMEOUT, reason: error.message };
  }

  async #fetchSite() {
    const response = await fetch(new URL("session.json", this.#siteUrl), {
      cache: "no-store",
      signal: AbortSignal.timeout(ATTEMPT_S * 1000),
    });
    if (!response.ok) {
      throw new Error(`the page's host answers ${response.status}`);
    }
    const text = await response.text();
    if (text.length > MAX_SITE_BYTES) {
      throw new Error("the page's host says too much");
    }
    return JSON.parse(text);
  }

  async #stay(connection) {
    this.#wasConnected = true;
    this.#hasPicture = false;
    this.#statistics.sessions += 1;
    this.#video.restart();
    this.#say(notice.connected(this.#hostName));
    const session = new HostSession(connection, this.#hello, this.#statistics, this.#owner(), this.#parts);
    this.#session = session;
    const ending = await session.ended;
    this.#session = null;
    return ending;
  }

  #owner() {
    return {
      onHello: ({ name }) => {
        this.#hostName = name || this.#hostName;
      },
      onStream: (stream) => {
        this.#statistics.stream = stream;
        this.onStream(stream);
      },
      onUnit: (received) => this.#video.take(received, performance.now() / 1000),
      onSourceState: (available, reason) => this.#sourceChanged(available, reason),
      isBehind: (now) => this.#video.isBehind(now),
      pictureHoldS: () => this.pictureHoldS(),
    };
  }

  #sourceChanged(available, reason) {
    if (!available) {
      this.#say(notice.noPicture(reason));
    } else {
      this.#say(this.#hasPicture ? null : notice.connected(this.#hostName));
    }
  }

  /** Have done with waiting; a host that has said since that it has no picture is still believed. */
  #pictureCame() {
    if (!this.#hasPicture) {
      this.#hasPicture = true;
      this.#say(null);
    }
  }

  /** Say something, and wait until the person has asked for another try. */
  async #untilAsked(words) {
    this.#say(words);
    do {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    } while (this.#hasLeft);
  }

  #pause(seconds) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, seconds * 1000);
    });
  }
}
