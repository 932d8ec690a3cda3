"""The pages hold together: links lead somewhere, and what the station says is explained."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGES = sorted(
    [
        *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(REPOSITORY / name / "README.md" for name in ("rtmp", "playlists")),
        *(REPOSITORY / "docs").rglob("*.md"),
    ]
)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_ROOMS = "air|engine|library|playlist|clips|prompts|themes|viewers"
_KIND = rf"(?:{_ROOMS})\.[a-z_]+\.[a-z_]+"


def links(page: Path) -> list[str]:
    """Addresses of all links and pictures of a page that lead to files of this repository."""
    prose = _CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    found = [first or second for first, second in _LINK.findall(prose)]
    return [link for link in found if not re.match(r"[a-z][a-z0-9+.-]*:|//", link)]


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as GitHub makes them."""
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = [title.strip().lower() for title in re.findall(r"^#+ (.*)$", prose, re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def test_the_pages_that_matter_are_looked_at() -> None:
    assert len(PAGES) > 10
    assert "docs/operate.md" in links(REPOSITORY / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    astray = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            astray.append(link)
    assert astray == []


def test_every_message_of_the_station_is_explained_and_no_other() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "src" / "webtv").rglob("*.py"))
    said = set(re.findall(rf'"({_KIND})"', source))
    page = (REPOSITORY / "docs" / "operate.md").read_text(encoding="utf-8")
    (messages,) = re.findall(r"^## Messages$.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert len(said) > 30
    assert set(re.findall(rf"`({_KIND})`", messages)) == said
