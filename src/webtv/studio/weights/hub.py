"""The model hub, asked by its own client: what a model holds, and its files, one by one.

The client's errors become ours; nothing here decides what is trusted.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from webtv.core.errors import ComponentError, ConfigError, ResourceError, TransientError, WebTVError

_PLACE: Final = "models"
_INSTALL: Final = "pip install 'webtv[models]'"


@dataclass(frozen=True)
class Hub:
    """One hub.

    Args:
        token: for models that want one.
        endpoint: address of another hub; None for the usual one.
    """

    token: str | None = field(default=None, repr=False)
    endpoint: str | None = None

    def listed(self, model: str, revision: str | None, patterns: Sequence[str]) -> tuple[str, dict[str, int]]:
        """Commit and wanted files of a model with their sizes. Blocks.

        Raises:
            ConfigError: a file would lie outside the model's folder.
        """
        client = _client()
        api = client.HfApi(endpoint=self.endpoint, token=self.token)
        info = api.model_info(model, revision=revision, files_metadata=True)
        sizes = {each.rfilename: int(each.size or 0) for each in info.siblings or ()}
        names = list(client.utils.filter_repo_objects(sizes, allow_patterns=list(patterns)))
        if strange := next((name for name in names if not _stays_inside(name)), None):
            raise ConfigError(
                f"{model} names a file outside its folder: {strange!r}", place=_PLACE, remedy="do not use it"
            )
        return str(info.sha), {name: sizes[name] for name in names}

    def fetch(self, model: str, commit: str, name: str, folder: Path) -> None:
        """Bring one file into a folder, unless it is there. Blocks."""
        _client().hf_hub_download(
            model, name, revision=commit, local_dir=folder, token=self.token, endpoint=self.endpoint
        )


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    inside = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    return inside and str(path) == name and name.isprintable() and not set(name) & set("\\:")


def _client() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise ComponentError(
            "the model hub's client is not installed", place=_PLACE, remedy=_INSTALL
        ) from error
    return huggingface_hub


@contextlib.contextmanager
def hub_errors(model: str) -> Iterator[None]:
    """The hub's errors as ours."""
    _client()
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except WebTVError:
        raise
    except errors.GatedRepoError as error:
        raise ConfigError(
            f"{model} is given to those who agreed to its terms",
            place=_PLACE,
            remedy="agree to them on its page, then set WEBTV_MODELS_TOKEN",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ConfigError(
            f"{model} has no such revision", place=_PLACE, remedy="name another with --revision"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ConfigError(
            f"there is no model {model}", place=_PLACE, remedy="correct the id, or set WEBTV_MODELS_TOKEN"
        ) from error
    except errors.HFValidationError as error:
        raise ConfigError(f"{model} is no id", place=_PLACE, remedy="correct it: owner/name") from error
    except (
        errors.HfHubHTTPError,
        httpx2.HTTPError,
        errors.LocalEntryNotFoundError,
        ConnectionError,
        TimeoutError,
    ) as error:
        raise TransientError(
            f"{model} could not be fetched ({type(error).__name__})",
            place=_PLACE,
            remedy="check the network and try again; what came is kept",
        ) from error
    except OSError as error:
        raise ResourceError(
            f"{model} could not be written ({error.strerror or type(error).__name__})",
            place=_PLACE,
            remedy="look at the disk of WEBTV_MODELS, its room and rights; what came is kept",
        ) from error
