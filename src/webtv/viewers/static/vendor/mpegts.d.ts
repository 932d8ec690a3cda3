export { default as mpegts } from "mpegts.js";
