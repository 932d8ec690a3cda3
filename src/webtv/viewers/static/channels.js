// Keeps cards of channels up to date: the server rendered them, this only changes what changed.

import { ahead, say, sayState, showPoster, watching } from "./words.js";
import { comingAfter } from "./timeline.js";

const EVERY = 10_000;

/** @typedef {import("./timeline.js").Airing} Airing */

/**
 * @typedef {object} Channel
 * @property {string} slug
 * @property {string} state
 * @property {Airing | null} now
 * @property {Airing[]} next
 * @property {number} buffer_seconds
 * @property {number} viewers
 */

/**
 * @param {HTMLElement} card
 * @param {Channel} channel
 * @param {number} utc
 */
function show(card, channel, utc) {
  const { now } = channel;
  const [next] = now ? comingAfter(channel.next, now, 1) : channel.next;
  sayState(card, channel.state);
  say(card, "title", now?.title ?? "Nothing just now");
  say(card, "next", next?.title ?? "To be announced");
  say(card, "ahead", ahead(channel.buffer_seconds, channel.state));
  say(card, "viewers", watching(channel.viewers));
  void showPoster(card, now?.poster ?? null);
  const progress = card.querySelector("progress");
  if (progress && now) {
    const within = Math.min(1, Math.max(0, (utc - now.start_utc) / now.seconds));
    progress.value = (now.position - 1 + within) / now.of;
  }
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch("/api/channels").catch(() => null);
  if (!answer?.ok) return; // the station may be restarting: what is shown stays, the next round tries again
  const date = Date.parse(answer.headers.get("date") ?? "") / 1000 || Date.now() / 1000;
  /** @type {Channel[]} */
  const channels = await answer.json();
  for (const channel of channels) {
    const card = document.querySelector(`[data-channels] [data-channel="${CSS.escape(channel.slug)}"]`);
    if (card instanceof HTMLElement) show(card, channel, date);
  }
}

setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", refresh);
