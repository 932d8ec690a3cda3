"""What RTMP services document about what they take, and how a channel's house format fits.

Where the figures come from, read in November 2026:

* Twitch: "Broadcast Recommendations" in its Creator Camp
  (twitch.tv/creatorcamp/en/paths/going-live/broadcast-recommendations): H.264 at a constant bit rate,
  AAC-LC of at most 320 kb/s at 44.1 or 48 kHz, at most 48 hours. "Broadcast Requirements" of its help pages
  (help.twitch.tv, article 1253460, of 2018): a keyframe every two seconds, 25, 30, 50 or 60 pictures a
  second, 3 to 6 Mb/s. Addresses: dev.twitch.tv/docs/video-broadcast.
* YouTube: "Choose live encoder settings, bitrates, and resolutions"
  (support.google.com/youtube/answer/2853702): 3 to 8 Mb/s up to 1080p at 30 pictures a second; its edition
  of 2014: a keyframe every two seconds, AAC-LC. "Ingestion Protocol Comparison"
  (developers.google.com/youtube/v3/live/guides/ingestion-protocol-comparison): H.264 by RTMP or RTMPS.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from webtv.core.events import Severity
from webtv.core.format import GOP_SECONDS, SAMPLE_RATE, HouseFormat
from webtv.core.settings import OutputTarget

_HOUR = 3600.0
AUDIO_RATE = 128_000  # bits per second of every channel's sound
PEAK = 1.5  # the VBV lets the video rise to so many times its bit rate


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of target.

    Attributes:
        name: what the operator writes.
        title: what people call it.
        hosts: endings of host names that belong to it.
        rotate: seconds after which a session is renewed by default.
        limit: seconds after which it ends sessions by itself; 0: not that it says.
        slowest: bits per second of video below which it advises against; 0: no such advice.
        fastest: bits per second of video that it takes; 0: no limit known.
        audio: bits per second of sound that it takes; 0: no limit known.
        rates: pictures per second that it names; empty: any.
        keyframes: seconds between keyframes at most; 0: any.
        sound_rates: samples per second that it names; empty: any.
        tls: whether it takes ``rtmps://``.
    """

    name: str
    title: str
    hosts: tuple[str, ...] = ()
    rotate: float = 7 * 24 * _HOUR
    limit: float = 0.0
    slowest: int = 0
    fastest: int = 0
    audio: int = 0
    rates: frozenset[int] = frozenset()
    keyframes: float = 0.0
    sound_rates: frozenset[int] = frozenset()
    tls: bool = False


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "twitch",
            "Twitch",
            hosts=("twitch.tv", "live-video.net"),
            rotate=24 * _HOUR,
            limit=48 * _HOUR,
            slowest=3_000_000,
            fastest=6_000_000,
            audio=320_000,
            rates=frozenset({25, 30, 50, 60}),
            keyframes=2.0,
            sound_rates=frozenset({44_100, 48_000}),
            tls=True,
        ),
        Profile(
            "youtube",
            "YouTube",
            hosts=("youtube.com",),
            rotate=24 * _HOUR,
            slowest=3_000_000,
            fastest=8_000_000,
            keyframes=2.0,
            tls=True,
        ),
        Profile("plain", "an RTMP server"),
    )
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something in which a channel or a setting is not what a target documents.

    Attributes:
        message: what, without any address.
        remedy: what to do.
        severity: an error where the target would refuse or end it, a warning where it advises against.
    """

    message: str
    remedy: str
    severity: Severity = Severity.WARNING


def profile_of(target: OutputTarget) -> Profile:
    """The profile that a target says, or that its host tells."""
    if target.profile != "auto":
        return PROFILES[target.profile]
    host = (urlsplit(target.url.get_secret_value()).hostname or "").lower()
    for profile in PROFILES.values():
        if any(host == ending or host.endswith(f".{ending}") for ending in profile.hosts):
            return profile
    return PROFILES["plain"]


def rotation(target: OutputTarget) -> float:
    """Seconds after which a target's sessions are renewed."""
    return target.rotate_hours * _HOUR if target.rotate_hours else profile_of(target).rotate


def misfits(target: OutputTarget, *forms: HouseFormat) -> Iterator[Misfit]:
    """Compare a target, and the formats of channels that go there, with what its service documents."""
    profile = profile_of(target)
    yield from _of_setting(target, profile)
    for form in forms:
        yield from _of_format(form, profile)


def _of_setting(target: OutputTarget, profile: Profile) -> Iterator[Misfit]:
    if profile.limit and rotation(target) >= profile.limit:
        yield Misfit(
            f"{profile.title} ends a broadcast after {profile.limit / _HOUR:g} hours, "
            f"and its sessions are renewed every {rotation(target) / _HOUR:g} hours",
            f"set its `rotate_hours` below {profile.limit / _HOUR:g}, or leave it out",
            Severity.ERROR,
        )
    if profile.tls and not target.url.get_secret_value().lower().startswith("rtmps:"):
        yield Misfit(
            f"the stream key goes to {profile.title} unencrypted",
            "use the rtmps:// address that it shows beside the key",
        )
    if target.ca_file is not None and not target.ca_file.is_file():
        yield Misfit("its `ca_file` is not there", "name a PEM file, or leave it out", Severity.ERROR)


def _of_format(form: HouseFormat, profile: Profile) -> Iterator[Misfit]:
    peak = form.bit_rate * PEAK
    if profile.fastest and form.bit_rate > profile.fastest:
        yield Misfit(
            f"{form.name} has {_mega(form.bit_rate)}, and {profile.title} takes {_mega(profile.fastest)}",
            "send it a channel of a smaller format",
            Severity.ERROR,
        )
    elif profile.fastest and peak > profile.fastest:
        yield Misfit(
            f"{form.name} rises to {_mega(peak)}, and {profile.title} takes {_mega(profile.fastest)}",
            "if it complains, send it a channel of a smaller format",
        )
    if form.bit_rate < profile.slowest:
        yield Misfit(
            f"{form.name} has {_mega(form.bit_rate)}, and {profile.title} advises {_mega(profile.slowest)} "
            "or more",
            "nothing needs doing if the picture pleases; a larger format has more",
        )
    if profile.rates and form.fps not in profile.rates:
        rates = ", ".join(str(rate) for rate in sorted(profile.rates))
        yield Misfit(
            f"{form.name} has {form.fps} pictures a second, and {profile.title} names {rates}",
            "give new channels that go there a format of 25 or 30 pictures a second",
        )
    # What every house format has in common; this tells when one of the two sides changes.
    if profile.keyframes and profile.keyframes < GOP_SECONDS:
        yield Misfit(
            f"keyframes come every {GOP_SECONDS} s, and {profile.title} wants them every "
            f"{profile.keyframes:g} s",
            "do not send it there",
            Severity.ERROR,
        )
    if (profile.audio and profile.audio < AUDIO_RATE) or (
        profile.sound_rates and SAMPLE_RATE not in profile.sound_rates
    ):
        yield Misfit(f"{profile.title} does not take this sound", "do not send it there", Severity.ERROR)


def _mega(rate: float) -> str:
    return f"{rate / 1e6:g} Mb/s"
