import assert from "node:assert/strict";
import test from "node:test";

import { PacingPart } from "../../../wavry/browser/session/pacing.js";

const INTERVAL = 16;

/** A part in a session whose page answers at once, and what it has asked and said. */
function session({ answers = true } = {}) {
  const part = new PacingPart();
  const made = { part, asked: 0, said: [], now: 1_600_000 };
  part.tell = () => {
    made.asked += 1;
    if (answers) {
      const at = Math.floor(made.now / INTERVAL) * INTERVAL;
      queueMicrotask(() => part.told({ at, interval: INTERVAL }));
    }
  };
  part.welcomed({ say: (kind, fields) => made.said.push({ kind, fields, at: made.now }) });
  return made;
}

/** Draw a picture per refresh, each so long after it; those of every third refresh come late. */
async function draw(made, count, { after = 0, late = 0, interval = INTERVAL } = {}) {
  for (let index = 0; index < count; index += 1) {
    made.now += interval;
    made.part.pictureDrawn(made.now + after + (index % 3 === 0 ? late : 0), true);
    await Promise.resolve();
  }
}

test("a stream that waits for the screen is shifted once, to where it does not", async () => {
  const made = session();
  await draw(made, 90, { after: 13, late: 5 });
  assert.equal(made.said.length, 1);
  const [{ kind, fields: { laterUs } }] = made.said;
  assert.equal(kind, "capture_shift");
  assert.ok(laterUs > 1000 && laterUs < 13_000, `${laterUs}`);
  await draw(made, 2000, { after: (13 + laterUs / 1000) % INTERVAL, late: 5 });
  assert.equal(made.said.length, 1);
  assert.ok(made.asked >= 4 && made.asked <= 8, `${made.asked}`);
  assert.deepEqual([made.part.looks, made.part.shifts], [made.asked, 1]);
});

test("a host that does not follow is asked ever more seldom", async () => {
  const made = session();
  await draw(made, 10_000, { after: 13, late: 5 });
  const pauses = made.said.slice(1).map(({ at }, index) => at - made.said[index].at);
  assert.ok(pauses.length >= 4 && pauses.length <= 8, `${pauses}`);
  for (let index = 2; index < pauses.length; index += 1) {
    assert.ok(pauses[index] > 1.4 * pauses[index - 1], `${pauses}`);
  }
});

test("what does not come as steadily as a screen is drawn is not looked at", async () => {
  const made = session();
  await draw(made, 500, { interval: 40 });
  assert.equal(made.asked, 0);
});

test("one question waits for its answer, which counts for nothing when it comes late or after the end", async () => {
  const made = session({ answers: false });
  await draw(made, 500, { after: 13, late: 5 });
  assert.equal(made.asked, 1);
  made.part.told({ at: made.now + 60_000, interval: INTERVAL }); // the page was hidden
  assert.equal(made.part.looks, 0);
  await draw(made, 10, { after: 13, late: 5 });
  assert.equal(made.asked, 2);
  made.part.ended();
  made.part.told({ at: made.now, interval: INTERVAL });
  await draw(made, 500, { after: 13, late: 5 });
  assert.deepEqual([made.asked, made.said.length], [2, 0]);
});
