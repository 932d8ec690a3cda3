"""``webtv bench interpolate``: our interpolation against FFmpeg's ``minterpolate`` and against blending.

Every second frame of a film whose frames are all known is held out; each method makes it from its two
neighbours, and luma PSNR and SSIM against the real one tell how well. Each method uses one thread.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from webtv.bench.likeness import Luma, psnr, ssim
from webtv.bench.machine import describe_machine
from webtv.bench.measurement import RUNS, Meter, figure, median
from webtv.bench.motions import MOTIONS
from webtv.bench.report import Report, Rows
from webtv.core.errors import ComponentError
from webtv.studio.interpolation import DISInterpolator
from webtv.studio.ports import Chunk, Frames

RATE = 24
METHODS = ("dis", "minterpolate", "blend")
_EDGE = 2  # pairs at either end that are not compared: minterpolate begins late and ends early
_SHIFTS = range(-4, 5)


@dataclass(frozen=True, slots=True)
class Workload:
    """How much is compared.

    Attributes:
        width: pixels; the default is the size at which the embedded studio interpolates for 720p.
        height: likewise.
        frames: of each film, odd; every second one is held out.
        motions: names out of :data:`webtv.bench.motions.MOTIONS`.
        runs: the median of so many counts (speed; quality is the same every time).
    """

    width: int = 640
    height: int = 360
    frames: int = 29
    motions: tuple[str, ...] = tuple(MOTIONS)
    runs: int = RUNS


QUICK = Workload(width=160, height=96, frames=15, motions=("pan", "flat areas"), runs=1)


@dataclass(frozen=True, slots=True)
class _Film:
    """A film, split: what the methods see, and what they must find."""

    known: Frames
    held: list[Luma]


@dataclass(frozen=True, slots=True)
class _Score:
    """How like the held-out frames a method's are, on average."""

    psnr: float
    ssim: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found: scores by motion and method, CPU seconds of each run by method."""

    scores: dict[str, dict[str, _Score]]
    seconds: dict[str, list[float]]

    def by_motion(self, measure: str) -> dict[str, dict[str, float]]:
        digits = 2 if measure == "psnr" else 4
        return {
            name: {method: round(getattr(score, measure), digits) for method, score in scores.items()}
            for name, scores in self.scores.items()
        }


def measure_interpolation(ffmpeg: Path, workload: Workload, *, quick: bool) -> Report:
    """Compare the methods.

    Args:
        ffmpeg: binary with ``minterpolate``.
        workload: how much.
        quick: said in the report.

    Raises:
        ComponentError: FFmpeg failed.
    """
    machine = describe_machine(ffmpeg)
    films = {}
    for name in workload.motions:
        frames = MOTIONS[name](workload.frames, workload.width, workload.height)
        films[name] = _Film(frames[::2], [_luma(frame) for frame in frames[1::2]])
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        outcome = _compare(ffmpeg, films, workload)
    finally:
        cv2.setNumThreads(threads)
    made = sum(len(film.held) for film in films.values())
    dis, reference = (median(outcome.seconds[method]) / made for method in ("dis", "minterpolate"))
    psnrs, ssims = outcome.by_motion("psnr"), outcome.by_motion("ssim")
    figures = {
        "size": f"{workload.width}x{workload.height}",
        "held_out_frames": made,
        "runs": workload.runs,
        **{f"psnr_{method}": round(_mean(psnrs, method), 2) for method in METHODS},
        **{f"ssim_{method}": round(_mean(ssims, method), 4) for method in METHODS},
        "per_motion": psnrs,
        "per_motion_ssim": ssims,
        "ms_dis": figure(1000 * dis),
        "ms_minterpolate": figure(1000 * reference),
        "speed_ratio": figure(reference / dis),
    }
    return Report("interpolate", machine, quick, figures, _tables(figures, psnrs, ssims, workload))


def _compare(ffmpeg: Path, films: dict[str, _Film], workload: Workload) -> _Outcome:
    outcome = _Outcome({}, {"dis": [], "minterpolate": []})
    for run in range(workload.runs):
        spent = dict.fromkeys(outcome.seconds, 0.0)
        for name, film in films.items():
            with Meter() as ours:
                dis = asyncio.run(_interpolate(film.known))
            with Meter() as theirs:
                reference = _minterpolate(ffmpeg, film.known)
            spent["dis"] += ours.cpu
            spent["minterpolate"] += theirs.cpu
            if run == 0:
                outcome.scores[name] = {
                    "dis": _score([_luma(frame) for frame in dis[1 : 2 * len(film.held) : 2]], film.held),
                    "minterpolate": _best_score(reference, film.held),
                    "blend": _score(_blended(film.known), film.held),
                }
        for method, seconds in spent.items():
            outcome.seconds[method].append(seconds)
    return outcome


def _tables(
    figures: dict[str, object],
    psnrs: dict[str, dict[str, float]],
    ssims: dict[str, dict[str, float]],
    workload: Workload,
) -> tuple[Rows, ...]:
    def cells(scores: dict[str, float], likeness: dict[str, float]) -> tuple[str, ...]:
        return tuple(f"{scores[method]:.2f} / {likeness[method]:.4f}" for method in METHODS)

    rows = [(name, *cells(psnrs[name], ssims[name])) for name in psnrs]
    means = [{method: _mean(table, method) for method in METHODS} for table in (psnrs, ssims)]
    rows.append(("mean", *cells(*means)))
    rows.append(("CPU ms per made frame", f"{figures['ms_dis']:g}", f"{figures['ms_minterpolate']:g}", ""))
    note = (
        f"Luma PSNR in dB / SSIM of held-out frames, {figures['size']}, {figures['held_out_frames']} frames, "
        f"12 to 24 per second, one thread each; {figures['speed_ratio']:g} times faster, "
        f"median of {workload.runs}."
    )
    return (Rows("Interpolation", ("motion", "DIS (ours)", "minterpolate mci", "blend"), rows, note),)


async def _interpolate(known: Frames) -> Frames:
    async def take() -> AsyncIterator[Chunk]:
        yield Chunk(known, 0, RATE // 2)

    chunks = [chunk.frames async for chunk in DISInterpolator().interpolate(take(), RATE)]
    return np.concatenate(chunks)


def _minterpolate(ffmpeg: Path, known: Frames) -> list[Luma]:
    """FFmpeg's motion-compensated frames at the double rate, as luma; it works in YUV, so it gets YUV."""
    height, width = known.shape[1:3]
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv444p", "-s", f"{width}x{height}"]
    method = f"minterpolate=fps={RATE}:mi_mode=mci:scd=none"
    head = [str(ffmpeg), "-v", "error", "-filter_threads", "1", "-threads", "1"]
    argv = [
        *head,
        *raw,
        "-r",
        str(RATE // 2),
        "-i",
        "-",
        "-vf",
        method,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "yuv444p",
        "-",
    ]
    planes = b"".join(np.ascontiguousarray(_yuv(frame).transpose(2, 0, 1)).tobytes() for frame in known)
    done = subprocess.run(argv, input=planes, capture_output=True)
    if done.returncode:
        why = done.stderr.decode(errors="replace")[-200:].strip()
        raise ComponentError(
            f"minterpolate failed: {why}", remedy="use the bundled FFmpeg: unset WEBTV_FFMPEG"
        )
    frames = np.frombuffer(done.stdout, np.uint8).reshape(-1, 3, height, width)
    return [frame[0].astype(np.float32) for frame in frames]


def _blended(known: Frames) -> list[Luma]:
    return [(_luma(a) + _luma(b)) * np.float32(0.5) for a, b in pairwise(known)]


def _yuv(frame: Frames) -> Frames:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV), np.uint8)


def _luma(frame: Frames) -> Luma:
    return _yuv(frame)[..., 0].astype(np.float32)


def _score(made: list[Luma], held: list[Luma]) -> _Score:
    pairs = list(zip(made, held, strict=True))[_EDGE:-_EDGE]
    return _Score(*(float(np.mean([measure(a, b) for a, b in pairs])) for measure in (psnr, ssim)))


def _best_score(frames: list[Luma], held: list[Luma]) -> _Score:
    """The score at whichever shift suits the reference best; where its output begins is not documented."""
    scores = []
    for shift in _SHIFTS:
        wanted = [2 * n + 1 + shift for n in range(len(held))]
        inner = wanted[_EDGE:-_EDGE]
        if inner[0] >= 0 and inner[-1] < len(frames):
            # The ends are not compared; what stands there does not matter.
            made = [frames[min(max(n, 0), len(frames) - 1)] for n in wanted]
            scores.append(_score(made, held))
    if not scores:
        raise ComponentError(f"minterpolate gave {len(frames)} frames only", remedy="unset WEBTV_FFMPEG")
    return max(scores, key=lambda score: score.psnr)


def _mean(per_motion: dict[str, dict[str, float]], method: str) -> float:
    return float(np.mean([scores[method] for scores in per_motion.values()]))
