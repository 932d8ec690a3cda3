"""Takes that begin with a picture, and takes longer than a model's window.

An image-to-video model repeats the picture it was given as its first frame. Whoever gave the picture has
shown it already, as the last frame of the shot before, so that first frame is left out here: a join shows the
next moment, and no frame twice. The same holds inside a take of several windows, where each window goes on
from the last frame of the one before.
"""

import asyncio
import contextlib
import contextvars
import hashlib
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, ClassVar, TypeVar, cast

from webtv.core.libraries import library
from webtv.studio import progress
from webtv.studio.capability import Capability
from webtv.studio.diffusers import frames
from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.options import SLOWEST, VideoOptions
from webtv.studio.diffusers.pipeline import Pipeline, public_name
from webtv.studio.diffusers.shared import seeded
from webtv.studio.diffusers.shots import DiffusersShots, how_run
from webtv.studio.ports import Chunk, Credit, Media, Picture, ShotRequest
from webtv.studio.progress import Progress

_SEEDS = 2**63
_STRIDE = 0x9E3779B97F4A7C15  # odd and far from any pattern: windows of neighbouring seeds share no noise


@dataclass(frozen=True, slots=True)
class Window:
    """What a model makes at once.

    Attributes:
        frames: how many it makes; a legal number of its family.
        skip: how many of the first of them are left out, because they have been shown.
        seed: of its noise.
    """

    frames: int
    skip: int
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a take is made.

    Attributes:
        windows: one after the other; never empty.
        rate: frames per second.
    """

    windows: tuple[Window, ...]
    rate: int

    @property
    def length(self) -> int:
        """Frames of the take."""
        return sum(window.frames - window.skip for window in self.windows)


@dataclass(frozen=True, slots=True)
class Published:
    """What is known of a model that anybody can have.

    Attributes:
        footprint: what it takes of a device and a disk.
        suited: options that suit it, where they differ from the family's.
        realtime_factor: seconds of work per second of video with the suited options; None if unknown.
        measured_on: machine of that figure.
        multiple: width and height are multiples of it; 0 for the family's.
    """

    footprint: Footprint
    suited: Mapping[str, Any] = field(default_factory=dict)
    realtime_factor: float | None = None
    measured_on: str = ""
    multiple: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowedOptions(VideoOptions):
    """What a family takes that can go on from a picture.

    Attributes:
        windows: how many windows of ``frames`` a take may have, each going on from the last frame of the one
            before. One by default: models drift away from their first picture, the more the more windows.
    """

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {**VideoOptions.LIMITS, "windows": (1, 8)}

    windows: int = 1

    def timing(self, seconds: float, fps: int) -> tuple[int, int]:
        """Frames and frames per second of a take from text that is to last ``seconds`` in a clip of ``fps``.

        Raises:
            InputError: the shot is too long for so few frames.
        """
        plan = self.plan(seconds, fps)
        return plan.length, plan.rate

    def plan(self, seconds: float, fps: int, *, seed: int = 0, continued: bool = False) -> Plan:
        """How a take is made that is to last ``seconds`` in a clip of ``fps``.

        A shot somewhat longer than the model's frames spreads them thinner, down to half the rate: below it,
        and below what interpolation can join, the world moves in slow motion or in jerks.

        Args:
            seconds: length of the shot.
            fps: rate of the finished clip.
            seed: of the take.
            continued: whether it begins with a picture.

        Raises:
            InputError: the shot is too long for so few frames.
        """
        most = self._most(self.windows, continued)
        rate = min(self.fps, fps, int(most / seconds))
        slowest = min(max(SLOWEST, -(-self.fps // 2)), self.fps, fps)
        if rate < slowest:
            longest = most / slowest
            remedy = f"cut shots to {int(longest * 10) / 10:g} s or less"
            if self.windows < self.LIMITS["windows"][1]:
                remedy += f", or write windows: {self.windows + 1}"
            self.refuse("frames", f"{most} frames are too few for {seconds:g} s", remedy)
        left = max(1, round(seconds * rate))
        count = next(n for n in range(1, self.windows + 1) if self._most(n, continued) >= left)
        windows: list[Window] = []
        for n in range(count):
            skip = int(continued or n > 0)
            # Windows as long as each other: one of a few frames shows nothing that moves.
            share = -(-left // (count - n))
            made = min(self.frames, self.rule.at_least(share + skip))
            windows.append(Window(made, skip, (seed + n * _STRIDE) % _SEEDS))
            left -= made - skip
        return Plan(tuple(windows), rate)

    def _most(self, windows: int, continued: bool) -> int:
        return windows * self.frames - (windows if continued else windows - 1)


O = TypeVar("O", bound=WindowedOptions)  # noqa: E741


class ContinuedShots(DiffusersShots[O]):
    """A shot maker whose takes can begin with a picture, and be longer than its model's window."""

    PUBLISHED: ClassVar[Mapping[str, Published]] = {}
    """Well-known models by id; of another one, the files say how large it is, or else FOOTPRINT guesses."""

    @classmethod
    def published(cls, model: str | Path) -> Published | None:
        """What is known of a model, by its id or by a folder that is called like it."""
        name = PurePath(model).name
        return next((known for id_, known in cls.PUBLISHED.items() if PurePath(id_).name == name), None)

    @classmethod
    def options_for(cls, model: str | Path, written: Mapping[str, Any]) -> O:
        """What a curator wrote, over what suits the operator's model.

        Raises:
            InputError: an option is unknown or out of range.
        """
        known = cls.published(model)
        options = cls.OPTIONS.from_mapping({**(known.suited if known else {}), **written})
        return cast("O", options)

    def pipeline(self, image: Picture | None) -> Pipeline:
        """Which pipeline makes a take that begins so.

        Raises:
            ConfigError: the operator named no model that could.
        """
        return self._pipeline

    def model_of(self, image: bool) -> str:
        """Which model makes takes from a picture, and which the others."""
        return self._model

    def options_of(self, image: bool) -> O:
        """With which options takes are made from a picture, and with which the others; of one size."""
        return self._options

    def paced(self, rate: int) -> dict[str, Any]:
        """What a pipeline is told of the rate; nothing by default."""
        return {}

    async def opening(self, request: ShotRequest, abandoned: threading.Event) -> Picture | None:
        """The picture that a take begins with; None if it comes from text alone."""
        return request.image

    def steps_before(self, request: ShotRequest) -> int:
        """Steps that the opening takes, for progress."""
        return 0

    def continued(self, request: ShotRequest) -> bool:
        """Whether a take begins with a picture that has been shown."""
        return request.image is not None

    def plan(self, request: ShotRequest) -> Plan:
        """How a take is made.

        Raises:
            InputError: the shot is too long for the frames that the options allow.
        """
        options, continued = self._options, self.continued(request)
        return options.plan(request.seconds, request.fps, seed=request.seed, continued=continued)

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        """Make a take; cancelling or closing the iterator stops the model after its current step.

        A take that goes on from ``request.image`` begins with the moment after it.

        Raises:
            InputError: the shot is too long for the frames that the options allow, or the model has no such
                scheduler.
            ComponentError: torch or diffusers is not installed.
            ConfigError: a model, or a LoRA, is not where the settings say, does not fit, or is not set.
            TransientError: it could not be fetched from the hub.
            ResourceError: the device is out of memory.
            QualityError: the take shows nothing.
        """
        plan = self.plan(request)
        abandoned = threading.Event()
        done = 0
        try:
            before = self.steps_before(request)
            from_image = [before > 0 or request.image is not None or n > 0 for n in range(len(plan.windows))]
            steps = [self.options_of(which).steps for which in from_image]
            total = before + sum(steps)
            with _counted(0, before, total):
                image = await self.opening(request, abandoned)
            for n, window in enumerate(plan.windows):
                with _counted(before + sum(steps[:n]), steps[n], total):
                    video = await asyncio.to_thread(
                        self._window, replace(request, image=image), window, plan.rate, abandoned
                    )
                image = frames.to_bytes(video[-1])
                for start, part in frames.pieces(video[window.skip :]):
                    yield Chunk(await asyncio.to_thread(frames.to_bytes, part), done + start, plan.rate)
                done += window.frames - window.skip
                del video, part  # a gigabyte or more, and the next window makes another one
        finally:
            abandoned.set()

    def credit(self, request: ShotRequest) -> Credit:
        """What stands in the provenance: the models, trained ones, and how they were asked.

        Raises:
            InputError: the shot is too long for the frames that the options allow.
            ConfigError: it begins with a picture, and no model can go on from one.
        """
        plan, image = self.plan(request), request.image
        asked = self.options_of(image is not None).to_mapping()
        asked |= {"frames": plan.length, "fps": plan.rate, "seed": request.seed}
        asked |= how_run(self._runtime, self.pipeline(image).dtype)
        if image is not None:
            asked["image"] = hashlib.sha256(image.tobytes()).hexdigest()
        if len(plan.windows) > 1:
            asked["window_seeds"] = [window.seed for window in plan.windows]
            asked["window_frames"] = [window.frames for window in plan.windows]
        model = public_name(self.model_of(image is not None))
        if (later := public_name(self.model_of(True))) != model and len(plan.windows) > 1:
            asked["later_model"], asked["later_steps"] = later, self.options_of(True).steps
        return Credit(self.ADAPTER, model, Media.TRAINED, asked | self.details(request))

    @property
    def footprint(self) -> Footprint:
        """What it takes of a device and a disk; loads nothing."""
        return self.footprint_of(self._model, self.FOOTPRINT)

    def footprint_of(self, model: str, like: Footprint) -> Footprint:
        """What a model takes: as published, or as large as its files with the work of another one."""
        known = self.published(model)
        return known.footprint if known else like.sized(model, self._runtime)

    @property
    def multiple(self) -> int:
        """Width and height are multiples of it, with this model."""
        known = self.published(self._model)
        return max(self.OPTIONS.MULTIPLE, known.multiple if known else 0)

    @property
    def capability(self) -> Capability:
        """What it takes and can, with these options; loads nothing."""
        said, known = super().capability, self.published(self._model)
        options, suited = self._options, self.options_for(self._model, {})
        shown = ("steps", "guidance", "width", "height", "frames", "scheduler")
        slowed = self._runtime.offload != "none" or self._runtime.device == "cpu"
        if known is None or slowed or any(getattr(options, n) != getattr(suited, n) for n in shown):
            return said  # nobody has measured that
        return replace(said, realtime_factor=known.realtime_factor, measured_on=known.measured_on)

    def _window(self, request: ShotRequest, window: Window, rate: int, abandoned: threading.Event) -> Any:
        torch = library("torch", f"studio.shot {self.ADAPTER}")

        def arguments(pipeline: Any) -> dict[str, Any]:
            seeded(torch, pipeline.scheduler, window.seed)
            return self.arguments(pipeline, request, window.frames) | self.paced(rate)

        return self.pipeline(request.image).run(
            arguments,
            seed=window.seed,
            steps=self.options_of(request.image is not None).steps,
            abandoned=abandoned,
            output=self.output(),
        )


@contextlib.contextmanager
def _counted(before: int, share: int, total: int) -> Iterator[None]:
    """Let what is told of a part count as its share of the take's steps."""
    if share == total:
        yield
        return
    outside = contextvars.copy_context()

    def heard(said: Progress) -> None:
        if said.stage == "shot":
            done = before + said.done * share // max(1, said.of)
            outside.run(progress.tell, said.stage, done, total, said.preview)
        else:
            outside.run(progress.tell, said.stage, said.done, said.of, said.preview)

    with progress.heard(heard):
        yield
