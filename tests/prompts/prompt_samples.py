"""What the tests of this room share: three channels, an impatient clock, a language model's answers."""

import json
from typing import Any

from webtv.prompts.writer import Brief
from webtv.testing.clock import VirtualClock
from webtv.themes.channel import Channel

TIDELINE = Channel(
    name="Tideline",
    theme="Coasts and harbours from dawn to dusk. Gulls wheel over breakwaters and a lighthouse, small boats "
    "put out to sea. Underwater, whales, jellyfish and shoals of fish drift through kelp. No crowds.",
    style="Natural light in sea-green and slate, fine grain, unhurried, shot on IMAX, Canon EOS",
    avoid=("people", "plastic waste", "storms"),
)
NIGHT_LINE = Channel(
    name="Night Line",
    theme="A rainy neon city after midnight. Trains on an elevated line, cats in alleys, taxis at an empty "
    "crossing, umbrellas on wet streets.",
    style="Cinematic, neon reflections, deep shadows; magenta and cyan on black, drone footage",
    avoid=("crowds", "police", "daylight"),
    sequence={"shots": 6},
)
MEADOW_TALES = Channel(
    name="Meadow Tales",
    theme="Small adventures of animals in meadows, forests, mountains and snow villages: foxes, hares, "
    "hedgehogs, mice, owls, deer.",
    style="Watercolour storybook, soft wet edges, visible paper",
    avoid=("hunting", "fear", "cars"),
    sequence={"shots": 5},
)
CHANNELS = {"tideline": TIDELINE, "night-line": NIGHT_LINE, "meadow-tales": MEADOW_TALES}


def brief(channel: Channel = TIDELINE, seed: int = 7, **more: Any) -> Brief:
    """A brief with defaults."""
    return Brief(slug="sample", channel=channel, seed=seed, **more)


class ImpatientClock(VirtualClock):
    """A virtual clock that moves on by itself whenever somebody sleeps, and remembers for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.forward(max(0.0, seconds))


def answer(shots: int = 4, *, text: str = "", title: str = "Gulls at Dawn", **more: Any) -> dict[str, Any]:
    """A sequence as a good model would send it."""
    framings = ("wide shot", "medium shot", "close-up", "detail shot")
    actions = (
        "gliding to the left",
        "landing on a post",
        "turning its head",
        "ruffling feathers in the wind",
    )
    places = ("above the grey pier", "beside coiled rope", "against pale sky", "over green weed")
    return {
        "title": title,
        "music_mood": "calm",
        "ambience": "waves",
        "shots": [
            {
                "subject": "a white gull",
                "action": actions[n % 4],
                "setting": "a small harbour in spring, clear weather",
                "camera": f"{framings[n % 4]}, slow pan left",
                "light": "dawn, low light from the left",
                "palette": "shell pink and slate",
                "style": "natural light",
                "mood": "calm",
                "text": f"Video of a white gull {actions[n % 4]} {places[n % 4]}, slowly, in a small harbour "
                f"in spring {text}, dawn, pink and slate, natural light, {framings[n % 4]}, slow pan left",
            }
            for n in range(shots)
        ],
        **more,
    }


def completion(content: str, **message: Any) -> dict[str, Any]:
    """A chat completion around a text."""
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
    }


def good(shots: int = 4, **more: Any) -> dict[str, Any]:
    """A chat completion that holds a good sequence."""
    return completion(json.dumps(answer(shots, **more)))
