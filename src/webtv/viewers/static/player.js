// <webtv-player>: a live player around a server-rendered <video>. Without this script the video's own
// controls remain. Dispatches `programmetime` (detail: seconds since 1970 UTC, or null) as it plays.

import { Stream } from "./stream.js";

const IDLE_MS = 3000;
const SETTLED_MS = 2500; // after so long, or with the first picture, the rest of the page may load

export class WebTVPlayer extends HTMLElement {
  /** @type {Stream | null} */
  #stream = null;
  /** @type {HTMLVideoElement | null} */
  #video = null;
  #idle = 0;
  #abort = new AbortController();

  connectedCallback() {
    const video = this.querySelector("video");
    const template = this.querySelector("template");
    if (!video || !template) return;
    this.#abort = new AbortController();
    this.#video = video;
    this.#stream = new Stream(video, this.dataset.src ?? "", JSON.parse(this.dataset.opening ?? "null"));
    video.controls = false;
    video.replaceChildren();
    video.disableRemotePlayback = true; // ManagedMediaSource asks for it
    this.append(template.content.cloneNode(true));
    this.setAttribute("tabindex", "0");
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", `${this.dataset.name}, player`);
    this.#listen(video, this.#stream);
    const settle = () => document.documentElement.toggleAttribute("data-settled", true);
    video.addEventListener("playing", settle, { once: true });
    setTimeout(settle, SETTLED_MS);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const saving = /** @type {any} */ (navigator).connection?.saveData === true;
    if (still || saving) {
      settle();
      this.#show(".begin", true);
    } else this.play({ muted: true });
  }

  disconnectedCallback() {
    this.#abort.abort();
    this.#stream?.stop();
  }

  /** Seconds since 1970 UTC of the frame on screen, or null. */
  get programmeTime() {
    return this.#stream?.programmeTime ?? null;
  }

  /** Seconds behind the air. */
  get latency() {
    return this.#stream?.latency ?? 0;
  }

  get playing() {
    return this.#video ? !this.#video.paused : false;
  }

  /**
   * Start or go on.
   * @param {{ muted?: boolean }} how
   */
  play({ muted } = {}) {
    const [video, stream] = [this.#video, this.#stream];
    if (!video || !stream) return;
    if (muted !== undefined) video.muted = muted;
    this.#show(".begin", false);
    stream.want(true);
    void stream.start();
    void video.play().catch((error) => {
      if (error.name !== "NotAllowedError") return; // anything else: the stream itself tries again
      stream.want(false);
      this.#show(".begin", true);
    });
  }

  pause() {
    this.#stream?.want(false);
    this.#video?.pause();
  }

  /** Go on where the air is now: who comes back from a pause wants television, not a recording. */
  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {Stream} stream
   */
  #listen(video, stream) {
    const { signal } = this.#abort;
    /** @type {Record<string, () => void>} */
    const acts = {
      play: () => this.toggle(),
      mute: () => (video.muted = !video.muted),
      sound: () => {
        video.muted = false;
        if (video.volume === 0) video.volume = 1;
        this.play();
      },
      live: () => {
        stream.goLive();
        this.play();
      },
      pip: () => void this.#pictureInPicture(),
      full: () => void this.#fullScreen(),
    };
    this.addEventListener("click", (event) => {
      const target = /** @type {Element} */ (event.target);
      const button = target.closest("[data-act]");
      if (button instanceof HTMLElement) acts[button.dataset.act ?? ""]?.();
      else if (target === video && matchMedia("(hover: hover)").matches) this.toggle();
    }, { signal });
    this.querySelector(".volume")?.addEventListener("input", (event) => {
      video.volume = Number(/** @type {HTMLInputElement} */ (event.target).value);
      video.muted = video.volume === 0;
    }, { signal });
    document.addEventListener("keydown", (event) => this.#key(event, acts), { signal });
    for (const name of ["play", "pause", "volumechange", "playing", "timeupdate"]) {
      video.addEventListener(name, () => this.#reflect(video, stream), { signal });
    }
    stream.addEventListener("state", (event) => this.#notice(/** @type {CustomEvent} */ (event).detail), { signal });
    for (const name of ["pointermove", "pointerdown", "focusin", "keydown"]) {
      this.addEventListener(name, () => this.#wake(), { signal });
    }
    this.addEventListener("pointerleave", () => this.#rest(), { signal });
    this.#show('[data-act="pip"]', document.pictureInPictureEnabled === true);
    if ("mediaSession" in navigator) {
      navigator.mediaSession.setActionHandler("play", () => this.play());
      navigator.mediaSession.setActionHandler("pause", () => this.pause());
    }
    this.#reflect(video, stream);
    this.#wake();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {Record<string, () => void>} acts
   */
  #key(event, acts) {
    const target = /** @type {Element} */ (event.target);
    const here = target === document.body || target === this || this.contains(target);
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && target.closest("button, a")) return; // a focused button keeps its own space
    const act = { " ": "play", m: "mute", f: "full" }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    acts[act]?.();
    this.#wake();
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {Stream} stream
   */
  #reflect(video, stream) {
    this.#toggle("playing", !video.paused, video.paused ? "Play" : "Pause");
    this.#toggle("sound", !video.muted, video.muted ? "Unmute" : "Mute");
    this.#show(".sound", video.muted && !video.paused && video.currentTime > 0);
    if (!video.paused) this.#show(".begin", false);
    const edge = this.querySelector(".edge");
    if (edge) {
      const live = stream.live && !video.paused;
      edge.toggleAttribute("data-on", live);
      const words = edge.querySelector("span");
      if (words && words.textContent !== (live ? "Live" : "Go live")) {
        words.textContent = live ? "Live" : "Go live";
      }
    }
    const volume = this.querySelector(".volume");
    if (volume instanceof HTMLInputElement) volume.value = String(video.muted ? 0 : video.volume);
    if (video.paused) this.#wake();
    this.dispatchEvent(new CustomEvent("programmetime", { detail: stream.programmeTime }));
  }

  /** @param {import("./stream.js").StreamState} state */
  #notice(state) {
    const notice = this.querySelector(".notice");
    if (!(notice instanceof HTMLElement)) return;
    const again = this.#video?.currentTime ? "Connecting again…" : "Waiting for the station…";
    const words = { idle: "", loading: "Loading…", reconnecting: again, playing: "" }[state];
    notice.textContent = words;
    notice.hidden = words === "";
  }

  /**
   * @param {string} name
   * @param {boolean} on
   * @param {string} label
   */
  #toggle(name, on, label) {
    const button = this.querySelector(`[data-toggle="${name}"]`);
    button?.toggleAttribute("data-on", on);
    if (button?.getAttribute("aria-label") !== label) button?.setAttribute("aria-label", label);
  }

  /**
   * @param {string} selector
   * @param {boolean} visible
   */
  #show(selector, visible) {
    const element = this.querySelector(selector);
    if (element instanceof HTMLElement) element.hidden = !visible;
  }

  #wake() {
    this.removeAttribute("data-idle");
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#rest(), IDLE_MS);
  }

  #rest() {
    if (this.playing) this.setAttribute("data-idle", "");
  }

  async #pictureInPicture() {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await this.#video?.requestPictureInPicture().catch(() => undefined);
  }

  async #fullScreen() {
    const video = /** @type {any} */ (this.#video);
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (this.requestFullscreen) await this.requestFullscreen().catch(() => undefined);
    else video?.webkitEnterFullscreen?.(); // phones that give only the video the whole screen
  }
}

customElements.define("webtv-player", WebTVPlayer);
