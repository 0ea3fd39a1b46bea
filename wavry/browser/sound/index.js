/**
 * The host's sound: Opus packets on the session's worker, samples on the sound card's thread, one switch on the page.
 *
 *     datagrams ─► SoundPart ─► SoundReceiver ─► SoundPlayout ─► AudioDecoder ─► Resampler ─► Ring      worker
 *                      │                                                                       │
 *                 tell / told  (the part "sound")                                       shared memory
 *                      │                                                                       ▼
 *                   Speaker ─► AudioContext ─────────────────────────────────────────► worklet.js       page, sound card
 *
 * In the worker, once, for all sessions:
 *
 *     const sound = new SoundPart({ clock });        // `clock.offsetUs` as of ClockSync; among the worker's parts
 *     hello.sound = sound.isWanted;
 *     sound.notePicture(captureUs, seenUs);          // for each picture shown: host's clock, performance.now() * 1000
 *     playout hold += sound.pictureHoldS;            // 0 to 0.02: for so long a picture waits for its sound
 *     sound.report();                                // figures for the overlay, null where no sound came
 *
 * On the page, once:
 *
 *     const speaker = new Speaker(workerLink.part("sound"));
 *     speaker.changed = () => show(speaker.words);   // "" or a sentence: sound waits for a click, there is none, ...
 *     speaker.isMuted = true; speaker.volume = 0.5;
 *
 * The speaker itself listens for the first click, touch or key that lets a page make sound; the page only says so.
 *
 * Memory: packets wait in `SoundPlayout` (128), blocks in the decoder (64) and in the ring (8192 frames, 171 ms, at most
 * 197 kB for six channels). Nothing else grows.
 */

export { SoundPart } from "./part.js";
export { Speaker, SpeakerState } from "./speaker.js";
