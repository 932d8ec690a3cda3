"""FILM's network against the published architecture, and what holds by construction whatever its weights."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from webtv.core.errors import ConfigError
from webtv.studio.film import weights

pytestmark = pytest.mark.models

# (channels in, channels out, side of the kernel) of every convolution, from the authors' models/film_net with
# training/config/film_net-Style.gin: 64 filters, 4 sublevels, 3 convolutions, 32 to 256 filters for flow.
PUBLISHED = {
    "features": [
        *((3, 64, 3), (64, 64, 3), (64, 128, 3), (128, 128, 3)),
        *((128, 256, 3), (256, 256, 3), (256, 512, 3), (512, 512, 3)),
    ],
    "flow.fine.0": [(128, 32, 3), (32, 32, 3), (32, 32, 3), (32, 16, 1), (16, 2, 1)],
    "flow.fine.1": [(384, 64, 3), (64, 64, 3), (64, 64, 3), (64, 32, 1), (32, 2, 1)],
    "flow.fine.2": [(896, 128, 3), (128, 128, 3), (128, 128, 3), (128, 64, 1), (64, 2, 1)],
    "flow.coarse": [(1920, 256, 3), (256, 256, 3), (256, 256, 3), (256, 128, 1), (128, 2, 1)],
    "fusion.levels.3": [(1930, 512, 2), (2442, 512, 3), (512, 512, 3)],
    "fusion.levels.2": [(512, 256, 2), (1162, 256, 3), (256, 256, 3)],
    "fusion.levels.1": [(256, 128, 2), (522, 128, 3), (128, 128, 3)],
    "fusion.levels.0": [(128, 64, 2), (202, 64, 3), (64, 64, 3)],
    "fusion.colour": [(64, 3, 1)],
}


Frames = tuple[Any, Any]


@pytest.fixture(scope="module")
def kit() -> Any:
    """The module of small networks, which imports torch."""
    return importlib.import_module("film_kit")


@pytest.fixture
def frames(kit: Any) -> Frames:
    kit.torch.manual_seed(5)
    return kit.torch.rand(1, 3, 64, 128), kit.torch.rand(1, 3, 64, 128)


def port_names(convolution: str) -> Iterator[str]:
    """The names of all weights in a port to PyTorch, with what it puts before ``.weight``."""
    modules = [f"extract.extract_sublevels.convs.{s}.{c}{convolution}" for s in range(4) for c in range(2)]
    modules += [f"predict_flow._predictor._convs.{c}{convolution}" for c in range(5)]
    modules += [f"predict_flow._predictors.{n}._convs.{c}{convolution}" for n in range(3) for c in range(5)]
    modules += [f"fuse.convs.{n}.{c}{convolution}" for n in range(4) for c in range(3)]
    for module in [*modules, "fuse.output_conv"]:
        yield from (f"{module}.weight", f"{module}.bias")


def test_every_block_has_the_published_number_of_weights(kit: Any) -> None:
    with kit.torch.device("meta"):
        network = kit.Film()
    for block, convolutions in PUBLISHED.items():
        module = network.get_submodule(block)
        wanted = sum(inner * outer * side**2 + outer for inner, outer, side in convolutions)
        assert sum(parameter.numel() for parameter in module.parameters()) == wanted, block
        sides = [(*tuple(p.shape[1::-1]), p.shape[2]) for p in module.parameters() if p.ndim == 4]
        assert sides == convolutions, block
    assert sum(parameter.numel() for parameter in network.parameters()) == 34_436_667


@pytest.mark.parametrize("convolution", [".0", ".conv"], ids=["port", "safetensors"])
def test_the_names_of_both_layouts_are_known(kit: Any, convolution: str) -> None:
    names = list(port_names(convolution))
    assert len(names) == 82
    ours = weights.renamed(dict.fromkeys(names, kit.torch.zeros(1)))
    assert sorted(ours) == sorted(kit.film().state_dict())
    assert {f"module.{name}" for name in names}.isdisjoint(
        weights.renamed({f"module.{name}": kit.torch.zeros(1) for name in names})
    )


def test_levels_are_numbered_from_the_finest(kit: Any) -> None:
    def our(name: str) -> str:
        return next(iter(weights.renamed({name: kit.torch.zeros(1)})))

    assert our("predict_flow._predictors.2._convs.4.0.bias") == "flow.fine.0.convolutions.4.bias"
    assert our("fuse.convs.0.1.0.weight") == "fusion.levels.3.merge.weight"
    assert our("extract.extract_sublevels.convs.3.1.0.weight") == "features.stages.3.2.weight"


def test_two_equal_frames_give_that_frame(kit: Any, frames: Frames) -> None:
    with kit.torch.inference_mode():
        made = kit.neutral()(frames[0], frames[0])
        mean = kit.neutral()(*frames)
    kit.torch.testing.assert_close(made, frames[0])
    kit.torch.testing.assert_close(mean, (frames[0] + frames[1]) / 2)


def test_flow_is_x_then_y_in_pixels_and_half_of_it_is_walked(kit: Any, frames: Frames) -> None:
    with kit.torch.inference_mode():
        made = kit.neutral(flow=(6.0, -4.0))(frames[0], frames[0])
    # From each frame the pixel is fetched that lies 3 to the right and 2 above.
    kit.torch.testing.assert_close(made[..., 2:, :-3], frames[0][..., :-2, 3:], atol=1e-4, rtol=0)


def test_flow_from_either_frame_is_found_by_the_same_eyes(kit: Any, frames: Frames) -> None:
    network = kit.film()
    with kit.torch.inference_mode():
        a, b = (network.encode(frame) for frame in frames)
        ahead, back = network.flows(a, b), network.flows(b, a)
    assert [tuple(flow.shape) for flow in ahead] == [(1, 2, 64 >> n, 128 >> n) for n in range(5)]
    assert not kit.torch.allclose(ahead[0], back[0])
    with kit.torch.inference_mode():
        again = network.flows(network.encode(frames[1]), network.encode(frames[0]))
    assert all(kit.torch.equal(one, other) for one, other in zip(back, again, strict=True))


def test_swapping_the_frames_changes_nothing_if_fusion_is_even_handed(kit: Any, frames: Frames) -> None:
    network = kit.even_handed(kit.film())
    with kit.torch.inference_mode():
        there, back = network(*frames), network(*reversed(frames))
        uneven = kit.film()(*frames), kit.film()(*reversed(frames))
    assert there.std() > 0.01
    kit.torch.testing.assert_close(there, back, atol=1e-4, rtol=1e-4)
    assert not kit.torch.allclose(*uneven, atol=1e-3)


def test_what_leaves_the_picture_is_its_edge_repeated(kit: Any) -> None:
    picture = kit.torch.arange(8.0).view(1, 1, 1, 8).expand(1, 1, 4, 8)
    far = kit.torch.zeros(1, 2, 4, 8)
    far[:, 0] = 2.5
    assert kit.warp(picture, far)[0, 0, 0].tolist() == [2.5, 3.5, 4.5, 5.5, 6.5, 7, 7, 7]


def test_half_precision_stays_near(kit: Any, frames: Frames) -> None:
    network = kit.film()
    with kit.torch.inference_mode():
        full = network(*frames)
        half = network.half()(*(frame.half() for frame in frames))
    assert half.dtype == kit.torch.float16
    assert float((half.float() - full).abs().max()) < 0.02 * float(full.abs().max())


def test_every_weight_has_its_place(kit: Any) -> None:
    source = kit.film(seed=2)
    with kit.torch.device("meta"):
        network = kit.Film(kit.TINY)
    weights.fill(network, source.state_dict(), "film.safetensors")
    assert all(kit.torch.equal(a, b) for a, b in zip(network.parameters(), source.parameters(), strict=True))


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("fusion.levels.2.merge.weight", None, "fusion.levels.2.merge.weight is missing"),
        (
            "features.stages.1.0.weight",
            lambda torch: torch.zeros(8, 3, 3, 3),
            "8 x 3 x 3 x 3, not 8 x 4 x 3 x 3",
        ),
        ("optimiser", lambda torch: torch.zeros(1), "optimiser is not a part of FILM"),
        (
            "flow.coarse.convolutions.0.bias",
            lambda torch: torch.full((8,), float("nan")),
            "holds what is no number",
        ),
        ("fusion.colour.bias", lambda torch: torch.zeros(3, dtype=torch.int64), "holds what is no number"),
    ],
    ids=["missing", "shape", "unexpected", "nan", "integers"],
)
def test_weights_that_do_not_fit_are_refused_by_the_first_name(
    kit: Any, name: str, given: Callable[[Any], Any] | None, said: str
) -> None:
    tensors = dict(kit.film().state_dict())
    if given is None:
        del tensors[name], tensors["fusion.colour.bias"]
    else:
        tensors[name] = given(kit.torch)
    network = kit.film(seed=3)
    before = [parameter.clone() for parameter in network.parameters()]
    with pytest.raises(ConfigError, match=r"film\.safetensors do not fit") as caught:
        weights.fill(network, tensors, "film.safetensors")
    assert name in caught.value.message
    assert said in caught.value.message
    assert "Comfy-Org/frame_interpolation" in caught.value.remedy
    assert all(kit.torch.equal(a, b) for a, b in zip(network.parameters(), before, strict=True))


def test_sizes_are_read_off_the_weights(kit: Any) -> None:
    assert kit.Sizes.of(kit.film().state_dict()) == kit.TINY
    assert kit.Sizes.of({}) == kit.Sizes()
