"""The station's typographic system: one scale of sizes, one grid, one way of moving, colours to be read.

Everything that is drawn over or between clips takes its measures here, in points of a picture whose shorter
side has 720 of them. So a label has the same weight in 1080p, in a square and in an upright picture.
"""

import colorsys
import math
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from webtv.clips.lettering import rgb, shortened, text_width
from webtv.core.format import HouseFormat

# A perfect fourth from step to step.
SMALL, LABEL, TITLE, HEADLINE, DISPLAY, HERO = 28, 38, 50, 66, 88, 118
REGULAR, MEDIUM, SEMIBOLD = 400, 500, 600
STEP = 12
"""Points; every distance is some whole number of these."""
CORNER = 9
"""Points; radius of whatever has corners."""
INK, SOFT_INK, NIGHT = (245, 246, 248), (214, 218, 224), (9, 11, 15)
"""Colours of what is read first, of what is read second, and of the ground beneath them."""
READABLE = 4.5
"""WCAG 2 AA's least contrast of text."""

_SAFE = 0.05  # of the height: title safe, from every edge
_POINTS = 720
_LEADING = 1.16
_RATHER_SMALLER = 0.86

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Grid:
    """Measures of one format.

    Attributes:
        format: size and rate.
    """

    format: HouseFormat

    @cached_property
    def unit(self) -> float:
        """Pixels a point."""
        return min(self.format.width, self.format.height) / _POINTS

    @cached_property
    def margin(self) -> int:
        """Pixels from every edge within which nothing stands that is to be read."""
        return math.ceil(self.format.height * _SAFE)

    @property
    def width(self) -> int:
        """Pixels between the margins."""
        return self.format.width - 2 * self.margin

    @property
    def upright(self) -> bool:
        """Whether the picture is higher than wide, or square: then things stand above each other."""
        return self.format.height >= self.format.width

    def px(self, points: float) -> int:
        """Pixels of some points, one at least."""
        return max(1, round(points * self.unit))

    def frames(self, seconds: float) -> int:
        """Frames of some seconds."""
        return round(seconds * self.format.fps)


@dataclass(frozen=True, slots=True)
class Lines:
    """A text set in lines.

    Attributes:
        texts: from top to bottom; none where there was nothing to set.
        size: of the type, in pixels.
        weight: of the type.
    """

    texts: tuple[str, ...]
    size: int
    weight: int

    @property
    def leading(self) -> int:
        """Pixels from baseline to baseline."""
        return round(self.size * _LEADING)

    @property
    def width(self) -> int:
        """Of the widest, in pixels."""
        return max((text_width(text, self.size, self.weight) for text in self.texts), default=0)

    @property
    def height(self) -> int:
        """Pixels from the top of the first capitals to the last baseline."""
        return round(self.size * 0.7) + self.leading * (len(self.texts) - 1) if self.texts else 0


def set_lines(
    text: str, grid: Grid, points: int, weight: int, width: int, *, most: int = 1, least: float = 0.7
) -> Lines:
    """Set a text: in as few lines as it takes, then smaller, and cut only if nothing else helps.

    Args:
        text: what :func:`webtv.clips.lettering.legible` left of it.
        grid: measures.
        points: size of the type.
        weight: of the type.
        width: pixels that a line may have.
        most: lines.
        least: how small the type may become, as a share of ``points``.
    """
    size = grid.px(points)
    if not text or width <= 0:
        return Lines((), size, weight)
    smallest = max(1, round(size * least))
    if _is_wide(text):
        return _set_wide(text, size, smallest, weight, width, most)
    for lines in range(1, most + 1):
        broken = _broken(text, lines, size, weight)
        widest = max(text_width(line, size, weight) for line in broken)
        if widest <= width:
            return Lines(broken, size, weight)
        # A little smaller reads better than one line more that holds a word or two.
        bound = smallest if lines == most else max(smallest, round(size * _RATHER_SMALLER))
        if size * width / widest >= bound:
            return Lines(broken, int(size * width / widest), weight)
    filled = _filled(text, most, smallest, weight, width)
    texts = (shortened(line, smallest, weight, width) for line in filled)
    return Lines(tuple(line for line in texts if line), smallest, weight)


def _is_wide(text: str) -> bool:
    """Whether it is in a script without spaces, which may be broken anywhere."""
    return any(unicodedata.east_asian_width(letter) == "W" for letter in text)


def _set_wide(text: str, size: int, smallest: int, weight: int, width: int, most: int) -> Lines:
    for smaller in (size, smallest):
        lines: list[str] = []
        rest = text
        while rest and len(lines) < most:
            count = len(rest)
            while count > 1 and len(lines) < most - 1 and text_width(rest[:count], smaller, weight) > width:
                count -= 1
            lines.append(rest[:count].strip())
            rest = rest[count:]
        if text_width(lines[-1], smaller, weight) <= width:
            break
    lines[-1] = shortened(lines[-1], smaller, weight, width)
    return Lines(tuple(line for line in lines if line), smaller, weight)


def _broken(text: str, lines: int, size: int, weight: int) -> tuple[str, ...]:
    """So many lines at most, as even as the words allow."""
    words = text.split(" ")
    lines = min(lines, len(words))
    if lines == 1:
        return (text,)
    best: tuple[str, ...] = (text,)
    widest = math.inf
    for cut in range(1, len(words) - lines + 2):
        head = " ".join(words[:cut])
        broken = (head, *_broken(" ".join(words[cut:]), lines - 1, size, weight))
        found = max(text_width(line, size, weight) for line in broken)
        if found < widest:
            best, widest = broken, found
    return best


def _filled(text: str, lines: int, size: int, weight: int, width: int) -> list[str]:
    """Each line as full as it can be; the last one takes the rest, however long."""
    found: list[str] = []
    words = text.split(" ")
    while words and len(found) < lines - 1:
        count = 1
        while count < len(words) and text_width(" ".join(words[: count + 1]), size, weight) <= width:
            count += 1
        found.append(" ".join(words[:count]))
        words = words[count:]
    return [*found, " ".join(words)] if words else found


def glide(at: float) -> float:
    """From 0 to 1 without a jolt at either end."""
    at = min(1.0, max(0.0, at))
    return at * at * at * (at * (6 * at - 15) + 10)


def arrive(at: float) -> float:
    """From 0 to 1, fast at first: what comes in."""
    at = min(1.0, max(0.0, at))
    return 1 - (1 - at) ** 4


def leave(at: float) -> float:
    """From 0 to 1, fast at last: what goes out."""
    at = min(1.0, max(0.0, at))
    return at**3


def luminance(colour: Colour) -> float:
    """WCAG's relative luminance of an sRGB colour, 0 to 1."""
    code = [part / 255 for part in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in code)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(accent: str, ground: Colour = NIGHT) -> Colour:
    """The accent, as much lighter as it takes to be read on a dark ground."""
    red, green, blue = rgb(accent)
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    for step in range(41):
        lighter = min(1.0, max(value, 0.72) + step * 0.02)
        paler = saturation * (1 - step / 40)
        red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, paler, lighter))
        if contrast((red, green, blue), ground) >= READABLE:
            return red, green, blue
    return INK
