"""Frame interpolation by dense optical flow (DIS), both ways, on one CPU thread."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import ConfigError
from webtv.studio.options import whole_number
from webtv.studio.ports import Chunk, Frames, Take

Flow = NDArray[np.float32]

PRESETS: Final = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}
_CUT_STEP: Final = 0.12  # mean change of small blurred luma, of 1, from which a pair may be a cut
_CUT_LEFT: Final = 0.55  # share of that change that motion fails to explain at a cut


class DISInterpolator:
    """Raises the frame rate of a take by any rational factor.

    Between two frames each pixel is fetched from both along the flow and blended by nearness in time and
    by how well the two directions agree, so that what is covered or uncovered comes from the side that
    shows it. Across a cut the nearer frame is held; nothing is morphed. The last frame is held to the end.

    Args:
        preset: ``ultrafast``, ``fast`` or ``medium``: quality of the flow.
        flow_height: rows at which flow is measured at most, 32 to 1080; less is faster and smoother.

    Raises:
        ConfigError: an option is unknown, no number or out of range.
    """

    def __init__(self, *, preset: str = "fast", flow_height: int = 180) -> None:
        if not isinstance(preset, str) or preset not in PRESETS:
            raise ConfigError(
                f"{preset!r} is no DIS preset",
                place="studio.interpolate.preset",
                remedy=f"use one of {', '.join(PRESETS)}",
            )
        self._preset = PRESETS[preset]
        self._flow_height = whole_number(flow_height, 32, 1080, place="studio.interpolate.flow_height")

    async def interpolate(self, take: Take, fps: int) -> AsyncIterator[Chunk]:
        """Yield the take at ``fps``; a take that has this rate already passes through untouched."""
        worker: _Between | None = None
        step = Fraction(1)
        done = 0  # frames yielded
        seen = 0  # input frames received before the current chunk
        last: Frames | None = None
        async for chunk in take:
            if chunk.fps == fps:
                yield chunk
                continue
            if worker is None:
                step = Fraction(chunk.fps, fps)
                worker = _Between(
                    chunk.frames.shape[1], chunk.frames.shape[2], self._preset, self._flow_height
                )
            frames = chunk.frames if last is None else np.concatenate((last, chunk.frames))
            first = seen - (last is not None)
            seen += len(chunk.frames)
            # Everything up to the newest frame can be made now.
            count = math.floor((seen - 1) / step) + 1 - done
            if count > 0:
                positions = [done * step + k * step - first for k in range(count)]
                made = await asyncio.to_thread(worker.render, frames, positions)
                yield Chunk(made, done, fps)
                done += count
            last = chunk.frames[-1:]
        if last is not None:
            rest = math.ceil(seen / step) - done
            if rest > 0:
                yield Chunk(np.repeat(last, rest, axis=0), done, fps)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is known about two neighbouring frames."""

    cut: bool
    ahead: Flow
    back: Flow
    trust_ahead: Flow
    trust_back: Flow


class _Between:
    """Makes frames between frames of one size."""

    def __init__(self, height: int, width: int, preset: int, flow_height: int) -> None:
        self._size = (width, height)
        scale = min(1.0, flow_height / height)
        self._small = (max(16, round(width * scale)), max(16, round(height * scale)))
        self._dis = cv2.DISOpticalFlow_create(preset)  # type: ignore[attr-defined]
        w, h = self._small
        self._grid = np.dstack(np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)))
        self._full = np.dstack(
            np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        )
        self._gain = np.array([width / w, height / h], np.float32)

    def render(self, frames: Frames, positions: list[Fraction]) -> Frames:
        """Frames at fractional positions, which do not decrease."""
        out = np.empty((len(positions), *frames.shape[1:]), np.uint8)
        pair: _Pair | None = None
        of = -1
        for k, position in enumerate(positions):
            i = min(math.floor(position), len(frames) - 1)
            f = float(position - i)
            if f == 0.0 or i + 1 >= len(frames):
                out[k] = frames[i]
                continue
            if pair is None or of != i:
                pair, of = self._measure(frames[i], frames[i + 1]), i
            out[k] = self._blend(frames[i], frames[i + 1], pair, f)
        return out

    def _grey(self, frame: Frames) -> Frames:
        small = cv2.resize(frame, self._small, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)

    def _measure(self, a: Frames, b: Frames) -> _Pair:
        ga, gb = self._grey(a), self._grey(b)
        ahead = self._dis.calc(ga, gb, None)
        back = self._dis.calc(gb, ga, None)
        return _Pair(
            self._is_cut(ga, gb, ahead), ahead, back, self._trust(ahead, back), self._trust(back, ahead)
        )

    def _is_cut(self, ga: Frames, gb: Frames, ahead: Flow) -> bool:
        sa, sb = (cv2.GaussianBlur(g, (0, 0), 2).astype(np.float32) / 255 for g in (ga, gb))
        change = float(np.abs(sa - sb).mean())
        if change < _CUT_STEP:
            return False
        warped = cv2.remap(sb, self._grid + ahead, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
        return float(np.abs(sa - warped).mean()) > _CUT_LEFT * change or change > 0.3

    def _trust(self, there: Flow, again: Flow) -> Flow:
        """1 where going there and back ends at the start, near 0 where something was covered or uncovered."""
        returned = cv2.remap(
            again, self._grid + there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )  # type: ignore[call-overload]
        gap = there + returned
        error = cv2.transform(gap * gap, np.ones((1, 2), np.float32))
        length = cv2.transform(there * there, np.ones((1, 2), np.float32))
        return np.asarray(1.0 / (1.0 + error / (0.4 + 0.02 * length)), np.float32)

    def _blend(self, a: Frames, b: Frames, pair: _Pair, f: float) -> Frames:
        if pair.cut:
            return a if f < 0.5 else b
        # The flow belongs to a pixel of one frame; what arrives here started a little way back along it.
        ahead = cv2.remap(
            pair.ahead, self._grid - f * pair.ahead, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )  # type: ignore[call-overload]
        back = cv2.remap(
            pair.back,
            self._grid - (1 - f) * pair.back,
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # type: ignore[call-overload]
        trust_a = cv2.remap(
            pair.trust_ahead, self._grid - f * ahead, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )  # type: ignore[call-overload]
        trust_b = cv2.remap(
            pair.trust_back,
            self._grid - (1 - f) * back,
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # type: ignore[call-overload]
        wa = (1 - f) * (trust_a + 0.02)
        wb = f * (trust_b + 0.02)
        share = cv2.resize((wb / (wa + wb)).astype(np.float32), self._size, interpolation=cv2.INTER_LINEAR)
        from_a = self._fetch(a, ahead, -f)
        from_b = self._fetch(b, back, -(1 - f))
        return np.asarray(cv2.blendLinear(from_a, from_b, 1 - share, share), np.uint8)

    def _fetch(self, frame: Frames, flow: Flow, share: float) -> Frames:
        full = cv2.resize(flow * (self._gain * np.float32(share)), self._size, interpolation=cv2.INTER_LINEAR)
        cv2.add(full, self._full, dst=full)
        return np.asarray(
            cv2.remap(frame, full, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),  # type: ignore[call-overload]
            np.uint8,
        )
