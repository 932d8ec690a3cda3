// What our own engine must know of HLS: a media playlist, an initialisation segment, the time of a fragment.

/**
 * @typedef {object} Segment
 * @property {number} number its media sequence number
 * @property {string} address
 * @property {number} seconds
 * @property {number} date programme time of its first picture, seconds since 1970 UTC; NaN if none is told
 * @property {boolean} discontinuity
 */

/**
 * @typedef {object} Playlist
 * @property {string} init address of the initialisation segment
 * @property {Segment[]} segments
 */

/**
 * Read a media playlist.
 * @param {string} text
 * @param {string} base its address
 * @returns {Playlist | null} null if it is none of fragmented MP4
 */
export function readPlaylist(text, base) {
  const from = new URL(base, location.href);
  let init = "";
  let number = 0;
  let [seconds, date, discontinuity] = [0, NaN, false];
  /** @type {Segment[]} */
  const segments = [];
  for (const line of text.split(/\r?\n/)) {
    const [tag = "", value = ""] = line.split(/:(.*)/s);
    if (tag === "#EXT-X-MEDIA-SEQUENCE") number = Number(value);
    else if (tag === "#EXT-X-MAP") init = /URI="([^"]+)"/.exec(value)?.[1] ?? "";
    else if (tag === "#EXTINF") seconds = parseFloat(value);
    else if (tag === "#EXT-X-PROGRAM-DATE-TIME") date = Date.parse(value) / 1000;
    else if (tag === "#EXT-X-DISCONTINUITY") discontinuity = true;
    else if (line && !line.startsWith("#")) {
      const address = new URL(line, from).pathname;
      segments.push({ number: number + segments.length, address, seconds, date, discontinuity });
      [date, discontinuity] = [NaN, false];
    }
  }
  return init && segments.length ? { init: new URL(init, from).pathname, segments } : null;
}

/**
 * Where the content of the first box of a kind begins, or -1.
 * @param {Uint8Array} bytes
 * @param {string} kind
 */
function find(bytes, kind) {
  const wanted = [...kind].map((letter) => letter.charCodeAt(0));
  for (let at = 4; at + 4 <= bytes.length; at += 1) {
    if (wanted.every((code, index) => bytes[at + index] === code)) return at + 4;
  }
  return -1;
}

/**
 * What an initialisation segment says: the type for MediaSource, and ticks per second of its first track.
 * @param {Uint8Array} init
 */
export function readInit(init) {
  const view = new DataView(init.buffer, init.byteOffset, init.byteLength);
  const avc = find(init, "avcC");
  const header = find(init, "mdhd");
  if (avc < 0 || header < 0) return null;
  const codecs = ["avc1." + [1, 2, 3].map((i) => view.getUint8(avc + i).toString(16).padStart(2, "0")).join("")];
  if (find(init, "mp4a") >= 0) codecs.push("mp4a.40.2");
  const scale = view.getUint32(header + (view.getUint8(header) === 1 ? 20 : 12));
  return { type: `video/mp4; codecs="${codecs.join(",")}"`, scale };
}

/**
 * Decoding time of the first fragment in these bytes, in ticks; null if it has not arrived yet.
 * @param {Uint8Array} bytes
 */
export function decodingTime(bytes) {
  const at = find(bytes.subarray(0, 4096), "tfdt");
  if (at < 0 || at + 12 > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint8(at) === 1 ? Number(view.getBigUint64(at + 4)) : view.getUint32(at + 4);
}
