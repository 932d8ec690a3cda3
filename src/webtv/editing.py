"""``webtv rundown``: a person's view of what airs, and the way from a person's edit to the air."""

from webtv import wiring
from webtv.air.client import HeadEndClient
from webtv.core.errors import ConflictError
from webtv.core.lock import holder_of
from webtv.core.log import configure_log
from webtv.core.settings import Settings
from webtv.engine.edits import EditQueue, Outcome, carried_out
from webtv.engine.running_order import RunningOrder, read_running_order
from webtv.playlist.edits import Edit

PATIENCE = 15.0  # seconds; the control plane looks twice a second


async def look(settings: Settings, slug: str) -> RunningOrder:
    """What a channel airs and will air; works without a control plane.

    Raises:
        InputError: there is no such channel.
        ConfigError: no station ever ran on the data folder.
    """
    configure_log("warning" if settings.log_level == "info" else settings.log_level)
    return await read_running_order(settings.data, slug, HeadEndClient(settings.air_socket))


async def edit_rundown(
    settings: Settings, slug: str, edit: Edit, patience: float = PATIENCE
) -> tuple[Outcome, RunningOrder]:
    """Have the control plane carry an edit out; returns what came of it, and what follows now.

    Args:
        settings: tell the data folder.
        slug: the channel.
        edit: what to do.
        patience: seconds to wait; an edit that nobody took up by then is withdrawn.

    Raises:
        ConflictError: no control plane runs, or what was named is on air or locked.
        InputError: there is no such channel or sequence.
        TransientError: it was not carried out in time.
    """
    await look(settings, slug)  # says so if there is no such channel
    if holder_of(settings.data / "serve.lock") is None:
        raise ConflictError(
            "no control plane runs here, so nobody would put the edit in",
            place=str(settings.data),
            remedy="start `webtv serve`, or name the folder of the station with --data",
        )
    async with wiring.open_stores(settings) as stores:
        queue = EditQueue(stores.database, stores.clock)
        outcome = await carried_out(queue, slug, edit, clock=stores.clock, patience=patience)
    return outcome, await look(settings, slug)
