"""Endpoints, clocks and adapters as these tests use them."""

import asyncio
import random
from pathlib import Path
from typing import Any

import contract
import numpy as np

from webtv.core.events import Event
from webtv.studio.ports import Frames, ShotRequest
from webtv.studio.remote.endpoint import Endpoint, endpoints
from webtv.studio.remote.patience import NAME
from webtv.studio.remote.shots import RemoteShots
from webtv.studio.remote.tickets import Tickets
from webtv.testing.clock import VirtualClock

TOKEN = "sk-very-secret-4711"


class HastyClock(VirtualClock):
    """Whoever sleeps on it wakes at once, that much later; patience with others never ends on it."""

    async def sleep(self, seconds: float) -> None:
        """Move time on."""
        task = asyncio.current_task()
        if task is not None and task.get_name() == NAME:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        self.forward(seconds)


def endpoint(*urls: str, **fields: Any) -> Endpoint:
    """A videos endpoint with a token, at private addresses."""
    given = {
        "kind": "videos-api",
        "addresses": list(urls),
        "token": TOKEN,
        "model": "tiny-video",
        "inputs": {"seed": "{seed}"},
        "allow_private": True,
        **fields,
    }
    return endpoints({"clips": given})["clips"]


class Collected(list[Event]):
    """An event sink that remembers."""

    def __call__(self, event: Event, /) -> None:
        self.append(event)

    @property
    def kinds(self) -> list[str]:
        """What happened."""
        return [event.kind.removeprefix("studio.remote.") for event in self]


def shots(
    where: Endpoint,
    *,
    tickets: Tickets | None = None,
    events: Collected | None = None,
    clock: VirtualClock | None = None,
    **more: Any,
) -> RemoteShots:
    """An adapter on a hasty clock with noise of its own."""
    return RemoteShots(
        "clips",
        where,
        tickets=tickets,
        clock=clock or HastyClock(),
        noise=random.Random(7),
        events=events if events is not None else Collected(),
        **more,
    )


async def take(maker: RemoteShots, request: ShotRequest | None = None) -> Frames:
    """All frames of a take, held to the promises about chunks, and then safe."""
    request = request or contract.shot_request()
    made = await contract.chunks(maker.shoot(request))
    maker.settle(request)
    return np.concatenate([chunk.frames for chunk in made])


def leftovers(folder: Path) -> list[Path]:
    """What still lies in a folder."""
    return sorted(folder.iterdir())
