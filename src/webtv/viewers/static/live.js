// Our own way of playing the station's HLS: segments flow into the video as their bytes arrive, so that the
// first picture waits for its own bytes, not for a library and a whole segment, and the distance from the
// air is held. What it cannot play is left to hls.js: see stream.js.

import { Errands, Gone } from "./errands.js";
import { decodingTime, readInit, readPlaylist } from "./playlist.js";

/** @typedef {import("./playlist.js").Playlist} Playlist */
/** @typedef {import("./playlist.js").Segment} Segment */

/**
 * What the page knows of the stream when it arrives.
 * @typedef {object} Opening
 * @property {string} playlist its text
 * @property {string} init the initialisation segment in base64
 * @property {number} number media sequence number of the segment to begin with
 * @property {number} age seconds since the newest segment was published, when the page was made
 */

/**
 * `ready`: it will play soon; `trouble`: the server does not answer, it is asked again; `fail`: it cannot go
 * on, and `hopeless` says that trying again would not help.
 * @typedef {{ ready: () => void, trouble: () => void, fail: (hopeless: boolean) => void }} Listener
 */

const TARGET = 4; // seconds behind the air; so long may the next segment take without being missed
const TOLERANCE = 0.6;
const START_BEHIND = 2.6; // less would leave no time to fetch the next segment; the server has it too
const CATCH_UP = 1.05; // playback rate; more can be heard
const MOST = 10; // after stalls it stays as far behind as the network needs, at most so far
const LOST = 8; // seconds behind its target from which on it jumps
const CALM = 60; // seconds without a stall after which it dares to come a little nearer again
const STEP = 0.5;
const AHEAD = 30; // what a paused player gathers, seconds
const BEHIND = 30; // what is kept of the past, seconds: a tab that stays open for days must not grow
const OPENING_SECONDS = 10; // a page older than this knows nothing of use

/** Whether this browser can play so. Phones that have only a managed source are left to hls.js. */
export function supported() {
  return "MediaSource" in window && MediaSource.isTypeSupported('video/mp4; codecs="avc1.64001f,mp4a.40.2"');
}

class Hopeless extends Error {}

const now = () => performance.now() / 1000;

/** Plays one stream in one video until it is stopped or fails; then a new one is needed. */
export class Live {
  #abort = new AbortController();
  #source = new MediaSource();
  /** @type {SourceBuffer | null} */
  #buffer = null;
  #scale = 1;
  #offset = NaN; // second of the stream at which the video's clock stands at 0
  #target = TARGET;
  #duration = 2;
  #whole = true; // whether the last segment arrived to its end
  /** @type {{ number: number, at: number } | null} a segment and when it was published, as early as was seen */
  #air = null;
  #certain = false; // whether one has been asked for before it was there
  /** @type {{ number: number, start: number, date: number }[]} what was loaded, in the video's seconds */
  #loaded = [];
  #next = -1;
  #jump = true;
  #starved = false;
  #read = 0; // when the playlist was read last
  #stalled = 0; // when it had nothing to play last
  #still = NaN; // where the video stood at the last tick

  /**
   * @param {HTMLVideoElement} video
   * @param {string} address of the playlist
   * @param {Listener} listener
   * @param {Opening | null} opening
   */
  constructor(video, address, listener, opening) {
    this.video = video;
    this.address = address;
    this.listener = listener;
    this.errands = new Errands(this.#abort.signal, () => listener.trouble());
    this.opening = opening && now() < OPENING_SECONDS ? opening : null;
  }

  start() {
    const { video } = this;
    const { signal } = this.#abort;
    video.addEventListener("error", () => this.#fail(video.error), { signal });
    video.addEventListener("waiting", () => (this.#starved = video.currentTime > 1 && !video.seeking), { signal });
    video.addEventListener("playing", () => this.#fed(), { signal });
    const opened = new Promise((resolve) => this.#source.addEventListener("sourceopen", resolve, { once: true }));
    const address = URL.createObjectURL(this.#source);
    video.src = address;
    const ticking = setInterval(() => this.#tick(), 250);
    signal.addEventListener("abort", () => {
      clearInterval(ticking);
      URL.revokeObjectURL(address);
      video.playbackRate = 1;
    });
    this.#run(opened).catch((error) => this.#fail(error));
  }

  stop() {
    this.#abort.abort();
  }

  /** Programme time of the frame on screen in seconds since 1970 UTC, or null. */
  get programmeTime() {
    const entry = this.#shown;
    return entry && entry.date ? entry.date + this.video.currentTime - entry.start : null;
  }

  /** Seconds since what is on screen went on air. */
  get latency() {
    const entry = this.#shown;
    return entry ? now() - this.#published(entry.number) - (this.video.currentTime - entry.start) : 0;
  }

  get live() {
    return this.latency < this.#target + 4;
  }

  goLive() {
    const { video } = this;
    this.#target = TARGET;
    const wanted = video.currentTime + this.latency - TARGET;
    if (this.#aheadOf(wanted) > 0.5) video.currentTime = wanted;
    else this.#jump = true;
  }

  /** The segment on screen. */
  get #shown() {
    const time = this.video.currentTime + 0.02;
    return this.#loaded.findLast((each) => each.start <= time) ?? this.#loaded[0];
  }

  /**
   * When a segment was or will be published, in seconds of the page's clock.
   * @param {number} number
   */
  #published(number) {
    return this.#air ? this.#air.at + (number - this.#air.number) * this.#duration : now();
  }

  /**
   * The newest segment was there at a time; the earliest sighting is the nearest to the truth.
   * @param {Playlist} list
   * @param {number} at
   */
  #sighted(list, at) {
    const newest = /** @type {Segment} */ (list.segments.at(-1));
    this.#duration = newest.seconds;
    const late = at - this.#published(newest.number);
    // Much too late: the station lost time, and its numbers did not.
    if (!this.#air || late < 0 || late > 3 * newest.seconds) {
      this.#certain &&= late < 0;
      this.#air = { number: newest.number, at };
    }
  }

  /** @param {Promise<unknown>} opened */
  async #run(opened) {
    const { opening } = this;
    let list = opening ? readPlaylist(opening.playlist, this.address) : null;
    let init;
    if (opening && list) {
      const arrived = performance.getEntriesByType("navigation")[0];
      const heard = arrived instanceof PerformanceNavigationTiming ? arrived.responseStart / 1000 : now();
      this.#sighted(list, heard - opening.age);
      this.#read = now();
      init = Uint8Array.from(atob(opening.init), (letter) => letter.charCodeAt(0));
    } else {
      list = await this.errands.persist(() => this.#playlist());
      this.#sighted(list, now());
      const { init: address } = list;
      init = await this.errands.persist(() => this.errands.bytes(address));
    }
    if (opening && list.segments.some((each) => each.number === opening.number)) {
      this.#next = opening.number;
      this.#jump = false;
    }
    const known = readInit(init);
    if (!known || !MediaSource.isTypeSupported(known.type)) throw new Hopeless("unknown format");
    this.#scale = known.scale;
    await opened;
    this.#buffer = this.#source.addSourceBuffer(known.type);
    await this.#append(init);
    this.listener.ready();
    await this.#follow(list);
  }

  /**
   * Load segment after segment, for ever.
   * @param {Playlist} list
   */
  async #follow(list) {
    for (;;) {
      while (this.#aheadOf(this.video.currentTime) > AHEAD && !this.#jump) await this.errands.pause(500);
      // After a pause, or before a jump, what was read last may be long past.
      if (now() - this.#read > 2 * this.#duration) list = await this.errands.persist(() => this.#playlist());
      const segment = this.#choose(list);
      if (segment) {
        const there = await this.errands.persist(() => this.#load(segment));
        if (there) {
          this.#next = segment.number + 1;
          await this.#trim(BEHIND);
          continue;
        }
        await this.errands.pause(300); // it has left the window, or the station began anew
      }
      const old = list;
      list = await this.errands.persist(() => this.#newer(old));
    }
  }

  /**
   * The segment to load next; null if it is not there yet.
   * @param {Playlist} list
   */
  #choose({ segments }) {
    const [oldest, newest] = [segments[0], segments.at(-1)];
    if (!oldest || !newest) return null;
    if (this.#next > newest.number + 1) throw new Error("the station began anew");
    if (this.#jump || this.#next < oldest.number) {
      const age = now() - this.#published(newest.number);
      const back = Math.max(1, Math.ceil((START_BEHIND - age) / this.#duration));
      const wanted = segments.at(-1 - back) ?? oldest;
      this.#next = Math.max(wanted.number, (this.#shown?.number ?? -1) + 1); // never back to what was seen
      this.#jump = true; // #place moves the video there
    }
    return segments.find((each) => each.number === this.#next) ?? null;
  }

  /**
   * Load one segment, piece by piece; false if it is not there.
   * @param {Segment} segment
   */
  async #load(segment) {
    if (!this.#whole) this.#buffer?.abort(); // half a fragment would be taken for the beginning of this one
    this.#whole = false;
    let head = new Uint8Array(0);
    let placed = false;
    try {
      await this.errands.fetch(segment.address, async (piece) => {
        if (placed) return this.#append(piece);
        const joined = new Uint8Array(head.length + piece.length);
        joined.set(head);
        joined.set(piece, head.length);
        head = joined;
        const time = decodingTime(head);
        if (time === null) return undefined;
        placed = true;
        this.#place(segment, time / this.#scale);
        return this.#append(head);
      });
    } catch (error) {
      if (error instanceof Gone) return false;
      throw error;
    }
    this.#whole = true;
    return true;
  }

  /**
   * @param {Segment} segment
   * @param {number} second of the stream at which it begins
   */
  #place(segment, second) {
    if (Number.isNaN(this.#offset)) {
      this.#offset = second; // the video's clock begins at 0, so that nothing has to be sought
      if (this.#buffer) this.#buffer.timestampOffset = -second;
    }
    const start = second - this.#offset;
    this.#loaded = this.#loaded.filter((each) => each.number < segment.number).slice(-60);
    this.#loaded.push({ number: segment.number, start, date: segment.date || 0 });
    if (this.#jump && this.#loaded.length > 1) this.video.currentTime = start;
    this.#jump = false;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  async #append(bytes) {
    try {
      await this.#update((buffer) => buffer.appendBuffer(bytes));
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      await this.#trim(5);
      await this.#update((buffer) => buffer.appendBuffer(bytes));
    }
  }

  /** @param {(buffer: SourceBuffer) => void} act */
  async #update(act) {
    const buffer = this.#buffer;
    if (!buffer) return;
    act(buffer);
    await new Promise((resolve, reject) => {
      const { signal } = this.#abort;
      const end = () => reject(signal.reason);
      signal.addEventListener("abort", end, { once: true });
      buffer.addEventListener("updateend", () => {
        signal.removeEventListener("abort", end);
        resolve(undefined);
      }, { once: true });
    });
  }

  /** @param {number} keep seconds of the past */
  async #trim(keep) {
    const { buffered, currentTime } = this.video;
    if (buffered.length && buffered.start(0) < currentTime - keep - 5) {
      await this.#update((buffer) => buffer.remove(0, currentTime - keep));
    }
  }

  /**
   * Wait for a playlist with something new.
   * @param {Playlist} list
   */
  async #newer(list) {
    const newest = list.segments.at(-1)?.number ?? 0;
    // Too early once, and from then on just in time: that is how it learns when segments come.
    const due = this.#published(newest + 1) + (this.#certain ? 0.04 : -0.15);
    await this.errands.pause(1000 * Math.min(this.#duration, due - now()));
    for (let wait = 200; ; wait = Math.min(1000, wait * 1.5)) {
      const fresh = await this.#playlist();
      if (fresh.segments.at(-1)?.number !== newest) {
        this.#sighted(fresh, now());
        return fresh;
      }
      this.#certain = true;
      if (now() > due + 2 * this.#duration) this.listener.trouble(); // the station stands still
      await this.errands.pause(wait);
    }
  }

  async #playlist() {
    const list = readPlaylist(new TextDecoder().decode(await this.errands.bytes(this.address)), this.address);
    if (!list) throw new Hopeless("no playlist of fragmented MP4");
    this.#read = now();
    return list;
  }

  /** After a stall: who was too near to the air stays farther away. */
  #fed() {
    if (!this.#starved) return;
    this.#target = Math.max(TARGET, Math.min(MOST, this.latency));
    this.#starved = false;
    this.#stalled = now();
  }

  #tick() {
    const { video } = this;
    if (video.paused || !this.#loaded.length) return;
    const [time, behind, ahead] = [video.currentTime, this.latency, this.#aheadOf(video.currentTime)];
    if (behind > this.#target + LOST) this.goLive();
    if (time === this.#still && ahead < 0.5) this.#skipGap(time);
    this.#still = time;
    if (now() - this.#stalled > CALM && this.#target > TARGET) {
      this.#target = Math.max(TARGET, this.#target - STEP);
      this.#stalled = now();
    }
    const hasten = ahead > 1.5 && behind > this.#target + (video.playbackRate > 1 ? 0 : TOLERANCE);
    const rate = hasten ? CATCH_UP : 1;
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }

  /**
   * What was lost on air is a hole in the buffer: go on behind it.
   * @param {number} time
   */
  #skipGap(time) {
    const { buffered } = this.video;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) > time) {
        this.video.currentTime = buffered.start(index) + 0.001;
        return;
      }
    }
  }

  /**
   * Seconds that are buffered from a time on.
   * @param {number} time
   */
  #aheadOf(time) {
    const { buffered } = this.video;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= time + 0.05 && time < buffered.end(index)) return buffered.end(index) - time;
    }
    return 0;
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#abort.signal.aborted) return;
    this.stop();
    this.listener.fail(error instanceof Hopeless);
  }
}
