"""What players outside of the browser tune in by: XMLTV listings and an M3U list of channels."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

from webtv.clips.clip import Kind
from webtv.viewers.showings import FILLER
from webtv.viewers.station import ChannelGuide, Showing

AHEAD = 24 * 3600  # seconds up to which the guide goes, because players fetch it once a day or so
_HOUR = 3600
_UNDECIDED = "What airs in this hour is made and chosen shortly before it airs."
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n'
# What XML 1.0 cannot hold, not even escaped; a model may write anything into a title.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\x85\u2028\u2029]+")


def xmltv(guides: Sequence[ChannelGuide], base: str, station: str, version: str) -> str:
    """The listings of all channels as XMLTV, valid against its DTD; times are UTC.

    Channels that are on air go on to :data:`AHEAD` with hours of which nobody knows yet what they bring, so
    that a player that asks once a day has a guide all day.

    Args:
        guides: the channels.
        base: absolute address of the station, without a slash at its end.
        station: its name.
        version: of the program.
    """
    root = Xml.Element(
        "tv",
        {
            "source-info-name": _text(station),
            "source-info-url": f"{base}/",
            "generator-info-name": f"WebTV {version}",
        },
    )
    for guide in guides:
        channel = Xml.SubElement(root, "channel", id=guide.slug)
        _add(channel, "display-name", guide.name, lang=guide.language)
        Xml.SubElement(channel, "icon", src=logo_address(base, guide), width="320", height="320")
        _add(channel, "url", f"{base}/c/{guide.slug}")
    for guide in guides:
        for showing in _whole_seconds([*guide.showings, *_undecided(guide)]):
            _add_programme(root, guide, showing, base)
    Xml.indent(root, " ")
    return _DECLARATION + Xml.tostring(root, encoding="unicode") + "\n"


def m3u(guides: Iterable[ChannelGuide], base: str, station: str) -> str:
    """The channels as an M3U list with the addresses of their HLS streams.

    M3U knows no escapes: line breaks in names become spaces, double quotes become single ones.

    Args:
        guides: the channels.
        base: absolute address of the station, without a slash at its end.
        station: its name; the group that the channels are in.
    """
    lines = [f'#EXTM3U url-tvg="{base}/guide.xml" x-tvg-url="{base}/guide.xml"']
    for guide in guides:
        name = _plain(guide.name)
        about = {
            "tvg-id": guide.slug,
            "tvg-name": name,
            "tvg-logo": logo_address(base, guide),
            "tvg-language": guide.language,
            "group-title": _plain(station),
        }
        told = " ".join(f'{key}="{value}"' for key, value in about.items())
        lines += [f"#EXTINF:-1 {told},{name}", f"{base}/hls/{guide.slug}/index.m3u8"]
    return "\n".join(lines) + "\n"


def logo_address(base: str, guide: ChannelGuide) -> str:
    """Where a channel's logo is; the colour is in it, so that a logo may be kept for ever."""
    return f"{base}/logos/{guide.accent.removeprefix('#').lower()}.png"


def _add_programme(root: Xml.Element, guide: ChannelGuide, showing: Showing, base: str) -> None:
    # The DTD fixes the order of these.
    times = {"start": _time(showing.start_utc), "stop": _time(showing.end_utc)}
    programme = Xml.SubElement(root, "programme", {**times, "channel": guide.slug})
    _add(programme, "title", showing.title, lang=guide.language)
    _add(programme, "desc", _description(showing), lang="en" if showing.kind in FILLER else guide.language)
    if showing.made is not None:
        _add(programme, "date", datetime.fromtimestamp(showing.made, UTC).strftime("%Y%m%d"))
    for category in _categories(showing):
        _add(programme, "category", category, lang="en")
    if showing.poster:
        Xml.SubElement(programme, "icon", src=f"{base}/posters/{showing.poster}.jpg")
    _add(programme, "url", f"{base}/c/{guide.slug}")
    if showing.kind is Kind.RERUN:
        Xml.SubElement(programme, "previously-shown")
    if showing.kind is Kind.NEW:
        Xml.SubElement(programme, "new")
    rating = Xml.SubElement(programme, "rating", system="WebTV")
    _add(rating, "value", guide.rating.value)


def _description(showing: Showing) -> str:
    if showing.kind is Kind.SLATE:
        return "Filler: nothing was ready to air, and the channel showed its slate."
    if showing.kind is Kind.IDENT:
        return "Filler: the channel's ident."
    told = [showing.prompt] if showing.prompt else []
    if not showing.listed and showing.kind is Kind.RERUN:
        told.append("A rerun that fills in: nothing new was ready.")
    if showing.label:
        told.append(f"Made by machines. Pictures: {showing.label}.")
    return "\n".join(told) or "Nothing is known of it."


def _categories(showing: Showing) -> tuple[str, ...]:
    if not showing.decided:
        return ("Unscheduled",)
    if showing.kind in FILLER or not showing.listed:
        return ("Filler",)
    return ("Arts/Culture", *((showing.label,) if showing.label else ()))


def _undecided(guide: ChannelGuide) -> list[Showing]:
    """Hours of which nobody knows yet what they bring, after what is known."""
    if not guide.on_air or not guide.showings:
        return []
    at = guide.showings[-1].end_utc
    until = at + AHEAD
    found: list[Showing] = []
    while at < until:
        end = (at // _HOUR + 1) * _HOUR
        prompt = f"{guide.theme}\n{_UNDECIDED}"
        found.append(Showing(guide.name, Kind.LIVE, at, end, prompt=prompt, decided=False))
        at = end
    return found


def _whole_seconds(showings: Iterable[Showing]) -> Iterable[Showing]:
    """Without those that are over before a second has gone by: XMLTV knows no fractions."""
    return (each for each in showings if int(each.end_utc) > int(each.start_utc))


def _time(seconds: float) -> str:
    # Both sides of a boundary are the same number, so they round alike and nothing overlaps.
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y%m%d%H%M%S +0000")


def _add(parent: Xml.Element, tag: str, text: str, **attributes: str) -> None:
    Xml.SubElement(parent, tag, attributes).text = _text(text)


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def _plain(text: str) -> str:
    """One line without double quotes."""
    return _BREAKS.sub(" ", text).strip().replace('"', "'")
