"""``python -m webtv``: the same as the ``webtv`` command."""

from webtv.cli import main

main()
