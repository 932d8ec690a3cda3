"""Interpolation measured: measures against known values, methods on films that nothing was tuned on."""

import math

import numpy as np
import pytest

from webtv.bench import interpolation
from webtv.bench.interpolation import METHODS, Workload, measure_interpolation
from webtv.bench.likeness import BEST, Luma, psnr, ssim
from webtv.bench.machine import ffmpeg_binary
from webtv.bench.motions import MOTIONS


def noise(seed: int, height: int = 24, width: int = 31) -> Luma:
    return np.random.default_rng(seed).uniform(20, 235, (height, width)).astype(np.float32)


def windowed_ssim(a: Luma, b: Luma) -> float:
    """SSIM as the paper writes it, window by window."""
    reach = np.arange(-5, 6)
    bell = np.exp(-(reach**2) / (2 * 1.5**2))
    weight = np.outer(bell, bell) / np.outer(bell, bell).sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = []
    for top in range(a.shape[0] - 10):
        for left in range(a.shape[1] - 10):
            x, y = (picture[top : top + 11, left : left + 11].astype(np.float64) for picture in (a, b))
            mx, my = (weight * x).sum(), (weight * y).sum()
            vx, vy = (weight * (x - mx) ** 2).sum(), (weight * (y - my) ** 2).sum()
            cov = (weight * (x - mx) * (y - my)).sum()
            found.append((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return float(np.mean(found))


def test_ssim_is_what_the_paper_writes() -> None:
    a = noise(1)
    assert ssim(a, a) == 1.0
    for b in (noise(2), a + noise(3) / 8, 255 - a):
        assert ssim(a, b) == pytest.approx(windowed_ssim(a, b), abs=1e-6)


def test_ssim_of_even_pictures_is_that_of_their_light() -> None:
    a, b = np.full((16, 16), 100, np.float32), np.full((16, 16), 150, np.float32)
    c1 = (0.01 * 255) ** 2
    assert ssim(a, b) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1), abs=1e-9)


def test_psnr_counts_mean_squares() -> None:
    a = noise(1)
    assert psnr(a, a) == BEST
    assert psnr(a, a + 5) == pytest.approx(20 * math.log10(255 / 5), abs=1e-4)


def test_the_report_has_every_figure() -> None:
    workload = Workload(width=160, height=96, frames=15, motions=("pan", "flat areas"), runs=1)
    told = measure_interpolation(ffmpeg_binary(None), workload, quick=True).to_json()
    for measure in ("psnr", "ssim"):
        for method in METHODS:
            table = told["per_motion" if measure == "psnr" else "per_motion_ssim"]
            assert list(table) == ["pan", "flat areas"]
            mean = np.mean([scores[method] for scores in table.values()])
            assert told[f"{measure}_{method}"] == pytest.approx(mean, abs=0.01)
    assert told["speed_ratio"] == pytest.approx(told["ms_minterpolate"] / told["ms_dis"], rel=0.02)
    assert all(0 < told[f"ssim_{method}"] <= 1 for method in METHODS)


def test_other_textures_and_speeds_are_other_films_of_the_same_motion() -> None:
    for draw in MOTIONS.values():
        film = draw(3, 64, 36)
        assert not np.array_equal(film, draw(3, 64, 36, seed=1))
        slow, fast = draw(3, 64, 36, speed=0.5), draw(3, 64, 36, speed=2)
        first = np.abs(slow[1].astype(int) - slow[0]).mean()
        assert np.abs(fast[1].astype(int) - fast[0]).mean() > first


@pytest.mark.parametrize(("seed", "speed"), [(11, 1.0), (12, 0.6), (13, 1.4)])
def test_dis_is_not_below_minterpolate_on_films_that_nothing_was_tuned_on(
    monkeypatch: pytest.MonkeyPatch, seed: int, speed: float
) -> None:
    others = {
        name: lambda count, width, height, draw=draw: draw(count, width, height, seed=seed, speed=speed)
        for name, draw in MOTIONS.items()
    }
    monkeypatch.setattr(interpolation, "MOTIONS", others)
    workload = Workload(width=480, height=270, frames=11, runs=1)
    report = measure_interpolation(ffmpeg_binary(None), workload, quick=True)
    for name, scores in report.figures["per_motion"].items():
        if name == "flat areas":
            # An error of a quarter of a level is 60 dB: what tells the methods apart there is rounding.
            assert scores["dis"] > 57, scores
            assert scores["dis"] > scores["minterpolate"] - 1.5, scores
        else:
            assert scores["dis"] > scores["minterpolate"], (name, scores)
