// A live stream in a video element that comes back by itself, whatever happens to the server. Our own engine
// plays it (live.js); where the browser has no media source for it, or it fails again and again, hls.js does.

import { Live, supported } from "./live.js";

/** @typedef {import("./vendor/hls.js").Hls} HlsInstance */
/** @typedef {import("./live.js").Opening} Opening */
/** @typedef {"idle" | "loading" | "playing" | "reconnecting"} StreamState */

const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
const STALL_MS = 9000; // no progress for so long, though nobody paused: build it anew
const EDGE_SECONDS = 5; // this close to the target counts as live
const CHANCES = 2; // failures of our own engine without a picture in between; then hls.js has its turn

const SETTINGS = {
  backBufferLength: 30, // a tab that stays open for days must not grow
  liveMaxLatencyDurationCount: 10,
  maxLiveSyncPlaybackRate: 1.05,
  liveSyncDurationCount: 3,
  startFragPrefetch: true,
  maxBufferLength: 30,
  testBandwidth: false,
};

/** Dispatches `state` with a {@link StreamState} as detail. */
export class Stream extends EventTarget {
  /** @type {Live | null} */
  #live = null;
  /** @type {HlsInstance | null} */
  #hls = null;
  #chances = supported() ? CHANCES : 0;
  #failures = 0;
  #mediaErrors = 0;
  #timer = 0;
  #watchdog = 0;
  #lastTime = -1;
  #lastMoved = 0;
  #stopped = true;
  /** @type {StreamState} */
  #state = "idle";

  /**
   * @param {HTMLVideoElement} video
   * @param {string} address
   * @param {Opening | null} opening what the page brought along
   */
  constructor(video, address, opening = null) {
    super();
    this.video = video;
    this.address = address;
    this.opening = opening;
    video.addEventListener("playing", () => this.#moved());
    video.addEventListener("timeupdate", () => this.#moved());
  }

  /** Load the stream and keep it loaded until {@link stop}. */
  async start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#lastMoved = performance.now();
    this.#watchdog = setInterval(() => this.#watch(), 1000);
    await this.#build();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#watchdog);
    this.#end();
  }

  /** Programme time of the frame on screen in seconds since 1970 UTC, or null if the stream tells none. */
  get programmeTime() {
    if (this.#live) return this.#live.programmeTime;
    const date = this.#hls ? this.#hls.playingDate : this.#nativeDate();
    return date ? date.getTime() / 1000 : null;
  }

  /** Seconds behind the air, as far as is known. */
  get latency() {
    return this.#live?.latency ?? this.#hls?.latency ?? 0;
  }

  /** Whether the viewer sees the newest there is. */
  get live() {
    if (this.#live) return this.#live.live;
    if (!this.#hls) return true;
    return this.#hls.latency < (this.#hls.targetLatency ?? 0) + EDGE_SECONDS;
  }

  /** Jump to the newest. */
  goLive() {
    if (this.#live) {
      this.#live.goLive();
      return;
    }
    const edge = this.#hls ? this.#hls.liveSyncPosition : this.#nativeEdge();
    if (edge !== null && edge !== undefined) this.video.currentTime = edge;
  }

  #end() {
    this.#live?.stop();
    this.#hls?.destroy();
    this.#live = this.#hls = null;
  }

  async #build() {
    this.#end();
    if (this.#chances > 0) {
      const { opening } = this;
      this.opening = null;
      const live = new Live(this.video, this.address, {
        ready: () => this.#resume(),
        trouble: () => {
          this.#lastMoved = performance.now(); // it asks again by itself, and the last picture stands
          this.#missing();
        },
        fail: (hopeless) => {
          this.#chances = hopeless ? 0 : this.#chances - 1;
          this.#failed();
        },
      }, opening);
      this.#live = live;
      live.start();
      return;
    }
    const { Hls } = await import("./vendor/hls.js");
    if (this.#stopped) return;
    if (!Hls.isSupported()) {
      this.video.src = this.address; // Safari on older phones plays HLS by itself
      this.video.addEventListener("error", () => this.#failed(), { once: true });
      this.#resume();
      return;
    }
    const hls = new Hls(SETTINGS);
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#resume());
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal || this.#hls !== hls) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.#mediaErrors < 2) {
        this.#mediaErrors += 1;
        hls.recoverMediaError();
        this.#resume();
      } else {
        this.#failed();
      }
    });
    hls.loadSource(this.address);
    hls.attachMedia(this.video);
  }

  /** Try again later; the picture in the buffer plays on meanwhile. */
  #failed() {
    if (this.#stopped || this.#timer) return;
    const wait = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 8000;
    const gentle = this.#failures < 3 && this.#hls?.levels?.length;
    this.#failures += 1;
    this.#missing();
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#stopped) return;
      if (gentle) this.#hls?.startLoad();
      else void this.#build();
    }, wait * (0.75 + Math.random() / 2));
  }

  #missing() {
    if (this.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) this.#tell("reconnecting");
  }

  #resume() {
    if (this.video.autoplay || !this.video.paused || this.#wanted) void this.video.play().catch(() => undefined);
  }

  /** Whether the viewer wants it to play; set by the player. */
  #wanted = true;

  /** @param {boolean} wanted */
  want(wanted) {
    this.#wanted = wanted;
    this.#lastMoved = performance.now();
  }

  #moved() {
    if (this.video.currentTime === this.#lastTime) return;
    this.#lastTime = this.video.currentTime;
    this.#lastMoved = performance.now();
    if (this.#state !== "playing" && !this.video.paused) {
      this.#failures = 0;
      this.#mediaErrors = 0;
      if (this.#live) this.#chances = CHANCES;
      this.#tell("playing");
    }
  }

  #watch() {
    if (this.#stopped || !this.#wanted || document.hidden) {
      this.#lastMoved = performance.now();
      return;
    }
    const still = performance.now() - this.#lastMoved;
    if (still > 1500 && this.#state !== "reconnecting") this.#tell("loading");
    if (still > STALL_MS) {
      this.#lastMoved = performance.now();
      this.#failures = Math.max(this.#failures, 3); // gentle means did not help: build it anew
      this.#tell("reconnecting");
      this.#failed();
    }
  }

  /** @param {StreamState} state */
  #tell(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  /** @returns {Date | null} */
  #nativeDate() {
    const video = /** @type {HTMLVideoElement & { getStartDate?: () => Date }} */ (this.video);
    const start = video.getStartDate?.().getTime();
    return start ? new Date(start + video.currentTime * 1000) : null;
  }

  #nativeEdge() {
    const { seekable } = this.video;
    return seekable.length ? seekable.end(seekable.length - 1) - 6 : null;
  }
}
