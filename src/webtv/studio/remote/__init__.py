"""Takes that other machines make: an operator's endpoints, asked, watched, paid once and never trusted.

:mod:`~webtv.studio.remote.shots` drives; :mod:`~webtv.studio.remote.videos_api` and
:mod:`webtv.studio.gradio.space` speak; :mod:`~webtv.studio.remote.guard` and
:mod:`~webtv.studio.remote.fetch` decide which machines are spoken to,
:mod:`~webtv.studio.remote.screening` what may pass as a take, and :mod:`~webtv.studio.remote.darkroom` that a
file which breaks its decoder breaks nothing else.
"""
