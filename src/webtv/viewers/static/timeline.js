// The programme's timeline: which entry airs at a time, and which programmes follow it.

/**
 * @typedef {object} Airing
 * @property {number} n
 * @property {string} clip
 * @property {string} kind
 * @property {string} title
 * @property {string} prompt
 * @property {string} model
 * @property {string} label
 * @property {string | null} seed
 * @property {string} writer
 * @property {string} sequence
 * @property {number} position
 * @property {number} of
 * @property {number} start_utc
 * @property {number} seconds
 * @property {string | null} poster
 */

/**
 * @typedef {object} Now
 * @property {string} state
 * @property {number} utc
 * @property {Airing | null} now
 * @property {Airing[]} timeline
 * @property {number} buffer_seconds
 * @property {number} viewers
 */

/**
 * The entry on air at a time; the latest one before it where there is a gap.
 * @param {Airing[]} timeline
 * @param {number} utc
 * @returns {Airing | null}
 */
export function entryAt(timeline, utc) {
  return timeline.findLast((entry) => entry.start_utc <= utc) ?? timeline[0] ?? null;
}

/**
 * Whether two entries are one airing; numbers would not tell, filler has none.
 * @param {Airing} one
 * @param {Airing | null} other
 */
export function same(one, other) {
  const near = Math.abs(one.start_utc - (other?.start_utc ?? 0)) < 1; // what is foretold moves a little
  return near && one.n === other?.n && one.clip === other.clip;
}

/**
 * The first entries of the programmes after an entry; idents and slates are no programmes.
 * @param {Airing[]} timeline
 * @param {Airing} current
 * @param {number} most
 * @returns {Airing[]}
 */
export function comingAfter(timeline, current, most) {
  const found = [];
  let previous = current;
  for (const entry of timeline) {
    if (entry.start_utc <= current.start_utc) continue;
    const begins = entry.sequence !== previous.sequence || entry.kind !== previous.kind;
    if (begins && ["new", "rerun", "live"].includes(entry.kind)) found.push(entry);
    previous = entry;
  }
  return found.slice(0, most);
}
