"""The embedded composer: writes a piece for each brief and plays it, with no model and no network."""

import asyncio

from webtv.studio.ports import BedRequest, Credit, Media, Sound
from webtv.studio.procedural.music.performance import details, perform

ADAPTER = "synth"
MODEL = "webtv-synth 2"


class SynthComposer:
    """Composes beds in the mood asked for; the same request gives the same samples.

    The last chord begins 3.5 s or more before the end and sounds on to the last sample, so the mixer has
    music to fade while the next bed fades in.
    """

    async def compose(self, request: BedRequest) -> Sound:
        """Return float32[samples, 2] at 48 kHz, its peaks at 0.89.

        Raises:
            InputError: no samples are asked for.
        """
        return await asyncio.to_thread(perform, request)

    def credit(self, request: BedRequest) -> Credit:
        """What was understood of the brief, and what was not.

        Raises:
            InputError: no samples are asked for.
        """
        return Credit(adapter=ADAPTER, model=MODEL, media=Media.ALGORITHMIC, details=details(request))
