// A live stream a second behind the air, for desktops: HTTP-FLV through mpegts.js. It has the face of `Stream`
// in stream.js and says "failed" where that one should take over.

/** @typedef {import("./vendor/mpegts.js").mpegts.Player} Player */
/** @typedef {"idle" | "loading" | "playing" | "reconnecting" | "failed"} StreamState */

const BACKOFF_MS = [250, 500, 1000, 2000, 4000];
const FAILURES = 6; // in a row: this network or this browser is not for it
const STALL_MS = 6000; // no progress for so long, though nobody paused: build it anew

const TARGET = 0.8; // seconds behind the newest, to begin with; a stretch of the stream is 0.25
const SLACK = 0.4; // seconds beyond the target from which on it plays faster
const FASTER = 1.08; // nobody hears it
const JUMP = 1.5; // seconds beyond the target from which on it jumps
const FURTHER = 0.4; // seconds that the target moves away with every stall
const FURTHEST = 3.2;

const SETTINGS = {
  isLive: true,
  enableStashBuffer: false, // hand on what comes as it comes
  lazyLoad: false, // a live stream cannot be fetched later
  deferLoadAfterSourceOpen: false, // ask while the media source opens
  autoCleanupSourceBuffer: true, // a tab that stays open for days must not grow
  autoCleanupMaxBackwardDuration: 60,
  autoCleanupMinBackwardDuration: 30,
  fixAudioTimestampGap: true, // where the server set us forward, silence keeps sound and picture together
  liveBufferLatencyChasing: false, // by jumps
  liveSync: false, // with a target that never adapts; see #chase
};

/** Dispatches `state` with a {@link StreamState} as detail. */
export class LowLatencyStream extends EventTarget {
  /** @type {Player | null} */
  #player = null;
  /** @type {StreamState} */
  #state = "idle";
  #failures = 0;
  #timer = 0;
  #watchdog = 0;
  #stopped = true;
  #wanted = true;
  #begun = false;
  #target = TARGET;
  #zero = NaN; // UTC second of the media's time 0
  #lastTime = -1;
  #lastMoved = 0;
  #ear = new AbortController();

  /**
   * @param {HTMLVideoElement} video
   * @param {string} address of the FLV stream
   */
  constructor(video, address) {
    super();
    this.video = video;
    this.address = address;
  }

  /** Load the stream and keep it loaded until {@link stop}. */
  async start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#failures = 0;
    this.#target = TARGET;
    this.#lastMoved = performance.now();
    this.#ear = new AbortController();
    const { signal } = this.#ear;
    this.video.addEventListener("loadeddata", () => this.#begin(), { signal });
    this.video.addEventListener("playing", () => this.#moved(), { signal });
    this.video.addEventListener("timeupdate", () => this.#moved(), { signal });
    this.video.addEventListener("waiting", () => this.#stalled(), { signal });
    this.#watchdog = setInterval(() => this.#watch(), 1000);
    await this.#build();
  }

  stop() {
    this.#stopped = true;
    this.#ear.abort();
    clearTimeout(this.#timer);
    clearInterval(this.#watchdog);
    this.#timer = 0;
    this.video.playbackRate = 1;
    this.#destroy();
  }

  /** Programme time of the frame on screen in seconds since 1970 UTC, or null while unknown. */
  get programmeTime() {
    const time = this.#zero + this.video.currentTime;
    return Number.isNaN(time) ? null : time;
  }

  /** Seconds behind the newest that has come. */
  get latency() {
    const { buffered, currentTime } = this.video;
    return buffered.length ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  /** Whether the viewer sees the newest there is. */
  get live() {
    return this.latency < this.#target + JUMP;
  }

  /** Jump to the newest. */
  goLive() {
    const { buffered } = this.video;
    if (buffered.length) this.video.currentTime = buffered.end(buffered.length - 1) - this.#target;
  }

  /** @param {boolean} wanted whether the viewer wants it to play; set by the player */
  want(wanted) {
    this.#wanted = wanted;
    this.#lastMoved = performance.now();
  }

  async #build() {
    this.#destroy();
    const { mpegts } = await import("./vendor/mpegts.js");
    if (this.#stopped) return;
    if (!mpegts.getFeatureList().mseLivePlayback) {
      this.#tell("failed");
      return;
    }
    mpegts.LoggingControl.enableAll = false; // what matters is told by events
    const url = new URL(this.address, location.href).href;
    const player = mpegts.createPlayer({ type: "flv", isLive: true, url }, SETTINGS);
    this.#player = player;
    this.#begun = false;
    this.#zero = NaN;
    player.on(mpegts.Events.METADATA_ARRIVED, (told) => {
      // The player counts from the first picture that comes; the stream tells where that stands.
      this.#zero = Number(told.epoch) + Number(told.start);
    });
    for (const event of [mpegts.Events.ERROR, mpegts.Events.LOADING_COMPLETE]) {
      player.on(event, () => {
        if (this.#player === player) this.#failed();
      });
    }
    player.attachMediaElement(this.video);
    player.load();
    if (this.#wanted) void this.video.play().catch(() => undefined);
  }

  #destroy() {
    this.#player?.destroy();
    this.#player = null;
  }

  /** The first picture stands: skip what aired before we came. */
  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    if (this.latency > this.#target + SLACK) this.goLive();
  }

  /** Stay close to the air, and not too close for this network. */
  #chase() {
    const beyond = this.latency - this.#target;
    if (beyond > JUMP) this.goLive();
    else if (beyond > SLACK) this.video.playbackRate = FASTER;
    else if (beyond <= 0) this.video.playbackRate = 1;
  }

  #stalled() {
    if (this.#state !== "playing" || this.video.seeking) return;
    this.#target = Math.min(FURTHEST, this.#target + FURTHER);
    this.video.playbackRate = 1;
  }

  #failed() {
    if (this.#stopped || this.#timer) return;
    const wait = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 4000;
    this.#failures += 1;
    if (this.#failures > FAILURES) {
      this.stop();
      this.#tell("failed");
      return;
    }
    this.#tell("reconnecting");
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (!this.#stopped) void this.#build();
    }, wait * (0.75 + Math.random() / 2));
  }

  #moved() {
    if (this.video.currentTime === this.#lastTime) return;
    this.#lastTime = this.video.currentTime;
    this.#lastMoved = performance.now();
    if (this.video.paused) return;
    this.#chase();
    if (this.#timer === 0) this.#tell("playing");
    if (this.video.currentTime > 5) this.#failures = 0;
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
      this.#failed();
    }
  }

  /** @param {StreamState} state */
  #tell(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
