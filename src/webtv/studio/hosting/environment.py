"""What a child knows of the world: its whole environment, chosen by name, free of secrets."""

import re
from collections.abc import Mapping

_PASSED = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|PYTHONPATH|LD_LIBRARY_PATH|VIRTUAL_ENV"
    r"|XDG_CACHE_HOME|SSL_CERT_\w+|(CUDA|NVIDIA|HIP|ROCR|TORCH|TORCHINDUCTOR|PYTORCH|TRITON)_\w+"
    r"|HF_HOME|HF_HUB_CACHE|TRANSFORMERS_OFFLINE|COVERAGE_\w+"
)
_SECRET = re.compile(r"AUTH|CREDENTIAL|KEY|PASS|SECRET|TOKEN")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def child_environment(
    inherited: Mapping[str, str], *, threads: int, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a child.

    Args:
        inherited: of this process; only what is known to be harmless and of use is taken.
        threads: of the mathematics of one child, at most.
        extra: what the adapters' settings need; the caller answers for it.
    """
    passed = {
        name: value
        for name, value in inherited.items()
        if _PASSED.fullmatch(name) and not _SECRET.search(name)
    }
    bounds = dict.fromkeys(_THREADS, str(threads))
    # Forked tokenizers would warn and fall back; the hub must not be told how often a station works.
    quiet = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONUNBUFFERED": "1"}
    # Nothing is fetched while the station runs, whatever a library or a model's configuration asks for.
    offline = {"HF_HUB_OFFLINE": "1"}
    return {**passed, **bounds, **quiet, **offline, **(extra or {})}
