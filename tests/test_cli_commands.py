"""What people type: the real ``webtv`` in a process of its own, its exit status, its two outputs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from webtv.commands import ClipWish
from webtv.core.files import sha256_of
from webtv.themes.channel import Rating

REPOSITORY = Path(__file__).parents[1]
CHANNELS = REPOSITORY / "channels"
COMMANDS = (
    "serve",
    "air",
    "studio",
    "web",
    "stop",
    "rundown",
    "check",
    "prompts",
    "make",
    "bench",
    "gallery",
    "doctor",
)
HEAVY = {
    "torch",
    "openai",
    "cv2",
    "sqlalchemy",
    "av",
    "fastapi",
    "numpy",
    "uvicorn",
    "alembic",
    "scipy",
    "ray",
}

Done = subprocess.CompletedProcess[str]


def webtv(*arguments: str | Path, cwd: Path = REPOSITORY, status: int = 0, **env: str) -> Done:
    """Run ``webtv`` to its end; its exit status must be the expected one."""
    argv = [sys.executable, "-m", "webtv", *map(str, arguments)]
    done = subprocess.run(
        argv, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def only_line(text: str) -> str:
    """The text's one line."""
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


def one_object(done: Done) -> dict[str, Any]:
    """The one JSON object on standard output."""
    told = json.loads(only_line(done.stdout))
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_there_and_loads_nothing_heavy(command: str) -> None:
    words = [*([command] if command else []), "--help"]
    watch = (
        "import sys; from webtv.cli import app\n"
        f"try: app({words!r}, prog_name='webtv')\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    argv = [sys.executable, "-c", watch]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    assert " ".join(f"Usage: webtv {command}".split()) in done.stdout
    assert HEAVY.isdisjoint(done.stderr.split())


def test_help_names_every_command() -> None:
    said = webtv("--help").stdout
    assert [name for name in COMMANDS if not re.search(rf"\b{name}\b", said)] == []


def test_a_command_that_does_not_exist_is_refused_in_words() -> None:
    assert "srve" in webtv("srve", status=2).stderr


def test_check_passes_what_ships() -> None:
    done = webtv("check")
    assert done.stdout == ""
    assert "3 channels, all good: meadow-tales, night-line, tideline" in done.stderr


def test_check_says_where_what_and_what_to_write(tmp_path: Path) -> None:
    text = (CHANNELS / "tideline.yaml").read_text()
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("rating: everyone", "ratng: everyone"))
    line = 1 + next(n for n, row in enumerate(broken.read_text().splitlines()) if row.startswith("ratng"))
    done = webtv("check", broken, status=1)
    said = only_line(done.stdout)
    assert said.startswith(f"{broken}:{line}:1: ")
    assert "rating" in said


def test_check_judges_only_the_files_that_are_named(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text((CHANNELS / "tideline.yaml").read_text())
    (tmp_path / "bad.yaml").write_text("name: [")
    assert "good" in webtv("check", good).stderr
    assert "bad.yaml:1:" in webtv("check", "--channels", tmp_path, status=1).stdout


def test_check_of_a_folder_without_channels_fails(tmp_path: Path) -> None:
    assert "there is no channel here" in webtv("check", "--channels", tmp_path, status=1).stdout


def test_prompts_are_one_object_and_the_same_every_time() -> None:
    first, second = (webtv("prompts", "tideline", "-n", "3", "--json") for _ in range(2))
    assert first.stdout == second.stdout
    told = one_object(first)
    assert told["channel"] == "tideline"
    shots = [shot for sequence in told["sequences"] for shot in sequence["shots"]]
    assert len(shots) == 3
    assert len({shot["text"] for shot in shots}) == 3
    assert all(shot["subject"] and shot["text"] for shot in shots)


def test_prompts_for_people_are_titles_and_texts() -> None:
    lines = webtv("prompts", "tideline", "-n", "2").stdout.splitlines()
    assert sum(line.startswith("  ") for line in lines) == 2
    assert "(grammar)" in lines[0]


def test_prompts_of_an_unknown_channel_name_the_known_ones() -> None:
    said = only_line(webtv("prompts", "tidelin", status=1).stderr)
    assert "tidelin" in said
    assert "tideline" in said.split(":")[-1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("made")
    done = webtv(
        *("make", "a red boat on a calm sea at dusk", "-o", "clip.mp4"),
        *("--seed", "3", "--seconds", "2", "--json"),
        cwd=folder,
    )
    assert [path.name for path in folder.iterdir()] == ["clip.mp4"]
    return folder / "clip.mp4", one_object(done)


def test_make_makes_a_clip_of_the_house_format(made: tuple[Path, dict[str, Any]]) -> None:
    path, told = made
    with av.open(path) as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        assert (video.width, video.height, video.codec_context.name) == (1280, 720, "h264")
        assert (audio.rate, audio.codec_context.name) == (48_000, "aac")
        assert "Algorithmic" in clip.metadata["comment"]
        assert json.loads(clip.metadata["provenance"])["seed"] == 3
        assert sum(1 for _ in clip.decode(video=0)) == 48 == told["frames"]
    with av.open(path) as clip:
        assert max(float(abs(frame.to_ndarray()).max()) for frame in clip.decode(audio=0)) > 0.01
    assert told["sha256"] == sha256_of(path)
    assert told["bytes"] == path.stat().st_size
    assert told["provenance"]["prompt"] == "a red boat on a calm sea at dusk"


def test_the_same_seed_makes_the_same_file(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    arguments = ("make", "a red boat on a calm sea at dusk", "-o", tmp_path / "again.mp4", "--seed", "3")
    said = webtv(*arguments, "--seconds", "2").stdout
    assert sha256_of(tmp_path / "again.mp4") == made[1]["sha256"]
    assert said.startswith(f"{tmp_path / 'again.mp4'}: 48 frames")


def test_without_a_seed_each_prompt_has_its_own() -> None:
    def wish(text: str, seed: int | None = None) -> ClipWish:
        return ClipWish(text, Path("x.mp4"), seed, 4, "720p24@1", Rating.EVERYONE)

    assert wish("a hill").its_seed == wish("a hill").its_seed
    assert wish("a hill").its_seed != wish("a lake").its_seed
    assert wish("a hill", 0).its_seed == wish("a lake", 0).its_seed == 0


@pytest.mark.parametrize(
    ("arguments", "place", "remedy"),
    [
        (("a hill", "-o", "x.mp4", "--seconds", "3"), "--seconds", "even number"),
        (("a hill", "-o", "nowhere/x.mp4"), "--output", "make it first"),
        (("a hill", "-o", "x.mp4", "--format", "721p"), "", "720p24@1"),
        (("a beheading on a square", "-o", "x.mp4"), "refused", "other words"),
        (("Mickey Mouse on a hill", "-o", "x.mp4"), "refused", "WEBTV_ALLOWED_NAMES"),
    ],
)
def test_make_refuses_in_one_line(
    arguments: tuple[str, ...], place: str, remedy: str, tmp_path: Path
) -> None:
    done = webtv("make", *arguments, cwd=tmp_path, status=1)
    said = only_line(done.stderr)
    assert said.startswith("webtv: ")
    assert place in said
    assert remedy in said
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_stop_where_nothing_runs_says_so(tmp_path: Path) -> None:
    assert only_line(webtv("stop", "--data", tmp_path).stdout) == f"Nothing runs on {tmp_path}"
    assert list(tmp_path.iterdir()) == []


def test_a_setting_that_will_not_do_is_named() -> None:
    said = only_line(webtv("check", WEBTV_PORT="many", status=1).stderr)
    assert said.startswith("webtv: WEBTV_PORT: ")
    assert "docs/settings.md" in said


def test_bench_prints_one_object() -> None:
    told = one_object(webtv("bench", "interpolate", "--quick", "--json"))
    assert told["bench"] == "interpolate"
    assert told["quick"] is True
    assert told["machine"].keys() >= {"cpu", "cores", "python", "ffmpeg", "av"}
    assert told.keys() >= {"psnr_dis", "psnr_minterpolate", "psnr_blend", "per_motion", "speed_ratio"}
    for scores in told["per_motion"].values():
        assert set(scores) == {"dis", "minterpolate", "blend"}
    # Neither whose machine it is nor where things lie on it.
    text = json.dumps(told)
    assert os.uname().nodename not in text
    assert str(REPOSITORY) not in text


def test_bench_shows_tables_to_people() -> None:
    said = webtv("bench", "interpolate", "--quick").stdout
    assert all(word in said for word in ("minterpolate", "flat areas", "times faster", "mean nothing"))


def test_bench_of_something_else_is_refused() -> None:
    assert "interpolate" in webtv("bench", "speed", status=2).stderr
