// The watch page: what is written beneath the picture follows the picture that this viewer sees.

import "./channels.js";
import { comingAfter, entryAt, same } from "./timeline.js";
import { ahead, duration, say, sayState, showPoster, watching } from "./words.js";

/** @typedef {import("./timeline.js").Airing} Airing */
/** @typedef {import("./timeline.js").Now} Now */
/** @typedef {import("./player.js").WebTVPlayer} WebTVPlayer */

const POLL_MS = 10_000;
const UP_NEXT = 4;

const page = /** @type {HTMLElement} */ (document.getElementById("watch"));
const player = /** @type {WebTVPlayer | null} */ (document.querySelector("webtv-player"));
const { slug = "", name = "", heartbeat = "15" } = page.dataset;
const station = document.querySelector(".wordmark span")?.textContent ?? "";

/** @type {Now} */
let known = JSON.parse(page.dataset.timeline ?? "{}");
let offset = known.utc - Date.now() / 1000; // the station's clock less ours
/** @type {Airing | null} */
let shown = known.now;
let strip = "";

/** The programme time that this viewer sees. */
function seen() {
  return player?.programmeTime ?? Date.now() / 1000 + offset - (player?.playing ? player.latency : 0);
}

/** @param {Airing} entry */
function showEntry(entry) {
  const changed = entry.title !== shown?.title || entry.sequence !== shown?.sequence;
  shown = entry;
  say(page, "title", entry.title);
  say(page, "prompt", entry.prompt);
  say(page, "label", entry.label || "–");
  say(page, "shot", `${entry.position} of ${entry.of}`);
  say(page, "model", entry.model || "–");
  say(page, "writer", entry.writer || "–");
  say(page, "seed", entry.seed ?? "–");
  const shots = page.querySelector('[data-part="shots"]');
  shots?.replaceChildren(
    ...Array.from({ length: entry.of }, (_, index) => {
      const item = document.createElement("li");
      item.className = index + 1 < entry.position ? "done" : index + 1 === entry.position ? "current" : "";
      return item;
    }),
  );
  if (changed) {
    say(page, "announcement", `Now on ${name}: ${entry.title}`);
    document.title = `${entry.title} · ${name} · ${station}`;
  }
  if ("mediaSession" in navigator) {
    navigator.mediaSession.metadata = new MediaMetadata({
      title: entry.title,
      artist: name,
      artwork: entry.poster ? [{ src: entry.poster, sizes: "1280x720", type: "image/jpeg" }] : [],
    });
  }
}

/**
 * @param {Airing} entry
 * @param {number} utc
 */
function showNext(entry, utc) {
  const list = page.querySelector('[data-part="strip"]');
  const template = document.getElementById("next-item");
  if (!list || !(template instanceof HTMLTemplateElement)) return;
  const coming = comingAfter(known.timeline, entry, UP_NEXT);
  const key = coming.map((each) => `${each.n} ${each.clip}`).join();
  if (key !== strip && coming.length) {
    strip = key;
    list.replaceChildren(
      ...coming.map((each) => {
        const item = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
        say(item, "title", each.title);
        const image = item.querySelector("img");
        if (image && each.poster) {
          image.src = each.poster;
          image.hidden = false;
        }
        return item;
      }),
    );
  }
  for (const [index, item] of [...list.children].entries()) {
    const each = coming[index];
    if (each) say(item, "when", `in ${duration(each.start_utc - utc)}`);
  }
}

function follow() {
  const utc = seen();
  const entry = entryAt(known.timeline, utc);
  if (!entry) return;
  if (!same(entry, shown)) showEntry(entry);
  showNext(entry, utc);
}

async function poll() {
  if (document.hidden && !player?.playing) return;
  const answer = await fetch(`/api/channels/${slug}/now`).catch(() => null);
  if (!answer?.ok) return; // the station may be restarting: what is known goes a long way
  known = await answer.json();
  offset = known.utc - Date.now() / 1000;
  sayState(page, known.state);
  say(page, "viewers", watching(known.viewers));
  say(page, "ahead", ahead(known.buffer_seconds, known.state));
  follow();
}

async function beat() {
  if (!player?.playing) return;
  const answer = await fetch(`/api/channels/${slug}/heartbeat`, { method: "POST" }).catch(() => null);
  if (answer?.ok) say(page, "viewers", watching((await answer.json()).viewers));
}

player?.addEventListener("programmetime", follow);
player?.querySelector("video")?.addEventListener("playing", () => void beat(), { once: true });
setInterval(follow, 1000);
setInterval(poll, POLL_MS);
setInterval(beat, 1000 * Number(heartbeat));
document.addEventListener("visibilitychange", poll);
if (!player) document.documentElement.toggleAttribute("data-settled", true);
if (shown) showEntry(shown);
