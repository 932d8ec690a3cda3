"""Rasterise the icons of ``kinds.txt`` out of the Noto Emoji set into the asset that the studio draws from.

Usage: ``python tools/noto_figures.py ICONS_JSON``, the file ``icons.json`` of the npm package
``@iconify-json/noto`` 1.2.9. Needs ``resvg_py`` 0.5.0 (PyPI), which the studio itself does not. Each icon is
cropped to what is visible, so that its feet stand on its lower edge. The same input gives the same bytes.

Noto Emoji is Copyright Google Inc., Apache License 2.0; see ``NOTO-LICENSE.txt`` beside the asset.
"""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import resvg_py
from numpy.typing import NDArray

from webtv.studio.procedural import figures
from webtv.studio.procedural.figures.art import ASSET, SUFFIX
from webtv.studio.procedural.figures.kinds import kinds

TALL = 232  # pixels of the longer side; figures fill at most half of a 360-line frame
_DRAWN = 512  # first, then cropped and averaged down
_QUALITY = 84
_EPOCH = (1980, 1, 1, 0, 0, 0)


def svg(icons: dict[str, Any], name: str) -> str:
    """One icon as an SVG document."""
    icon = icons["icons"][icons.get("aliases", {}).get(name, {}).get("parent", name)]
    box = f"0 0 {icon.get('width', icons['width'])} {icon.get('height', icons['height'])}"
    if "<text" in icon["body"]:
        raise SystemExit(f"{name}: has lettering; choose another icon")
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {spaces} viewBox="{box}" width="{_DRAWN}" height="{_DRAWN}">{icon["body"]}</svg>'


def picture(document: str) -> NDArray[np.uint8]:
    """uint8[h, w, 4] BGRA, cropped, ``TALL`` on its longer side, colours spread into what is transparent."""
    png = resvg_py.svg_to_bytes(svg_string=document, width=_DRAWN, height=_DRAWN, skip_system_fonts=True)
    drawn = cv2.imdecode(np.frombuffer(bytes(png), np.uint8), cv2.IMREAD_UNCHANGED)
    whole = np.asarray(drawn, np.float32) / 255
    rows, columns = (np.flatnonzero((whole[..., 3] > 0.1).any(axis=axis)) for axis in (1, 0))
    whole = whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    whole[..., :3] *= whole[..., 3:]
    scale = TALL / max(whole.shape[:2])
    size = max(1, round(whole.shape[1] * scale)), max(1, round(whole.shape[0] * scale))
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    # Lossy chroma bleeds over edges: let it bleed the figure's own colours.
    near = cv2.GaussianBlur(small, (0, 0), 5)
    inside = np.where(small[..., 3:] > 0.02, small[..., :3] / np.maximum(small[..., 3:], 1e-3), 0)
    around = near[..., :3] / np.maximum(near[..., 3:], 1e-3)
    small[..., :3] = np.where(small[..., 3:] > 0.02, inside, around)
    return np.asarray(np.clip(small * 255 + 0.5, 0, 255), np.uint8)


def main() -> None:
    """Write the asset."""
    icons = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    wanted = sorted({icon for kind in kinds().values() for icon in kind.icons})
    unknown = [name for name in wanted if name not in icons["icons"] and name not in icons.get("aliases", {})]
    if unknown:
        raise SystemExit(f"not in the icon set: {' '.join(unknown)}")
    path = Path(figures.__file__).parent / ASSET
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as asset:
        for name in wanted:
            done, data = cv2.imencode(SUFFIX, picture(svg(icons, name)), [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
            if not done:
                raise SystemExit(f"{name}: OpenCV cannot write {SUFFIX}")
            asset.writestr(zipfile.ZipInfo(name + SUFFIX, _EPOCH), data.tobytes())
    sys.stdout.write(f"{len(wanted)} icons, {path.stat().st_size} bytes: {path.name}\n")


if __name__ == "__main__":
    main()
