"""The machine that figures belong to: what decides speed, and nothing that tells whose it is."""

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from webtv.core.errors import ComponentError
from webtv.core.process import usable_cores


@dataclass(frozen=True, slots=True)
class Machine:
    """What stands beside every figure; never a host name or a path.

    Attributes:
        cpu: model of the processor.
        cores: logical cores that this process may use.
        memory_gb: installed memory.
        system: operating system and architecture.
        python: version.
        ffmpeg: version of the binary that references run on.
        av: version of PyAV.
        opencv: version.
        load: mean number of busy processes in the minute before the run; others at work make figures worse.
    """

    cpu: str
    cores: int
    memory_gb: float
    system: str
    python: str
    ffmpeg: str
    av: str
    opencv: str
    load: float

    def __str__(self) -> str:
        return (
            f"{self.cpu}, {self.cores} cores, {self.memory_gb:g} GB, {self.system}; Python {self.python}, "
            f"FFmpeg {self.ffmpeg}, av {self.av}, OpenCV {self.opencv}; load before {self.load:.1f}"
        )


def describe_machine(ffmpeg: Path) -> Machine:
    """Look at this machine.

    Raises:
        ComponentError: the FFmpeg binary does not run.
    """
    return Machine(
        cpu=processor(),
        cores=usable_cores(),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        ffmpeg=ffmpeg_version(ffmpeg),
        av=version("av"),
        opencv=version("opencv-python-headless"),
        load=round(os.getloadavg()[0], 2),
    )


def processor() -> str:
    """Model of the processor, as far as the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return " ".join(match[1].split()) if match else platform.processor() or platform.machine()


def ffmpeg_binary(chosen: Path | None) -> Path:
    """The FFmpeg binary: the operator's, else the one of the wheel.

    Args:
        chosen: what the operator set, if anything.

    Raises:
        ComponentError: there is none.
    """
    if chosen is not None:
        return chosen
    import imageio_ffmpeg

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ComponentError(
            "there is no FFmpeg binary",
            place="imageio-ffmpeg",
            remedy="pip install --force-reinstall imageio-ffmpeg, or set WEBTV_FFMPEG",
        ) from error


def ffmpeg_version(binary: Path) -> str:
    """Version of an FFmpeg binary.

    Raises:
        ComponentError: it does not run or is something else.
    """
    try:
        done = subprocess.run([binary, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ComponentError(
            f"the FFmpeg binary {binary.name} does not run",
            remedy="pip install --force-reinstall imageio-ffmpeg, or set WEBTV_FFMPEG to one that runs",
        ) from error
    match = re.match(r"ffmpeg version n?(\d[\d.]*)", done.stdout)
    return match[1] if match else "of unknown version"
