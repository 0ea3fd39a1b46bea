/**
 * The session's worker: everything between the network and the canvas, off the page's thread.
 *
 * What the page says comes as `{to, data}`, what it is told goes as `{from, data}`; the name of a part, or ""
 * for the worker itself: see `commands` for what it takes, and what `tell` is called with for what it says.
 */

import { SoundPart } from "../sound/part.js";
import { RemotePainter } from "../video/remote_painter.js";
import { supportedCodecs } from "../video/codec_string.js";
import { VideoStage } from "../video/stage.js";
import { handsParts } from "./hands_parts.js";
import { Keeper } from "./keeper.js";
import { LOOK_INTERVAL_S, Statistics } from "./statistics.js";

const statistics = new Statistics();
const sound = new SoundPart({ clock: statistics.clock });
statistics.sound = sound;

/** @type {import("./part.js").SessionPart[]} What a session does beside the stream. */
const parts = [...handsParts(), sound];

const byName = new Map(parts.filter((each) => each.name !== "").map((each) => [each.name, each]));
let keeper = null;
let video = null;
let figuresTimer = null;

function startPainter() {
  return new Worker(new URL("../video/paint_worker.js", import.meta.url), { type: "module" });
}

function tell(data) {
  self.postMessage({ from: "", data });
}

/** What the page's own side may ask for, by name. */
const commands = {
  /** Begin: `canvas` is an OffscreenCanvas, `siteUrl` the page's address, `name` what it calls itself. */
  async start({ canvas, siteUrl, name }) {
    video = new VideoStage(new RemotePainter(startPainter(), canvas), statistics, (epoch, id) => keeper.requestKeyframe(epoch, id));
    keeper = new Keeper({
      siteUrl,
      hello: Object.assign({ name, codecs: await supportedCodecs() }, ...parts.map((each) => each.hello)),
      statistics,
      video,
      parts,
      say: (notice) => tell({ notice }),
      onStream: (stream) => tell({ stream }),
    });
    keeper.pictureHoldS = () => sound.pictureHoldS;
    keeper.run();
  },

  /** Connect again, with a PIN or without. */
  connect({ pin }) {
    keeper?.connect(pin);
  },

  /** Leave the host. */
  leave() {
    keeper?.leave();
  },

  /** Nobody looks at the page, or somebody does again. */
  hidden({ isHidden }) {
    video?.setHidden(isHidden);
  },

  /** Tell the figures twice a second, or stop that. */
  figures({ isOn }) {
    clearInterval(figuresTimer);
    statistics.forget();
    if (isOn) {
      const look = () => tell({ figures: statistics.look(performance.now() / 1000) });
      figuresTimer = setInterval(look, LOOK_INTERVAL_S * 1000);
      look();
    }
  },
};

for (const part of byName.values()) {
  part.tell = (data, transfer = []) => self.postMessage({ from: part.name, data }, transfer);
}

self.onmessage = ({ data: { to, data } }) => {
  if (to === "") {
    commands[data.command](data);
  } else {
    byName.get(to)?.told(data, performance.now() / 1000);
  }
};
