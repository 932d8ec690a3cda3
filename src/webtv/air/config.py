"""``DATA/air.json``: what the head-end is told at start; written by the control plane, mode 0600."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from webtv.core.errors import ConfigError, InputError
from webtv.core.files import write_atomically
from webtv.core.format import house_format

PROTOCOL = 1


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """One RTMP target. Its URL may carry a key: it stays in this file and in memory.

    Attributes:
        name: what the operator calls it.
        url: its address.
        rotate: seconds after which a session is renewed.
        overlap: whether the server takes a second publisher of a name.
        ca_file: PEM file of the CAs to trust for ``rtmps://``; None: the machine's.
    """

    name: str
    url: str
    rotate: float = 86_400.0
    overlap: bool = False
    ca_file: str | None = None

    def __repr__(self) -> str:
        return f"OutputConfig(name={self.name!r}, url='…')"


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    """How a channel is recorded.

    Attributes:
        hours: how long a recording is kept.
        gb: size budget of the recordings of all channels together; 0 means none.
        file_minutes: length of a file; the next one begins at the first join of clips after it.
        min_free_gb: free space of the disk below which the oldest recordings go.
    """

    hours: float
    gb: float = 0.0
    file_minutes: float = 60.0
    min_free_gb: float = 1.0


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One channel to air.

    Attributes:
        slug: names the playlist, the HLS folder and the as-run folder.
        name: what the slate shows.
        accent: ``#rrggbb`` of the slate.
        format: house format.
        outputs: RTMP targets.
        ident: path of the ident clip relative to the playlists folder, or None.
        recording: how it is recorded, or None.
        audio: how its sound is made: ``mixed`` from the beds, or ``passthrough``, copied from the clips.
    """

    slug: str
    name: str
    accent: str
    format: str
    outputs: tuple[OutputConfig, ...] = ()
    ident: str | None = None
    recording: RecordingConfig | None = None
    audio: str = "mixed"


@dataclass(frozen=True, slots=True)
class AirConfig:
    """Everything the head-end is told.

    Attributes:
        channels: what to air.
        hls_window: seconds of the past that viewers can seek back to.
        orphan_days: days to air on without a control plane; 0 means without limit.
        protocol: version of this file and of the control socket.
    """

    channels: tuple[ChannelConfig, ...]
    hls_window: float = 60.0
    orphan_days: float = 0.0
    protocol: int = PROTOCOL

    def save(self, path: Path) -> None:
        """Write the file, readable by the owner only."""
        write_atomically(path, json.dumps(asdict(self), indent=1).encode(), mode=0o600)


def load_config(path: Path) -> AirConfig:
    """Read the file.

    Raises:
        ConfigError: it is missing, of another version or unusable.
    """
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        if data["protocol"] != PROTOCOL:
            raise ConfigError(
                f"it is of version {data['protocol']}, this head-end reads {PROTOCOL}",
                place=path.name,
                remedy="start `webtv serve` of the same version once; it writes the file anew",
            )
        channels = tuple(
            ChannelConfig(
                slug=str(item["slug"]),
                name=str(item["name"]),
                accent=str(item["accent"]),
                format=house_format(str(item["format"])).name,
                outputs=tuple(_output(o) for o in item["outputs"]),
                ident=item["ident"],
                recording=_recording(item.get("recording")),
                audio=_audio(item.get("audio", "mixed")),
            )
            for item in data["channels"]
        )
        return AirConfig(channels, float(data["hls_window"]), float(data["orphan_days"]))
    except OSError as error:
        raise ConfigError(
            f"it cannot be read ({error.strerror})",
            place=path.name,
            remedy="start `webtv serve` once; it writes the file",
        ) from error
    except (ValueError, KeyError, TypeError, InputError) as error:
        raise ConfigError(
            f"it is not usable ({error})",
            place=path.name,
            remedy="start `webtv serve`; it writes the file anew",
        ) from error


def _output(data: Any) -> OutputConfig:
    known = {field.name for field in fields(OutputConfig)}
    return OutputConfig(**{key: value for key, value in data.items() if key in known})


def _recording(data: Any) -> RecordingConfig | None:
    if data is None:
        return None
    return RecordingConfig(**{field.name: float(data[field.name]) for field in fields(RecordingConfig)})


def _audio(name: Any) -> str:
    if name not in ("mixed", "passthrough"):
        raise ValueError(f"{name!r} is no way to make sound")
    return str(name)
