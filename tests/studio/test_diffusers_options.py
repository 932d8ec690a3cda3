"""What a curator and an operator may write of diffusion models; needs no model code."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from webtv.core.errors import ConfigError, InputError
from webtv.studio.diffusers.animatediff import AnimateDiffOptions, AnimateDiffShots
from webtv.studio.diffusers.options import FrameRule, LoraChoice, VideoOptions
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.text_to_video import TextToVideoOptions, TextToVideoShots
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots
from webtv.studio.diffusers.zeroscope_xl import ZeroscopeXL, ZeroscopeXLOptions
from webtv.studio.ports import Graded

EVERY = [ZeroscopeOptions, ZeroscopeXLOptions, AnimateDiffOptions, TextToVideoOptions]


@pytest.mark.parametrize(
    ("rule", "frames", "nearest", "at_least"),
    [
        ("n", 24, 24, 24),
        ("8n+1", 24, 25, 25),
        ("8n+1", 20, 17, 25),
        ("8n+1", 1, 1, 1),
        ("8n+1", 2, 1, 9),
        ("4n+1", 81, 81, 81),
        ("4n+1", 83, 85, 85),
        ("4n+1", 82, 81, 85),
        ("4n", 1, 4, 4),
        ("4n", 5, 4, 8),
    ],
)
def test_a_frame_rule_knows_the_nearest_legal_number(
    rule: str, frames: int, nearest: int, at_least: int
) -> None:
    parsed = FrameRule.parse(rule)
    assert str(parsed) == rule
    assert parsed.fit(frames) == nearest
    assert parsed.at_least(frames) == at_least


@pytest.mark.parametrize("text", ["", "8", "8x+1", "0n", "n-1", "n+n", "999n"])
def test_what_is_no_frame_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        FrameRule.parse(text)


@pytest.mark.parametrize("options", EVERY)
def test_the_defaults_are_within_their_own_limits_and_survive_yaml(options: type[Any]) -> None:
    made = options()
    assert options.from_mapping(made.to_mapping()) == made


@pytest.mark.parametrize("options", EVERY)
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"steps": 0}, "steps: 0 will not do: write a whole number from "),
        ({"steps": True}, "steps: True will not do"),
        ({"guidance": "much"}, "guidance: 'much' will not do: write a number from "),
        ({"guidance": float("nan")}, "guidance: nan will not do"),
        ({"width": 570}, "width: 570 is no multiple of 8: write 568"),
        ({"scheduler": "warp"}, "scheduler: there is no scheduler 'warp' here: write one of "),
        ({"scheduler": 3}, "scheduler: there is no scheduler 3 here"),
        ({"loras": "ink"}, "loras: 'ink' is no list: write a list of {id: NAME, weight: 0.8}"),
        ({"loras": ["ink"]}, "loras: 'ink' names no LoRA: write {id: NAME, weight: 0.8}"),
        ({"loras": [{"id": "ink", "path": "/x"}]}, "loras: a LoRA has no 'path'"),
        ({"loras": [{"id": "ink", "weight": 9}]}, "loras: the weight 9 will not do"),
        ({"loras": [{"id": "ink", "weight": True}]}, "loras: the weight True will not do"),
        ({"loras": [{"id": "ink", "file": "../x"}]}, "loras: '../x' is no plain name of a file"),
        ({"warmth": 3}, "warmth: there is no such option: write one of frames, width, height, steps, "),
    ],
)
def test_a_wrong_option_is_refused_with_its_place_and_remedy(
    options: type[Any], written: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        options.from_mapping(written)
    assert str(caught.value).startswith(f"studio.{options.STAGE}.{said}")
    assert caught.value.remedy


@pytest.mark.parametrize("maker", [ZeroscopeShots, ZeroscopeXL, AnimateDiffShots, TextToVideoShots])
def test_only_loras_that_the_operator_named_are_taken(maker: type[Any]) -> None:
    options = getattr(maker, "OPTIONS", ZeroscopeXLOptions)(loras=(LoraChoice("ink"),))
    given = {"model": "a/b", "options": options}
    with pytest.raises(InputError, match="there is no LoRA 'ink': ask the operator to name it"):
        maker(**given)
    with pytest.raises(InputError, match="write one of oil, wax"):
        maker(**given, loras={"wax": "c/d", "oil": "e/f"})
    assert "c/d" in maker(**given, loras={"ink": "c/d"}).capability.weights


def test_a_longer_shot_spreads_its_frames_and_a_take_is_never_too_short() -> None:
    options = VideoOptions(frames=24, fps=12)
    for seconds in (0.5, 1.0, 1.9, 2.0, 2.7, 4.0, 6.0):
        count, rate = options.timing(seconds, 24)
        assert round(seconds * rate) <= count <= 24
        assert 4 <= rate <= 12
    with pytest.raises(InputError, match="cut shots to 6 s or less") as caught:
        options.timing(6.5, 24)
    assert caught.value.place == "studio.shot.frames"


def test_a_clip_slower_than_the_slowest_take_is_no_reason_to_refuse() -> None:
    assert VideoOptions(frames=24, fps=12).timing(2.0, 3) == (6, 3)


def test_grades_go_from_fewer_steps_to_smaller_and_stay_usable() -> None:
    maker = ZeroscopeShots(options=ZeroscopeOptions(steps=30, scheduler="dpm++"))
    assert isinstance(maker, Graded)
    grades = maker.cheaper()
    assert [grade.name for grade in grades] == ["fewer steps", "fewer steps", "smaller"]
    cost = 30 * 576 * 320
    for grade in grades:
        options = dict(grade.options)
        assert options.pop("use") == "zeroscope"
        made = ZeroscopeOptions.from_mapping(options)
        assert made.scheduler == "dpm++"
        assert made.steps >= ZeroscopeOptions.FEWEST_STEPS
        assert min(made.width, made.height) >= 232
        assert made.steps * made.width * made.height < cost
        cost = made.steps * made.width * made.height


def test_what_is_cheapest_already_has_no_grades() -> None:
    assert ZeroscopeShots(options=ZeroscopeOptions(steps=8, width=256, height=256)).cheaper() == ()


def test_memory_follows_options_and_runtime() -> None:
    def needs(runtime: Runtime | None = None, **options: int) -> float:
        return ZeroscopeShots(options=ZeroscopeOptions(**options), runtime=runtime).capability.vram_gb

    assert needs(frames=30) == pytest.approx(7.9), "as its author says"
    assert needs(frames=48) > needs(frames=24)
    whole, model, group, layers = (
        needs(Runtime(offload=way)) for way in ("none", "model", "group", "sequential")
    )
    assert whole > model > group > layers > 0
    assert needs(Runtime(layerwise_casting=True)) < whole
    assert needs(Runtime(dtype="float32")) > whole
    assert needs(Runtime(device="cpu")) == 0


def test_capability_names_what_is_needed() -> None:
    said = ZeroscopeShots(options=replace(ZeroscopeOptions(), steps=20)).capability
    assert (said.adapter, said.stage, said.hosted, said.from_image) == ("zeroscope", "shot", True, False)
    assert said.weights == ("cerspense/zeroscope_v2_576w",)
    assert {"torch", "diffusers"} <= set(said.packages)
    assert said.disk_gb > 0
    assert said.apart


@pytest.mark.parametrize(
    ("choice", "place"),
    [
        ({"device": "gpu 1"}, "models.device"),
        ({"device": "cuda:x"}, "models.device"),
        ({"device": ""}, "models.device"),
        ({"dtype": "half"}, "models.dtype"),
        ({"offload": "disk"}, "models.offload"),
    ],
)
def test_an_operators_wrong_choice_is_refused(choice: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Runtime(**choice)
    assert caught.value.place == place
    assert caught.value.remedy


def test_importing_the_adapters_imports_no_model_library() -> None:
    modules = ("zeroscope", "zeroscope_xl", "animatediff", "text_to_video")
    code = "import sys\n" + "".join(f"import webtv.studio.diffusers.{name}\n" for name in modules)
    code += "print(sorted({'torch', 'diffusers', 'transformers', 'safetensors', 'PIL'} & {*sys.modules}))"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"
