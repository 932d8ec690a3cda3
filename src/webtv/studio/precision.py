"""In which precision a network works: as it was told, or else what suits the device."""

from typing import Final

DTYPES: Final = ("float16", "bfloat16", "float32")


def precision(device: str, dtype: str | None, *, bears_half: bool = True) -> str:
    """The precision to work in, as torch names it.

    Args:
        device: as torch names it: ``cuda``, ``cuda:1``, ``mps``, ``cpu``.
        dtype: the operator's choice; None for half on a GPU of CUDA, and full elsewhere.
        bears_half: whether the network was made for half.
    """
    return dtype or ("float16" if bears_half and device.startswith("cuda") else "float32")


def device_gb(gb: float, device: str | None, dtype: str | None) -> float:
    """Device memory that a network takes of which it is known what it takes in half precision.

    Args:
        gb: GB in half precision.
        device: as torch names it; None for the best one, which is taken to be a GPU of CUDA.
        dtype: as for :func:`precision`.

    Returns:
        GB; 0 on a CPU, twice as much in full precision.
    """
    where = device or "cuda"
    if where.startswith("cpu"):
        return 0.0
    return gb * (2 if precision(where, dtype) == "float32" else 1)
