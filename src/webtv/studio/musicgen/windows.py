"""Windows: pieces of any length from a model that knows thirty seconds.

Each window begins with the last tokens of the one before, so it goes on where that one stopped; both decode
the same tokens there, and the joint is a crossfade in the middle of what they share, where both decoders have
heard what comes before and after. Window and stride are those of audiocraft's ``extend_stride``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Waves = NDArray[np.float32]
"""float32[channels, samples]."""

FRAMES_PER_SECOND = 50
"""Of tokens, in every MusicGen."""

_LONGEST_FADE = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of tokens that is made at once.

    Attributes:
        start: its first frame of tokens.
        prompt: frames at its beginning that are there already.
        frames: frames in all.
    """

    start: int
    prompt: int
    frames: int

    @property
    def new(self) -> int:
        """Frames that it adds."""
        return self.frames - self.prompt


def windows(frames: int, longest: int, overlap: int) -> Iterator[Window]:
    """The windows that make up that many frames.

    Args:
        frames: in all, 1 or more.
        longest: frames of one window.
        overlap: frames that a window shares with the one before, less than `longest`.
    """
    done = min(frames, longest)
    yield Window(0, 0, done)
    while done < frames:
        new = min(frames - done, longest - overlap)
        yield Window(done - overlap, overlap, overlap + new)
        done += new


def joined(parts: Iterable[tuple[Window, Waves]], per_frame: int, rate: int) -> Waves:
    """Join windows.

    Args:
        parts: windows in order and what they sound like, `per_frame` samples for each of their frames.
        per_frame: samples of one frame of tokens.
        rate: samples per second.
    """
    whole: Waves | None = None
    for window, sound in parts:
        if whole is None:
            whole = sound
            continue
        shared = window.prompt * per_frame
        fade = min(shared // 2, int(_LONGEST_FADE * rate))
        into = (shared - fade) // 2  # samples into this window at which it begins to be heard
        at = window.start * per_frame + into
        before = whole[:, at : at + fade]
        crossed = crossfade(before, sound[:, into : into + fade])
        whole = np.concatenate([whole[:, :at], crossed, sound[:, into + fade :]], axis=1)
    assert whole is not None
    return whole


def crossfade(ending: Waves, beginning: Waves) -> Waves:
    """From one sound to another of the same shape, at equal power however alike the two are.

    Quarter sines keep the power of sounds that have nothing in common, and raise that of equal ones by 3 dB
    in the middle; so they are divided by what the two make together, given how alike they are.
    """
    turn = (np.arange(ending.shape[1]) + 0.5) / max(1, ending.shape[1]) * (np.pi / 2)
    out, into = np.cos(turn), np.sin(turn)
    power = float(
        np.sqrt(np.square(ending, dtype=np.float64).sum() * np.square(beginning, dtype=np.float64).sum())
    )
    alike = float((ending.astype(np.float64) * beginning).sum()) / power if power > 0 else 0.0
    level = np.sqrt(1 + 2 * max(0.0, min(1.0, alike)) * out * into)
    return np.asarray(ending * (out / level) + beginning * (into / level), np.float32)
