/** The page: what is around the picture, and the wiring. The session is in a worker. */

import { WorkerLink } from "./session/link.js";
import { attachHands } from "./hands/index.js";
import { HotKeys } from "./hands/hotkeys.js";
import { Speaker } from "./sound/speaker.js";
import { FullScreen } from "./window/full_screen.js";
import { Menu } from "./window/menu.js";
import { Overlay } from "./window/overlay.js";
import { SCALE_LABELS } from "./window/scaling.js";
import { missing } from "./window/support.js";
import { View } from "./window/view.js";
import { Words } from "./window/words.js";

/** How long the button of the menu is seen after the pointer was near. */
const AWAKE_S = 3;
const NEAR_PIXELS = 96;

const element = (id) => document.getElementById(id);

function main() {
  const lack = missing(window);
  if (lack !== null) {
    new Words(document, () => {}).show(lack);
    element("menu-button").hidden = true;
    return;
  }
  const script = new URL("session/worker.js", import.meta.url);
  const worker = new WorkerLink(new Worker(script, { type: "module" }));
  const session = worker.part("");
  const canvas = element("picture");
  const words = new Words(document, (pin) => session.tell({ command: "connect", pin }));
  const view = new View(canvas, element("stage"));
  const overlay = new Overlay(element("overlay"), (isOn) => session.tell({ command: "figures", isOn }));
  const fullScreen = new FullScreen((text) => words.hint(text));
  const hotKeys = new HotKeys();
  const menu = makeMenu(worker, () => [...hotKeys.table, ...hands.choices()], words);
  const speaker = new Speaker(worker.part("sound"), (text) => words.hint(text));

  hotKeys.add("Ctrl+Alt+H", "this menu", () => menu.toggle());
  hotKeys.add("F11", "full screen", () => fullScreen.toggle());
  hotKeys.add("Ctrl+Alt+S", "scaling", () => words.hint(`Scaling: ${SCALE_LABELS[view.changeMode()]}`));
  const hands = attachHands({
    link: worker,
    surface: element("stage"),
    view: () => shown(view),
    hotkeys: hotKeys,
    say: (text) => words.hint(text),
  });
  view.onPlaced = hands.viewChanged;
  hotKeys.add("Ctrl+Alt+A", "sound off and on", () => {
    words.hint(speaker.toggle() ? "Sound off" : "Sound on");
  });
  hotKeys.add("F10", "figures", () => overlay.toggle());
  hotKeys.add("Ctrl+Alt+Q", "leave the host", () => session.tell({ command: "leave" }));
  hotKeys.listen(window);
  const menuButton = showMenuButton(menu, view);

  session.told = ({ notice, stream, figures }) => {
    if (notice !== undefined) {
      const wasAsking = words.isAsking;
      words.show(notice);
      if (wasAsking && !words.isAsking) {
        hands.focus(); // the field or the button that had the keyboard is gone
      }
    }
    if (stream !== undefined) {
      menuButton.sleep();
      view.setPicture(stream);
    }
    if (figures !== undefined) {
      overlay.show(figures);
    }
  };
  document.addEventListener("visibilitychange", () => tellHidden(session));
  const offscreen = canvas.transferControlToOffscreen();
  session.tell(
    { command: "start", canvas: offscreen, siteUrl: document.baseURI, name: clientName() },
    [offscreen],
  );
  tellHidden(session);
  hands.focus();
}

/** What the hands have to know of where the picture is. */
function shown({ place, picture }) {
  return place === null ? null : { place, picture, pixelRatio: window.devicePixelRatio };
}

function tellHidden(session) {
  session.tell({ command: "hidden", isHidden: document.visibilityState === "hidden" });
}

function makeMenu(worker, choices, words) {
  const monitors = worker.part("monitors");
  const menu = new Menu(element("menu"), element("menu-lines"), choices, (number) => {
    monitors.tell({ choose: number });
  });
  monitors.told = ({ layout, refusal }) => {
    monitors.tell({ taken: true });
    if (layout !== undefined) {
      menu.setMonitors(layout);
    }
    if (refusal !== undefined) {
      words.hint(refusal);
    }
  };
  return menu;
}

/**
 * The button of the menu is seen while the pointer is near it and beside the picture: in that corner of the
 * picture there may be something to click. Where there is no pointer it is seen always (page.css).
 */
function showMenuButton(menu, view) {
  const button = element("menu-button");
  let timer = null;
  const wake = () => {
    button.classList.add("awake");
    clearTimeout(timer);
    timer = setTimeout(() => button.classList.remove("awake"), AWAKE_S * 1000);
  };
  button.addEventListener("click", () => menu.toggle());
  window.addEventListener("pointermove", ({ clientX, clientY }) => {
    const isNear = clientY < NEAR_PIXELS && clientX > window.innerWidth - NEAR_PIXELS;
    if (isNear && !view.pointAt(clientX, clientY)?.isInside) {
      wake();
    }
  }, { passive: true });
  wake();
  return { sleep: () => button.classList.remove("awake") };
}

/** What the page calls itself, for the host's list: the browser and the system, as far as it says. */
function clientName() {
  const { userAgentData, userAgent } = navigator;
  const brand = userAgentData?.brands.find(({ brand: each }) => !/not.?a.?brand/i.test(each))?.brand;
  const system = userAgentData?.platform;
  return brand && system ? `${brand} on ${system}` : userAgent.slice(0, 64);
}

main();
