// Words for numbers, the same as the server's.

/**
 * A length for people: `40 s`, `12 min`, `2 h 5 min`.
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/**
 * What is said of a channel's buffer.
 * @param {number} seconds
 * @param {string} state
 */
export function ahead(seconds, state) {
  if (seconds >= 60) return `${duration(seconds)} of new programme ahead`;
  return state === "off" ? "Not broadcasting" : "New programme in the making";
}

/** @param {number} viewers */
export function watching(viewers) {
  if (!viewers) return "";
  return viewers === 1 ? "1 viewer" : `${viewers.toLocaleString("en")} viewers`;
}

/** @type {Record<string, string>} */
const STATES = {
  on_air: "On air",
  filler: "Between programmes",
  paused: "On air · reruns",
  slate: "Stand by",
  off: "Off air",
};

/** @param {string} state */
export function stateWords(state) {
  return STATES[state] ?? state;
}

/**
 * Set an element's text only if it differs, so that nothing is laid out or read out twice.
 * @param {ParentNode} root
 * @param {string} part
 * @param {string} text
 */
export function say(root, part, text) {
  const element = root.querySelector(`[data-part="${part}"]`);
  if (element && element.textContent !== text) element.textContent = text;
}

/**
 * @param {ParentNode} root
 * @param {string} state
 */
export function sayState(root, state) {
  const element = root.querySelector('[data-part="state"]');
  if (!(element instanceof HTMLElement) || element.dataset.state === state) return;
  element.dataset.state = state;
  const words = element.querySelector("span");
  if (words) words.textContent = stateWords(state);
}

/**
 * Show a poster once it is decoded, so that no frame is ever empty in between.
 * @param {ParentNode} root
 * @param {string | null} address
 */
export async function showPoster(root, address) {
  const image = root.querySelector('[data-part="poster"]');
  if (!(image instanceof HTMLImageElement)) return;
  if (!address) {
    image.hidden = true;
    return;
  }
  if (!image.hidden && image.getAttribute("src") === address) return;
  image.dataset.wanted = address;
  const next = new Image();
  next.src = address;
  await next.decode().catch(() => undefined);
  if (image.dataset.wanted !== address) return;
  image.src = address;
  image.hidden = false;
}
