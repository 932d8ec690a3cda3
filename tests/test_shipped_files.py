"""Files that ship beside the code are what the code reads and writes."""

import json
import re
from pathlib import Path

from webtv.clips.clip import Kind
from webtv.playlist.asrun import Airing
from webtv.playlist.entry import encode_entry
from webtv.playlist.ffconcat import HEADER, read_entries

REPOSITORY = Path(__file__).parents[1]
PLAYLISTS = REPOSITORY / "playlists"


def test_the_sample_playlist_is_byte_for_byte_what_the_station_writes() -> None:
    complaints: list[str] = []
    sample = PLAYLISTS / "sample.ffconcat"
    entries = read_entries(sample, complaints.append)
    assert complaints == []
    assert {entry.kind for entry in entries} == {Kind.NEW, Kind.RERUN, Kind.IDENT}
    assert sample.read_text() == HEADER + "".join(map(encode_entry, entries))


def test_the_page_on_playlists_names_every_key() -> None:
    page = (PLAYLISTS / "README.md").read_text()
    entry = read_entries(PLAYLISTS / "sample.ffconcat")[0]
    assert set(entry.to_json()) <= set(re.findall(r"`(\w+)`", page))
    (line,) = re.findall(r"```json\n(.*)\n```", page)
    airing = json.loads(line)
    assert Airing(**airing | {"kind": Kind(airing["kind"])}).frames == 96


def test_pins_name_no_registry_and_no_folder_of_the_machine_that_made_them() -> None:
    for name in ("constraints.txt", "constraints-models.txt"):
        pins = [line for line in (REPOSITORY / name).read_text().splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; .+)?", line) for line in pins), name
    assert "torch==2.13.0" in (REPOSITORY / "constraints-models.txt").read_text().splitlines()


def test_both_pin_files_agree() -> None:
    def pins(name: str) -> set[str]:
        text = (REPOSITORY / name).read_text()
        return {line.split(" ")[0] for line in text.splitlines() if not line.startswith("#")}

    ours, models = pins("constraints.txt"), pins("constraints-models.txt")
    shared = {pin.split("==")[0] for pin in ours} & {pin.split("==")[0] for pin in models}
    assert shared
    assert {p for p in ours if p.split("==")[0] in shared} == {
        p for p in models if p.split("==")[0] in shared
    }
