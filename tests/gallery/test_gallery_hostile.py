"""A gallery that is killed leaves no process behind; folders that are none of ours stay as they are."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webtv.core.errors import WebTVError
from webtv.gallery.hanging import CATALOGUE, take_over

OPEN = """
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from webtv.gallery.hanging import hang, take_over
from webtv.gallery.work import Exhibit, Made


@dataclass(frozen=True)
class Endless:
    cost: float

    def make(self, folder):
        if self.cost:
            return Made(())
        threading.Event().wait()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    take_over(folder)
    works = [Exhibit(f"work-{n}", "", "picture", "", Endless(float(n == 0))) for n in range(4)]
    hang(works, folder, lambda line: print(line, flush=True), cores=2)
"""


def test_the_workers_of_a_gallery_end_with_it_when_it_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "open.py"
    script.write_text(OPEN)
    command = [sys.executable, str(script), str(tmp_path / "gallery")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as opening:
        assert opening.stdout is not None
        try:
            assert opening.stdout.readline().startswith("1/4")
            opening.kill()
            opening.communicate(timeout=30)  # all who have its output must have ended
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(opening.pid, signal.SIGKILL)
    take_over(tmp_path / "gallery")  # what was interrupted is still a gallery


def signed(folder: Path, files: object) -> None:
    folder.mkdir()
    (folder / CATALOGUE).write_text(json.dumps({"sign": "webtv gallery", "files": files}))


@pytest.mark.parametrize("name", ["../theirs", "/etc/hostname", ".", "", "sub", "a\0b", "link"])
def test_a_catalogue_that_names_what_is_not_the_gallerys_removes_nothing(tmp_path: Path, name: str) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("mine")
    folder = tmp_path / "gallery"
    signed(folder, [name])
    (folder / "sub").mkdir()
    (folder / "sub" / "theirs").write_text("mine")
    (folder / "link").symlink_to(theirs)
    with contextlib.suppress(WebTVError):
        take_over(folder)
    assert theirs.read_text() == "mine"
    assert (folder / "sub" / "theirs").read_text() == "mine"


def test_folders_that_cannot_be_taken_over_are_refused_in_our_words(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "index.html").write_text("mine")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    nested = file / "below"
    for folder in (file, foreign, loop, nested, Path("/proc/nowhere")):
        with pytest.raises(WebTVError):
            take_over(folder)
    assert file.read_text() == (foreign / "index.html").read_text() == "mine"
    assert os.listdir(foreign) == ["index.html"]  # noqa: PTH208
