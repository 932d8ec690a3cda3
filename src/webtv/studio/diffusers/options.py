"""What a curator may write beside ``use:`` of a diffusion model, and what a family of models makes of it.

A family derives its options from :class:`VideoOptions`: other defaults, its own limits and frame rule, and
further fields if it has any. Everything is judged when the options are made; no model is needed for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Any, ClassVar, Never, Self

from webtv.core.errors import InputError

SLOWEST = 4  # frames per second below which interpolation has nothing left to join


def refuse(stage: str, option: str, message: str, remedy: str) -> Never:
    """Refuse an option.

    Raises:
        InputError: always; at ``studio.STAGE.OPTION``.
    """
    raise InputError(message, remedy=remedy, place=f"studio.{stage}.{option}")


@dataclass(frozen=True, slots=True)
class FrameRule:
    """How many frames a family of models can make at once: ``every * n + plus``.

    Video autoencoders squeeze ``every`` frames into one latent and keep the first ``plus`` by themselves.
    """

    every: int = 1
    plus: int = 0

    def at_least(self, frames: int) -> int:
        """The lowest legal number that is not lower."""
        groups = max(-(-(frames - self.plus) // self.every), 0 if self.plus else 1)
        return groups * self.every + self.plus

    def fit(self, frames: int) -> int:
        """The nearest legal number; the higher one of two that are as near."""
        above = self.at_least(frames)
        below = above - self.every
        return above if below < 1 or above - frames <= frames - below else below

    @classmethod
    def parse(cls, text: str) -> Self:
        """The rule as people write it: ``8n+1``, ``4n``, ``n``.

        Raises:
            ValueError: it is none.
        """
        every, mark, plus = text.replace(" ", "").partition("n")
        rule = cls(int(every or 1), int(plus or 0)) if mark else cls(0)
        if not (1 <= rule.every <= 64 and 0 <= rule.plus < 64):
            raise ValueError(f"{text!r} is no rule")
        return rule

    def __str__(self) -> str:
        """The rule as people write it: ``8n+1``."""
        return (f"{self.every}n" if self.every > 1 else "n") + (f"+{self.plus}" if self.plus else "")


@dataclass(frozen=True, slots=True)
class LoraChoice:
    """One LoRA of a take.

    Attributes:
        id: the name under which the operator allowed it.
        weight: how much of it; negative turns it around.
        file: which file of it, if its folder holds several.
    """

    id: str
    weight: float = 1.0
    file: str = ""

    @classmethod
    def from_option(cls, written: Any, stage: str) -> Self:
        """Take one item of ``loras`` as a curator wrote it.

        Raises:
            InputError: it is no LoRA.
        """
        if isinstance(written, cls):
            return written
        if not isinstance(written, Mapping) or not isinstance(written.get("id"), str):
            refuse(stage, "loras", f"{written!r} names no LoRA", "write {id: NAME, weight: 0.8}")
        for key in written.keys() - {"id", "weight", "file"}:
            refuse(stage, "loras", f"a LoRA has no {key!r}", "write id, weight and, if need be, file")
        weight, file = written.get("weight", 1.0), written.get("file", "")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not -4 <= weight <= 4:
            refuse(stage, "loras", f"the weight {weight!r} will not do", "write a number from -4 to 4")
        if not isinstance(file, str) or (file and PurePosixPath(file).name != file) or "\\" in file:
            refuse(stage, "loras", f"{file!r} is no plain name of a file", "write a name without folders")
        if file and not file.endswith(".safetensors"):
            refuse(stage, "loras", f"{file!r} is no safetensors file", "name one that ends with .safetensors")
        return cls(written["id"], float(weight), file)

    def to_option(self) -> dict[str, Any]:
        """The item as a curator would write it."""
        written: dict[str, Any] = {"id": self.id, "weight": self.weight}
        return written | ({"file": self.file} if self.file else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOptions:
    """What every diffusion model of moving pictures takes; defaults and limits are the family's.

    Attributes:
        frames: frames at once at most.
        width: pixels of what it makes.
        height: likewise.
        steps: denoising steps; cost grows in proportion.
        guidance: how closely to follow the prompt; the negative prompt counts only above 1.
        scheduler: how noise is taken away, a name of :mod:`webtv.studio.diffusers.schedulers`; empty for the
            one that came with the model.
        loras: LoRAs that the operator allowed, with their weights.

    Raises:
        InputError: an option is out of range, at ``studio.STAGE.OPTION``.
    """

    STAGE: ClassVar[str] = "shot"
    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        "frames": (4, 257),
        "width": (64, 2048),
        "height": (64, 2048),
        "steps": (1, 200),
        "guidance": (1, 30),
    }
    """Least and most of every number; a family adds those of its own fields and narrows these."""
    MULTIPLE: ClassVar[int] = 8
    """Width and height are multiples of it."""
    SCHEDULERS: ClassVar[tuple[str, ...]] = ()
    """Names that ``scheduler`` may take."""
    FEWEST_STEPS: ClassVar[int] = 4
    """Steps below which a family no longer shows what it was asked for."""
    SMALLEST: ClassVar[int] = 256
    """Pixels of the shorter side below which it no longer does."""

    frames: int = 16
    width: int = 512
    height: int = 512
    steps: int = 25
    guidance: float = 7.5
    scheduler: str = ""
    loras: tuple[LoraChoice, ...] = ()

    def __post_init__(self) -> None:
        for name, (least, most) in self.LIMITS.items():
            self._judge_number(name, getattr(self, name), least, most)
        for side in ("width", "height"):
            value = getattr(self, side)
            if value % self.MULTIPLE:
                near = max(self.MULTIPLE, round(value / self.MULTIPLE) * self.MULTIPLE)
                self.refuse(side, f"{value} is no multiple of {self.MULTIPLE}", f"write {near}")
        if self.scheduler and self.scheduler not in self.SCHEDULERS:
            known = ", ".join(self.SCHEDULERS)
            remedy = f"write one of {known}" if known else "remove it"
            self.refuse("scheduler", f"there is no scheduler {self.scheduler!r} here", remedy)
        if not isinstance(self.loras, list | tuple):
            self.refuse("loras", f"{self.loras!r} is no list", "write a list of {id: NAME, weight: 0.8}")
        chosen = tuple(LoraChoice.from_option(item, self.STAGE) for item in self.loras)
        object.__setattr__(self, "loras", chosen)
        self.judge()

    def judge(self) -> None:
        """Judge what only this family has; numbers in LIMITS are judged already.

        Raises:
            InputError: by :meth:`refuse`.
        """

    def refuse(self, option: str, message: str, remedy: str) -> Never:
        """Refuse an option of these.

        Raises:
            InputError: always; at ``studio.STAGE.OPTION``.
        """
        refuse(self.STAGE, option, message, remedy)

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any]) -> Self:
        """Take options as a curator wrote them.

        Raises:
            InputError: an option is unknown or out of range.
        """
        known = [option.name for option in fields(cls)]
        for name in options:
            if name not in known:
                refuse(cls.STAGE, name, "there is no such option", f"write one of {', '.join(known)}")
        return cls(**options)

    def to_mapping(self) -> dict[str, Any]:
        """The options as a curator would write them, all of them; JSON-compatible."""
        written = {option.name: getattr(self, option.name) for option in fields(self)}
        return written | {"loras": [lora.to_option() for lora in self.loras]}

    def _judge_number(self, name: str, value: Any, least: float, most: float) -> None:
        whole = all(isinstance(bound, int) for bound in (least, most)) and not _is_fraction(type(self), name)
        number = int if whole else int | float
        # A truth is an int to Python and not to a curator; NaN lies in no range.
        if not isinstance(value, number) or isinstance(value, bool) or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            self.refuse(name, f"{value!r} will not do", f"write {kind} from {least:g} to {most:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOptions(PipelineOptions):
    """What every family of shot makers takes.

    Attributes:
        fps: highest rate of a take; a longer shot spreads its frames thinner.
    """

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        **PipelineOptions.LIMITS,
        "fps": (SLOWEST, 30),
    }
    FRAMES: ClassVar[FrameRule] = FrameRule()

    fps: int = 8

    def __post_init__(self) -> None:
        PipelineOptions.__post_init__(self)  # a slotted dataclass is made anew, and super() would miss it
        if self.rule.at_least(self.frames) != self.frames:
            near = self.rule.fit(self.frames)
            self.refuse("frames", f"{self.frames} is not {self.rule}", f"write {near}")

    @property
    def rule(self) -> FrameRule:
        """How many frames the model can make at once."""
        return self.FRAMES

    def timing(self, seconds: float, fps: int) -> tuple[int, int]:
        """Frames and frames per second of a take that is to last ``seconds`` in a clip of ``fps``.

        Returns:
            A legal number of frames, at least ``round(seconds * rate)`` and at most ``frames``; and the rate.

        Raises:
            InputError: the shot is too long for so few frames.
        """
        rate = min(self.fps, fps, int(self.frames / seconds))
        if rate < min(SLOWEST, fps):
            longest = self.frames // SLOWEST
            remedy = f"cut shots to {longest} s or less" if longest >= 2 else "write a larger number"
            self.refuse("frames", f"{self.frames} frames are too few for {seconds:g} s", remedy)
        return self.rule.at_least(max(1, round(seconds * rate))), rate


def _is_fraction(options: type, name: str) -> bool:
    return any(option.name == name and option.type in (float, "float") for option in fields(options))
