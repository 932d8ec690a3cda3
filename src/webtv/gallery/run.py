"""``webtv gallery``: the one way in."""

import sys
from collections.abc import Sequence
from pathlib import Path

from webtv.core.errors import InputError
from webtv.gallery.opening import Opened, open_gallery
from webtv.gallery.small import write_docs


def run_gallery(
    output: Path, only: Sequence[str] | None, *, quick: bool = False, docs: Path | None = None
) -> Opened:
    """Do what ``webtv gallery`` was asked for; progress goes to standard error.

    Args:
        output: folder of the page.
        only: keys of rooms; None for all.
        quick: a few exhibits of each kind.
        docs: folder of the documentation, to make the small gallery there and no page.

    Raises:
        WebTVError: by category.
    """
    if only is not None and not only:
        raise InputError("no room is named", place="--only", remedy="name one, or leave the option out")
    if docs is not None:
        if only or quick:
            raise InputError(
                "the small gallery is always whole", place="--docs", remedy="leave --only and --quick out"
            )
        return write_docs(docs, _progress)
    return open_gallery(output, only or (), _progress, quick=quick)


def _progress(line: str) -> None:
    sys.stderr.write(f"webtv gallery: {line}\n")
    sys.stderr.flush()
