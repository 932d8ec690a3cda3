"""The shipped fake of the writer port."""

from collections.abc import Iterable

from webtv.core.errors import WebTVError
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.prompts.writer import Brief

_FRAMINGS = ("wide shot", "medium shot", "close-up", "detail shot")
_MOVES = ("static", "slow pan left", "slow dolly in", "slow tilt up", "slow pan right")


class FakeWriter:
    """Writes plain, valid sequences at once, or fails as it is told.

    Args:
        failures: raised by the first calls, in order.
        text: put into every prompt, e.g. a word that a filter should refuse.
    """

    def __init__(self, *, failures: Iterable[WebTVError] = (), text: str = "") -> None:
        self._failures = list(failures)
        self._text = text
        self.briefs: list[Brief] = []

    @property
    def name(self) -> str:
        """Short name for provenance."""
        return "fake"

    async def write(self, brief: Brief) -> SequencePlan:
        """Write a sequence that follows from the brief's seed alone."""
        self.briefs.append(brief)
        if self._failures:
            raise self._failures.pop(0)
        channel, seed = brief.channel, brief.seed
        shots = []
        for number in range(channel.sequence.shots):
            camera = f"{_FRAMINGS[number % 4]}, {_MOVES[(seed + number) % 5]}"
            marks = " ".join(f"detail{_letters(seed * 31 + number * 7 + part)}" for part in range(8))
            shots.append(
                ShotPrompt(
                    subject="a small cloud",
                    action="drifting from left to right",
                    setting="a wide sky",
                    camera=camera,
                    light="day, soft light",
                    palette="white and blue",
                    style="plain",
                    mood=channel.music.mood,
                    negative=", ".join(channel.avoid),
                    text=f"Video of a small cloud drifting from left to right in a wide sky {self._text}, "
                    f"day, soft light, {marks}, {camera}",
                )
            )
        return SequencePlan(
            title=f"Cloud {_letters(seed)}",
            shots=tuple(shots),
            music=MusicBrief(channel.music.mood, channel.music.tempo, channel.music.instruments, "wind"),
            seed=seed,
            writer=self.name,
        )


def _letters(number: int) -> str:
    """A number as a pronounceable mark, because likeness is measured on words without numbers."""
    text = ""
    number = abs(number) * 2654435761 % (1 << 32)
    for _ in range(5):
        number, digit = divmod(number, 26)
        text += chr(97 + digit)
    return text
