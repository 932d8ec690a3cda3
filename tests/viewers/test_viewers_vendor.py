import hashlib
import json
import re
from pathlib import Path

from webtv.viewers import assets

ROOT = Path(__file__).parents[2]
VENDOR = assets.FOLDER / "vendor"


def test_vendored_files_are_those_that_were_built() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert sums.keys() == {path.name for path in VENDOR.iterdir()} - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_vendored_versions_are_the_locked_ones_and_come_with_licences() -> None:
    lock = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    versions = (VENDOR / "VERSIONS.txt").read_text()
    for name, licence in (
        ("hls.js", "hls"),
        ("mpegts.js", "mpegts"),
        ("@fontsource-variable/rubik", "rubik"),
    ):
        assert f"{name} {lock[f'node_modules/{name}']['version']}" in versions
        assert len((VENDOR / f"{licence}.LICENSE.txt").read_text()) > 500


def test_no_registry_stands_in_what_is_committed() -> None:
    lock = (ROOT / "web/package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "integrity" in lock
    assert "registry" not in (ROOT / "web/.npmrc").read_text().replace("omit-lockfile-registry-resolved", "")


def test_our_own_files_name_no_other_origin() -> None:
    own = [path for path in assets.FOLDER.rglob("*") if path.is_file() and VENDOR not in path.parents]
    assert own
    for path in [*own, *(assets.FOLDER.parent / "templates").iterdir()]:
        text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text), path
