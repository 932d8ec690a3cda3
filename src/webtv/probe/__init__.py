"""A viewer that measures: it subscribes to a channel's outputs as players do and tells what it got.

For tests and tools, one subscription::

    from webtv.probe.subscription import subscribe

    async with subscribe("http://127.0.0.1:8000/hls/tideline/index.m3u8") as reading:
        await reading.until(lambda report: report.media_seconds > 20, within=40)
        reading.clear()  # count anew from here; the connection and its timestamps go on
        ...  # break something
        report = reading.report()
    assert report.longest_gap_ms < 500, report.notes
    assert not report.regressions

``subscribe(where, kind=None, clock=SystemClock())`` takes an address or a folder: ``…/index.m3u8`` (HLS),
a folder such as ``DATA/hls/tideline`` (HLS without a web server), ``…/live/tideline.flv`` (HTTP-FLV),
``rtmp://…`` (RTMP). It never raises for what the other side does: a refused connection, a 404, a hung server,
garbage are counted in ``report.errors`` by kind and tried again after at most half a second (an output that
is not offered, after ten).

``reading.report()`` is a frozen :class:`webtv.probe.report.Report`; ``to_json()`` makes a dictionary of it.
The measuring itself (:mod:`webtv.probe.reading`, ``timing``, ``content``) does no I/O and knows no clock.

A whole station: :mod:`webtv.probe.watch`, behind ``webtv probe``. Its file ``DATA/probe.json`` and the
head-end's status become metrics in :mod:`webtv.probe.exposition`.
"""
