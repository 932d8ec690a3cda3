"""Fields: seamless noise and flow that worlds read at any point, as fast as OpenCV resamples."""

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.stage import Image, Stage

_SIZE = 256


def looped(tile: Image) -> Image:
    """A seamless tile with one more row and column, so that reading between the last and the first works."""
    return np.ascontiguousarray(cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP))


def texture(
    rng: np.random.Generator, slope: float = 1.8, low: float = 1.0, high: float = 40.0, size: int = _SIZE
) -> Image:
    """Scalar noise to be read with :func:`sample`; mean 0, deviation 1."""
    return looped(noise.tile(size, rng, slope, low, high))


def current(rng: np.random.Generator, slope: float = 2.6, low: float = 1.0, high: float = 7.0) -> Image:
    """A flow float32[n, n, 2] without sources or sinks (the curl of a noise), deviation 1."""
    psi = noise.tile(_SIZE, rng, slope, low, high)
    u = np.roll(psi, -1, 0) - np.roll(psi, 1, 0)
    v = np.roll(psi, 1, 1) - np.roll(psi, -1, 1)
    both = np.dstack((u, v)) / (np.hypot(u, v).std() * 1.6 + 1e-9)
    return looped(both.astype(np.float32))


def sample(tile: Image, x: Image, y: Image, scale: float, dx: float = 0.0, dy: float = 0.0) -> Image:
    """Read a tile at ``scale`` tiles per unit, moved by (dx, dy) tiles."""
    n = tile.shape[0] - 1
    u = cv2.addWeighted(x, scale * n, x, 0.0, dx * n)
    v = cv2.addWeighted(y, scale * n, y, 0.0, dy * n)
    return cv2.remap(tile, noise.wrap(u, n), noise.wrap(v, n), cv2.INTER_LINEAR)


def grid(stage: Stage, t: float, depth: float, share: float) -> tuple[Image, Image]:
    """World x and y of every pixel of a frame ``share`` as large, float32[h, w] each."""
    h, w = max(2, round(stage.height * share)), max(2, round(stage.width * share))
    view = stage.view(t, depth)
    x = (np.arange(w, dtype=np.float32) + 0.5) * np.float32(stage.width / w / view.scale) - np.float32(
        view.left / view.scale
    )
    y = (np.arange(h, dtype=np.float32) + 0.5) * np.float32(stage.height / h / view.scale) - np.float32(
        view.top / view.scale
    )
    return np.repeat(x[None, :], h, 0), np.repeat(y[:, None], w, 1)


def enlarge(frame: Image, small: Image) -> None:
    """Fill the frame with a smaller picture."""
    cv2.resize(small, (frame.shape[1], frame.shape[0]), dst=frame, interpolation=cv2.INTER_CUBIC)


def look_up(ramp: Image, value: Image) -> Image:
    """Colours [h, w, 3] of values 0..1 from a ramp [n, 3]."""
    index = np.clip(value, 0, 1)
    index *= ramp.shape[0] - 1
    return cv2.remap(ramp[None], index, np.zeros_like(index), cv2.INTER_LINEAR)
