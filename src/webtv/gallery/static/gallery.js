// Films play while they are in view and nobody minds motion; one sound at a time; a line shows where it is.
"use strict";

const films = [...document.querySelectorAll("video")];
const sounds = [...document.querySelectorAll("audio")];
const still = matchMedia("(prefers-reduced-motion: reduce)");
const stopped = new WeakSet(); // what the visitor has paused stays paused
let ours = false;

function play(film) {
  if (!still.matches && !stopped.has(film)) film.play().catch(() => {});
}

function rest(film) {
  ours = true;
  film.pause();
  ours = false;
}

const inView = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      target.dataset.inView = String(isIntersecting);
      if (isIntersecting) play(target);
      else rest(target);
    }
  },
  { threshold: 0.6 },
);

for (const film of films) {
  inView.observe(film);
  film.addEventListener("pause", () => {
    if (!ours && film.dataset.inView === "true" && !film.ended) stopped.add(film);
  });
  film.addEventListener("play", () => stopped.delete(film));
}

still.addEventListener("change", () => {
  for (const film of films) {
    if (still.matches) rest(film);
    else if (film.dataset.inView === "true") play(film);
  }
});

for (const sound of sounds) {
  const line = sound.closest("figure").querySelector(".trace i");
  const show = () => {
    line.style.setProperty("--at", sound.duration ? sound.currentTime / sound.duration : 0);
    if (!sound.paused) requestAnimationFrame(show);
  };
  sound.addEventListener("play", () => {
    for (const other of sounds) if (other !== sound) other.pause();
    for (const film of films) film.muted = true;
    line.closest(".trace").classList.add("playing");
    show();
  });
  sound.addEventListener("seeked", show);
}
