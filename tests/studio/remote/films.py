"""Small real films: H.264 in MP4 by default, made in milliseconds."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from webtv.studio.ports import Frames


def pictures(
    seconds: float = 2.0,
    fps: float = 12,
    width: int = 160,
    height: int = 90,
    seed: int = 0,
    moves: bool = True,
) -> Frames:
    """uint8[T, H, W, 3]: a bright square crossing a seeded dark picture, or standing in it."""
    count = round(seconds * fps)
    rng = np.random.default_rng(seed)
    still = np.kron(rng.integers(20, 120, (9, 16, 3)), np.ones((height // 9, width // 16, 1)))
    frames = np.repeat(still[None].astype(np.uint8), count, axis=0)
    for i in range(count):
        at = int(i / count * width * 0.7) if moves else 10
        frames[i, height // 3 : 2 * height // 3, at : at + width // 5] = (220, 180, 90)
    return frames


def film(frames: Frames | None = None, fps: int = 12, **options: Any) -> bytes:
    """The bytes of a film.

    Args:
        frames: what it shows; ``pictures(fps=fps)`` if left out.
        fps: its rate.
        options: ``container``, ``codec``, ``streams``, and ``times``: presentation times in milliseconds.
    """
    frames = pictures(fps=fps) if frames is None else frames
    times: Sequence[int] | None = options.get("times")
    out = io.BytesIO()
    with av.open(out, "w", format=options.get("container", "mp4")) as file:
        streams = []
        for _ in range(options.get("streams", 1)):
            stream: Any = file.add_stream(options.get("codec", "libx264"), rate=fps)
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = options.get("pix_fmt", "yuv420p")
            stream.codec_context.gop_size = 12
            if times is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            streams.append(stream)
        for index, picture in enumerate(frames):
            for stream in streams:
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                if times is not None:
                    frame.pts, frame.time_base = times[index], Fraction(1, 1000)
                file.mux(stream.encode(frame))
        for stream in streams:
            file.mux(stream.encode())
    return out.getvalue()


def saved(folder: Path, data: bytes, name: str = "take") -> Path:
    """The bytes as a file."""
    path = folder / name
    path.write_bytes(data)
    return path
