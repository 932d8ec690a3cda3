"""The images and the compose file: linted, and run as far as that goes without Docker."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from ruamel.yaml import YAML

from webtv.cli import app, models_app
from webtv.core.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = ("Dockerfile", "Dockerfile.gpu")


def tool(name: str) -> str:
    """A linter of the development group, from beside this interpreter."""
    path = Path(sys.executable).with_name(name)
    assert path.is_file(), (
        f"{name} is missing: .venv/bin/pip install -c constraints.txt --group dev (or make test)"
    )
    return str(path)


def instructions(image: str) -> list[tuple[str, str]]:
    """Instructions and their arguments, continued lines joined, comments left out."""
    text = (REPOSITORY / image).read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    lines = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return [(name, " ".join(rest.split())) for name, rest in lines]


def argument(image: str, name: str) -> str:
    """Argument of the instruction that stands there once."""
    (found,) = [rest for instruction, rest in instructions(image) if instruction == name]
    return found


def command(image: str, name: str) -> list[str]:
    """The argument list of CMD or HEALTHCHECK; only the exec form has one, and only it hears signals."""
    argv = json.loads(re.sub(r"^.*?CMD ", "", argument(image, name)))
    assert all(isinstance(each, str) for each in argv)
    return list(argv)


def environment(image: str) -> dict[str, str]:
    return dict(
        word.split("=", 1)
        for name, rest in instructions(image)
        if name == "ENV"
        for word in shlex.split(rest)
    )


def compose() -> dict[str, Any]:
    loaded = YAML(typ="safe").load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def inline() -> str:
    """The Dockerfile of the RTMP server."""
    return str(compose()["services"]["rtmp"]["build"]["dockerfile_inline"])


def sent(path: str) -> bool:
    """Whether .dockerignore lets a path into the build; the last rule that fits decides."""
    allowed = True
    for line in (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.removeprefix("!")
        parents = [path, *map(str, Path(path).parents)]
        anywhere = rule.removeprefix("**/")
        if any(
            fnmatch(each, rule) or (rule != anywhere and fnmatch(Path(each).name, anywhere))
            for each in parents
        ):
            allowed = line.startswith("!")
    return allowed


@pytest.mark.parametrize("image", IMAGES)
def test_hadolint_has_nothing_to_say_about_an_image(image: str) -> None:
    lint = subprocess.run(
        [tool("hadolint"), "--no-color", str(REPOSITORY / image)], capture_output=True, text=True, check=False
    )
    assert (lint.stdout, lint.returncode) == ("", 0)


def test_nor_about_the_rtmp_servers_image() -> None:
    lint = subprocess.run(
        [tool("hadolint"), "--no-color", "-"], input=inline(), capture_output=True, text=True, check=False
    )
    assert (lint.stdout, lint.returncode) == ("", 0)


def test_the_compose_file_is_one() -> None:
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    lint = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize("image", IMAGES)
def test_what_is_copied_is_there_and_sent_to_the_build(image: str) -> None:
    sources = [source for name, rest in instructions(image) if name == "COPY" for source in rest.split()[:-1]]
    assert {"src", "channels", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"} <= set(sources)
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    assert [source for source in sources if not sent(source)] == []
    assert sent("src/webtv/cli.py")


@pytest.mark.parametrize(
    "path", [".env", ".git", ".venv", "data", "artifacts", "src/webtv.egg-info", "src/webtv/__pycache__"]
)
def test_keys_and_leftovers_are_not_sent(path: str) -> None:
    assert not sent(path)


@pytest.mark.parametrize("image", IMAGES)
def test_it_runs_without_rights_in_folders_of_its_own(image: str) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", argument(image, "USER"))
    told = environment(image)
    known = {f"WEBTV_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in told if name.startswith("WEBTV_")} <= known
    volumes = {told["WEBTV_DATA"], *([told["WEBTV_MODELS"]] if "WEBTV_MODELS" in told else [])}
    assert set(argument(image, "VOLUME").split()) == volumes
    assert argument(image, "EXPOSE") == told["WEBTV_PORT"]


def test_both_images_are_the_same_but_for_models() -> None:
    cpu, gpu = map(environment, IMAGES)
    assert {name: gpu[name] for name in cpu} == cpu
    assert command("Dockerfile", "HEALTHCHECK") == command("Dockerfile.gpu", "HEALTHCHECK")
    for name in ("FROM", "USER", "STOPSIGNAL", "EXPOSE"):
        assert argument("Dockerfile", name) == argument("Dockerfile.gpu", name)


def test_versions_that_stand_outside_the_constraints_are_those_of_the_makefile() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (torch,) = re.findall(r"^TORCH := (.+)$", makefile, re.MULTILINE)
    (spandrel,) = re.findall(r"^SPANDREL := (.+)$", makefile, re.MULTILINE)
    installed = " ".join(rest for name, rest in instructions("Dockerfile.gpu") if name == "RUN").split()
    assert {f"torch=={torch}", *spandrel.split()} <= set(installed)


def check_health(port: int) -> int:
    """Run the images' health check as Docker would, with a proxy in the environment that is not there."""
    argv = [sys.executable, *command("Dockerfile", "HEALTHCHECK")[1:]]
    env = {**os.environ, "WEBTV_PORT": str(port), "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    return subprocess.run(argv, env=env, capture_output=True, check=False).returncode


def test_the_health_check_tells_well_from_ill(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/healthz").respond_with_data("fine")
    httpserver.expect_ordered_request("/healthz").respond_with_data("ill", status=503)
    assert check_health(httpserver.port) == 0
    assert check_health(httpserver.port) == 1
    httpserver.check_assertions()


def test_the_health_check_says_so_when_nobody_listens() -> None:
    assert check_health(9) == 1


@pytest.fixture
def stub(tmp_path: Path) -> dict[str, str]:
    """Environment in which ``webtv`` writes down how it was called, and ends as ``ENDS`` says."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "webtv"
    program.write_text(
        '#!/bin/sh\necho "$$ $*" >>"$CALLS"\ncase "$*" in $ENDS) exit 1 ;; *) exit 0 ;; esac\n', "utf-8"
    )
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls"), "ENDS": "none"}


def calls(env: Mapping[str, str]) -> list[str]:
    lines = Path(env["CALLS"]).read_text(encoding="utf-8").splitlines()
    return [line.partition(" ")[2] for line in lines]


@pytest.mark.parametrize(
    ("failing", "called"),
    [
        ("none", ["models pull", "serve"]),
        ("models?pull", ["models pull", "models verify", "serve"]),
        ("models*", ["models pull", "models verify"]),
    ],
    ids=["the hub is there", "the hub is away", "weights are not what was fetched"],
)
def test_a_hub_that_is_away_keeps_nobody_off_the_air(
    stub: dict[str, str], failing: str, called: list[str]
) -> None:
    ended = subprocess.run(command("Dockerfile.gpu", "CMD"), env={**stub, "ENDS": failing}, check=False)
    assert calls(stub) == called
    assert (ended.returncode == 0) == ("serve" in called)


@pytest.mark.parametrize("image", IMAGES)
def test_the_station_itself_gets_the_signals_of_the_container(stub: dict[str, str], image: str) -> None:
    started = subprocess.Popen(command(image, "CMD"), env=stub)
    started.wait()
    last = Path(stub["CALLS"]).read_text(encoding="utf-8").splitlines()[-1]
    assert last == f"{started.pid} serve", "no shell stands between Docker and the station"
    assert argument(image, "STOPSIGNAL") in {signal.SIGINT.name, signal.SIGTERM.name}


def test_the_commands_that_containers_run_are_there() -> None:
    def names(commands: Any) -> set[str]:
        return {each.name or each.callback.__name__ for each in commands.registered_commands}

    assert "serve" in names(app)
    assert {"pull", "verify"} <= names(models_app)


def test_in_compose_only_the_station_publishes_and_only_this_machine_plays(tmp_path: Path) -> None:
    services = compose()["services"]
    assert services["rtmp"]["network_mode"] == "service:station"
    ports = services["station"]["ports"]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    (argv,) = re.findall(r"^CMD (\[.+\])$", inline(), re.MULTILINE)
    change = json.loads(argv)[2].partition(" >")[0]
    (source,) = [volume.split(":")[1] for volume in services["rtmp"]["volumes"]]
    theirs = change.replace(source, str(REPOSITORY / "rtmp" / "nginx.conf"))
    done = subprocess.run(["sh", "-c", theirs], capture_output=True, text=True, check=True)
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert [line for line in lines if line.startswith(("allow ", "deny "))] == [
        "allow publish 127.0.0.1;",
        "deny publish all;",
        "allow play all;",
        "deny play all;",
    ]
    assert [line for line in lines if line.startswith("listen ")] == [
        "listen 1935;",
        "listen 127.0.0.1:8935;",
    ]
