"""The ways in which a channel's sound can be made, by the names that channel files call them."""

from collections.abc import Callable, Mapping

from webtv.air.mixer import Mixer
from webtv.air.passthrough import Passthrough
from webtv.air.slice import SoundPath

SOUNDS: Mapping[str, Callable[[int], SoundPath]] = {"mixed": Mixer, "passthrough": Passthrough}
