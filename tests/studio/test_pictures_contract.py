import contract
import pytest

from webtv.core.errors import ConfigError
from webtv.studio.interpolation import DISInterpolator
from webtv.studio.ports import Composer, Interpolator, ShotMaker, Upscaler
from webtv.studio.procedural.shots import ProceduralShots
from webtv.studio.upscaling import DetailUpscaler, LanczosUpscaler
from webtv.testing.studio import FakeComposer, FakeInterpolator, FakeShots, FakeUpscaler


@pytest.mark.parametrize("maker", [FakeShots(), ProceduralShots()], ids=["fake", "procedural"])
async def test_shot_makers(maker: ShotMaker) -> None:
    await contract.check_shots(maker)


@pytest.mark.parametrize("interpolator", [FakeInterpolator(), DISInterpolator()], ids=["fake", "dis"])
async def test_interpolators(interpolator: Interpolator) -> None:
    await contract.check_interpolator(interpolator)


@pytest.mark.parametrize(
    "upscaler", [FakeUpscaler(), LanczosUpscaler(), DetailUpscaler()], ids=["fake", "lanczos", "detail"]
)
async def test_upscalers(upscaler: Upscaler) -> None:
    await contract.check_upscaler(upscaler)


@pytest.mark.parametrize("composer", [FakeComposer()], ids=["fake"])
async def test_composers(composer: Composer) -> None:
    await contract.check_composer(composer)


def test_options_are_judged() -> None:
    with pytest.raises(ConfigError, match="ultrafast"):
        DISInterpolator(preset="slow")
    with pytest.raises(ConfigError, match="0 to 2"):
        DetailUpscaler(detail=3)
